"""What the command line keeps of a video, and that it keeps nothing when asked not to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lipwright.cli.app import app


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIPWRIGHT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_faces_are_looked_for_once(cache: Path, portrait_clip: Path) -> None:
    run("faces", portrait_clip, "--no-cache")
    assert not cache.exists()
    first = run("faces", portrait_clip, "--json")
    [kept] = cache.iterdir()
    changed = json.loads(kept.read_text())
    changed["faces"][0]["end_ms"] = 1_234
    kept.write_text(json.dumps(changed))
    assert json.loads(run("faces", portrait_clip, "--json"))["faces"][0]["end_ms"] == 1_234
    assert run("faces", portrait_clip, "--json", "--no-cache") == first


def test_sync_keeps_what_it_learns_unless_told_not_to(
    cache: Path, portrait_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    def sync(name: str, *more: str) -> bytes:
        output = tmp_path / name
        run("sync", portrait_clip, "--speech", spoken_line, "-o", output, *more)
        return output.read_bytes()

    without = sync("without.mp4", "--no-cache")
    assert not cache.exists()
    assert sync("first.mp4") == without
    assert sorted(path.suffix for path in cache.iterdir()) == [".bank", ".json"]
    assert sync("second.mp4") == without
