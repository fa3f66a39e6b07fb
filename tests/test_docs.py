"""The documentation says what the code does."""

from __future__ import annotations

import re
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


def test_the_pages_list_every_option_of_sync() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lipwright", "sync", "--help"], capture_output=True, text=True
    )
    options = set(re.findall(r"--[a-z-]+", done.stdout)) - {"--help", "--json", "--output"}
    pages = "".join(page.read_text() for page in PAGES)
    assert options
    assert {option for option in options if option not in pages} == set()
