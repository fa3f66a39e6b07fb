from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lipwright.cli.batch_states import FAILED, States, fingerprints, state_file
from lipwright.cli.watch import Watcher


@pytest.fixture
def watcher(tmp_path: Path) -> Watcher:
    states = States(state_file(tmp_path))
    return Watcher(tmp_path, None, 2.0, {"engine": "mesh"}, states)


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


def names(watcher: Watcher, now: float) -> list[str]:
    return [job.name for job in watcher.ready(now)]


def test_a_pair_is_taken_once_it_has_stopped_growing(watcher: Watcher, tmp_path: Path) -> None:
    put(tmp_path, "a.mp4", "1")
    assert names(watcher, 0.0) == []
    put(tmp_path, "a.wav", "1")
    assert names(watcher, 10.0) == []
    put(tmp_path, "a.wav", "1 and more")
    assert names(watcher, 11.0) == []
    assert names(watcher, 12.9) == []
    [job] = watcher.ready(13.0)
    assert job.options == {"engine": "mesh"}
    assert names(watcher, 99.0) == []
    put(tmp_path, "a.wav", "another")
    assert names(watcher, 100.0) == []
    assert names(watcher, 102.0) == ["a"]


def test_an_empty_file_has_not_begun_yet(watcher: Watcher, tmp_path: Path) -> None:
    put(tmp_path, "a.mp4", "")
    put(tmp_path, "a.wav", "1")
    assert [names(watcher, now) for now in (0.0, 5.0, 10.0)] == [[], [], []]


def test_a_transcript_that_comes_later_counts(watcher: Watcher, tmp_path: Path) -> None:
    put(tmp_path, "a.mp4", "1")
    put(tmp_path, "a.wav", "1")
    assert [names(watcher, now) for now in (0.0, 2.0)] == [[], ["a"]]
    put(tmp_path, "a.txt", "What is said.")
    assert names(watcher, 4.0) == []
    [job] = watcher.ready(6.0)
    assert job.options["transcript"] == "What is said."


def test_a_folder_may_go_and_come_back(
    watcher: Watcher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    away = tmp_path.with_name("away")
    tmp_path.rename(away)
    assert [names(watcher, now) for now in (0.0, 1.0)] == [[], []]
    assert capsys.readouterr().err.count("cannot be read") == 1
    away.rename(tmp_path)
    put(tmp_path, "a.mp4", "1")
    put(tmp_path, "a.wav", "1")
    assert [names(watcher, now) for now in (2.0, 4.0)] == [[], ["a"]]


def test_what_failed_before_waits_for_a_change(watcher: Watcher, tmp_path: Path) -> None:
    put(tmp_path, "a.mp4", "1")
    put(tmp_path, "a.wav", "1")
    names(watcher, 0.0)
    [job] = watcher.ready(2.0)
    States(state_file(tmp_path)).record(job, FAILED, fingerprints(job))
    anew = Watcher(tmp_path, None, 2.0, {"engine": "mesh"}, States(state_file(tmp_path)))
    assert [names(anew, now) for now in (0.0, 2.0)] == [[], []]
    put(tmp_path, "a.mp4", "2")
    assert [names(anew, now) for now in (4.0, 6.0)] == [[], ["a"]]


def test_results_and_error_notes_appear_and_ctrl_c_ends_it(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "lipwright", "watch", str(tmp_path), "--settle", "0.2"]
    put(tmp_path, "bad.mp4", "no video")
    shutil.copy(spoken_line, tmp_path / "bad.wav")
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Shells start background jobs, and so a test run, with the signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        shutil.copy(spoken_line, tmp_path / "good.wav")
        shutil.copy(portrait_clip, tmp_path / "good.part")
        os.replace(tmp_path / "good.part", tmp_path / "good.mp4")
        deadline = time.monotonic() + 300
        wanted = [tmp_path / "good-synced.mp4", tmp_path / "bad-error.txt"]
        while not all(path.exists() for path in wanted):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # Until the state is written, too, the job is not over.
        while "good-synced.mp4" not in state_file(tmp_path).read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=180)
    assert process.returncode == 130
    assert err.endswith("lipwright: interrupted\n")
    assert "Traceback" not in err
    assert out == f"{tmp_path / 'good-synced.mp4'}\n"
    assert (tmp_path / "bad-error.txt").read_text().startswith("video: ")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {
        *("good.mp4", "good.wav", "good-synced.mp4", "bad.mp4", "bad.wav", "bad-error.txt"),
        ".lipwright-state.json",
    }
