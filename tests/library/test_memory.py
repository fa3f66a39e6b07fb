from __future__ import annotations

import os
import shutil
import stat
import time
from pathlib import Path

import pytest

import lipwright
from lipwright.dubbing.banks import tidy
from lipwright.dubbing.types import Progress
from lipwright.library.memory import cache_folder, memory_of

VIDEO = "0" * 64


@pytest.fixture(scope="module")
def taught(
    portrait_clip: Path, spoken_line: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, lipwright.SyncResult]:
    """A folder that knows the portrait, and what the first line made."""
    folder = tmp_path_factory.mktemp("memory")
    output = folder / "first.mp4"
    cache = folder / "cache"
    return cache, lipwright.sync(portrait_clip, spoken_line, output, cache=cache)


def test_the_second_call_neither_identifies_nor_tracks(
    taught: tuple[Path, lipwright.SyncResult],
    portrait_clip: Path,
    spoken_line: Path,
    tmp_path: Path,
) -> None:
    cache, first = taught
    # The same bytes under another name, and a shorter line.
    video = Path(shutil.copy(portrait_clip, tmp_path / "other.mp4"))
    seen: list[Progress] = []
    again = lipwright.sync(
        video, spoken_line, tmp_path / "again.mp4", cache=cache, progress=seen.append
    )
    assert again.identification == first.identification
    assert "track" not in {progress.stage for progress in seen}
    assert [p.fraction for p in seen if p.stage == "faces"] == [0.25]
    assert again.path.read_bytes() == first.path.read_bytes()
    without = lipwright.sync(video, spoken_line, tmp_path / "without.mp4", cache=None)
    assert without.path.read_bytes() == first.path.read_bytes()


def test_nobody_else_can_read_what_is_kept(taught: tuple[Path, lipwright.SyncResult]) -> None:
    cache, _ = taught
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    kept = sorted(path.suffix for path in cache.iterdir())
    assert kept == [".bank", ".json"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in cache.iterdir()} == {0o600}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"video": 1, "faces": 2}', "\0", "[" * 9_000])
def test_a_broken_answer_is_asked_for_again(
    taught: tuple[Path, lipwright.SyncResult], portrait_clip: Path, tmp_path: Path, text: str
) -> None:
    memory = memory_of(portrait_clip, tmp_path)
    assert memory is not None
    [kept] = taught[0].glob("*.json")
    broken = tmp_path / kept.name
    broken.write_text(text)
    found = memory.identify(portrait_clip, lambda progress: None)
    assert found == taught[1].identification
    assert broken.read_bytes() == kept.read_bytes()


def test_a_folder_that_cannot_be_written_is_no_error(portrait_clip: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = lipwright.identify(portrait_clip, cache=tmp_path / "file" / "folder")
    assert found.faces


def test_a_video_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lipwright.identify(tmp_path / "none.mp4", cache=tmp_path)


def test_the_user_chooses_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LIPWRIGHT_CACHE_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("LIPWRIGHT_CACHE_DIR", "")
    assert cache_folder() is None
    monkeypatch.delenv("LIPWRIGHT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache_folder()
    assert folder is not None
    assert folder.parts[-2:] == ("lipwright", "videos")


def kept_file(folder: Path, digit: str, size: int, age_s: float, suffix: str = ".bank") -> Path:
    path = folder / f"{digit * 64}-{digit * 32}{suffix}"
    path.write_bytes(bytes(size))
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def test_what_is_old_or_too_much_goes_and_nothing_else(tmp_path: Path) -> None:
    new = kept_file(tmp_path, "a", 400, 10)
    older = kept_file(tmp_path, "b", 400, 20)
    oldest = kept_file(tmp_path, "c", 400, 30)
    outdated = kept_file(tmp_path, "d", 1, 2_000)
    left = kept_file(tmp_path, "e", 1, 2_000, ".bank.77-0123abcd").rename(
        tmp_path / f".{'e' * 64}-{'e' * 32}.bank.77-0123abcd"
    )
    own = [tmp_path / name for name in ("film.mp4", "notes.json", f"{'f' * 64}.bank")]
    for path in own:
        path.write_bytes(bytes(5_000))
        os.utime(path, (0, 0))
    assert tidy(tmp_path, max_bytes=1_000, max_age_s=1_000) == 3
    assert sorted(tmp_path.iterdir()) == sorted([new, older, *own])
    assert not any(path.exists() for path in (oldest, outdated, left))
    assert tidy(tmp_path / "nowhere", max_bytes=1, max_age_s=1) == 0
