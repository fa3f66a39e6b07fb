from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lipwright.jobs.scratch import Scratch, remove_orphans


def test_a_folder_is_gone_after_its_block(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    with scratch.folder() as folder:
        (folder / "file").write_text("x")
    assert not folder.exists()
    scratch.close()
    assert list(tmp_path.iterdir()) == []


def test_only_the_folders_of_dead_processes_are_removed(tmp_path: Path) -> None:
    mine = Scratch(tmp_path)
    program = (
        "import os, sys; from pathlib import Path; from lipwright.jobs.scratch import Scratch\n"
        "scratch = Scratch(Path(sys.argv[1])); (scratch.path / 'left').write_text('x')\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    assert remove_orphans(tmp_path) == 1
    assert list(tmp_path.iterdir()) == [mine.path]
    mine.close()
