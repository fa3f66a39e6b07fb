"""What the pages tell a reader to type is typed here.

Every fenced block of the README, of CONTRIBUTING and of docs/ is run (python, sh) or read (json,
toml). A block that cannot be run says why in a comment before it.
"""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fences import blocks_of

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/**/*.md"))]
RUN = {"python", "sh"}
READ = {
    "json": json.loads,
    "toml": tomllib.loads,
    "ini": configparser.ConfigParser().read_string,
}
ADDRESS_IN_PAGES = "http://127.0.0.1:8000"


def to_run(page: Path) -> list[dict[str, object]]:
    return [
        {"line": block.line, "language": block.language, "code": block.code}
        for block in blocks_of(page)
        if block.language in RUN and not block.why_not_run
    ]


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_block_is_of_a_kind_that_is_checked(page: Path) -> None:
    for block in blocks_of(page):
        if block.language in READ and not block.why_not_run:
            READ[block.language](block.code)
        elif not block.why_not_run and block.language:
            assert block.language in RUN, f"{named(page)}:{block.line}: {block.language}"


@pytest.fixture(scope="module")
def followed(
    request: pytest.FixtureRequest,
    interview: Path,
    spoken_line: Path,
    service_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[Path, Future[subprocess.CompletedProcess[str]]]]:
    """The pages that are asked about, followed two at a time: each is a process of its own."""
    pages = [
        item.callspec.params["page"]
        for item in request.session.items
        if getattr(item, "function", None) is test_the_blocks_of_a_page_run
    ]
    with ThreadPoolExecutor(2) as readers:
        yield {
            page: readers.submit(
                follow, page, (interview, spoken_line), service_url, tmp_path_factory.mktemp("page")
            )
            for page in pages
        }


def follow(
    page: Path, files: tuple[Path, Path], service_url: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Do what a page says, in a folder with the two files."""
    work = folder / "reader"
    work.mkdir()
    for file, name in zip(files, ("interview.mp4", "line.wav"), strict=True):
        shutil.copy(file, work / name)
    # An answer that is an error fails the block, though a reader would only see it.
    (folder / ".curlrc").write_text("fail-with-body\nshow-error\nmax-time = 60\n")
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LIPWRIGHT_") or name == "LIPWRIGHT_MODELS_DIR"
    } | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "CURL_HOME": str(folder),
        "LIPWRIGHT_DATA_DIR": str(folder / "data"),
    }
    return subprocess.run(
        [sys.executable, Path(__file__).with_name("follow_page.py"), page],
        input=json.dumps(to_run(page)).replace(ADDRESS_IN_PAGES, service_url),
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1800,
    )


@pytest.mark.parametrize("page", [page for page in PAGES if to_run(page)], ids=named)
def test_the_blocks_of_a_page_run(
    page: Path, followed: dict[Path, Future[subprocess.CompletedProcess[str]]]
) -> None:
    done = followed[page].result()
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_the_tasks_that_pages_made_succeed(service_url: str) -> None:
    with httpx.Client(base_url=service_url, trust_env=False, timeout=300) as client:
        deadline = time.monotonic() + 1800
        while True:
            tasks = client.get("/v1/videos/advanced-lip-sync?pageSize=500").json()["data"]
            if all(task["task_status"] in ("succeed", "failed") for task in tasks):
                break
            assert time.monotonic() < deadline, tasks
            time.sleep(0.2)
    assert tasks
    assert {task["task_status"] for task in tasks} == {"succeed"}, tasks


def test_fences_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Page\n\n```python\na = 1\n\n```\n\n"
        "<!-- not run: why -->\n  ```sh\n  b\n  ```\n```\nc\n```\n"
    )
    found = [
        (block.line, block.language, block.code, block.why_not_run) for block in blocks_of(page)
    ]
    assert found == [(4, "python", "a = 1\n\n", ""), (10, "sh", "b\n", "why"), (13, "", "c\n", "")]


@pytest.mark.parametrize(
    ("language", "code", "told"),
    [
        ("python", "import lipwright\nlipwright.never()", "page.md"),
        ("sh", "lipwright never\necho done", "the shell ended with 2"),
        ("sh", "false | cat", "the shell ended with 1"),
    ],
)
def test_a_block_that_fails_is_told(tmp_path: Path, language: str, code: str, told: str) -> None:
    block = {"line": 7, "language": language, "code": code}
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("follow_page.py"), "page.md"],
        input=json.dumps([block]),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert done.returncode != 0
    assert told in done.stderr
