"""The documentation says what the code does."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def test_pages_made_from_code_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/write_docs.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_to_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


def test_the_readmes_python_runs(portrait_clip: Path, spoken_line: Path, tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    shutil.copy(portrait_clip, tmp_path / "interview.mp4")
    shutil.copy(spoken_line, tmp_path / "line.wav")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 0 20")
    assert (tmp_path / "out.mp4").is_file()


def test_the_readme_lists_every_option_of_sync() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lipwright", "sync", "--help"], capture_output=True, text=True
    )
    options = set(re.findall(r"--[a-z-]+", done.stdout)) - {"--help", "--json", "--output"}
    readme = (ROOT / "README.md").read_text()
    assert options
    assert {option for option in options if option not in readme} == set()
