from __future__ import annotations

import subprocess
import sys
import textwrap


def test_python_is_heard_and_native_code_is_not() -> None:
    program = textwrap.dedent(
        """
        import os, sys
        from lipwright.cli.quiet import native_chatter_hidden
        with native_chatter_hidden():
            os.write(2, b"chatter\\n")
            print("words", file=sys.stderr)
        os.write(2, b"after\\n")
        print("end", file=sys.stderr)
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == "words\nafter\nend\n"


def test_standard_error_comes_back_after_an_error() -> None:
    program = textwrap.dedent(
        """
        from lipwright.cli.quiet import native_chatter_hidden
        with native_chatter_hidden():
            raise SystemExit("over")
        """
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr == "over\n"
