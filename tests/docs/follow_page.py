"""Do what a page says, as a reader would: block after block, in one folder.

python follow_page.py PAGE < BLOCKS

BLOCKS is JSON, a list of objects with line, language and code. Python blocks share their names;
each shell block is a shell of its own and ends at the first command that fails.
"""

from __future__ import annotations

import json
import subprocess
import sys

page = sys.argv[1]
names: dict[str, object] = {"__name__": "__main__"}

for block in json.load(sys.stdin):
    place = f"{page}:{block['line']}"
    print(f"--- {place}", flush=True)
    if block["language"] == "python":
        # Empty lines first: a traceback then tells the page's own line.
        code = "\n" * (block["line"] - 1) + block["code"]
        exec(compile(code, page, "exec"), names)
    else:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block["code"]])
        if done.returncode:
            sys.exit(f"{place}: the shell ended with {done.returncode}")
