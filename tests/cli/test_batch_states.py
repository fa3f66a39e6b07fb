from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from lipwright.cli.batch_jobs import Job
from lipwright.cli.batch_states import DONE, FAILED, States, fingerprints, state_file
from lipwright.errors import FailedError


@pytest.fixture
def job(tmp_path: Path) -> Job:
    for name in ("a.mp4", "a.wav", "out.mp4"):
        (tmp_path / name).write_text(f"this is {name}")
    files = (tmp_path / name for name in ("a.mp4", "a.wav", "out.mp4"))
    return Job("a", *files, options={"at_ms": 5, "transcript": "caf\u00e9"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.csv.state.json"


def done(job: Job, path: Path) -> bool:
    return States(path).is_done(job)


def test_what_is_done_and_unchanged_is_done(job: Job, path: Path) -> None:
    assert not done(job, path)
    States(path).record(job, DONE, fingerprints(job), warnings=["loud"])
    assert done(job, path)
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert stored["jobs"]["out.mp4"]["warnings"] == ["loud"]
    assert [file.name for file in path.parent.glob(".*")] == []


def test_touched_is_not_changed(job: Job, path: Path) -> None:
    States(path).record(job, DONE, fingerprints(job))
    os.utime(job.video, (1, 1))
    assert done(job, path)


def test_changed_inputs_options_or_results_count(job: Job, path: Path) -> None:
    States(path).record(job, DONE, fingerprints(job))
    assert not done(replace(job, options={"at_ms": 6}), path)
    job.speech.write_text("This is a.wav")
    assert not done(job, path)
    job.speech.write_text("this is a.wav")
    assert done(job, path)
    job.output.write_text("cut off")
    assert not done(job, path)
    job.output.unlink()
    assert not done(job, path)


def test_an_input_that_changed_while_it_was_read_counts_as_changed(job: Job, path: Path) -> None:
    before = fingerprints(job)
    job.video.write_text("another video")
    States(path).record(job, DONE, before)
    assert not done(job, path)


def test_failures_are_told_from_successes(job: Job, path: Path) -> None:
    States(path).record(job, FAILED, fingerprints(job), error="no")
    assert States(path).has_failed(job)
    assert not done(job, path)
    job.video.unlink()
    assert not States(path).has_failed(job)


def test_a_damaged_file_counts_as_empty(
    job: Job, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text("{")
    assert not done(job, path)
    assert "done anew" in capsys.readouterr().err


def test_where_it_lies(tmp_path: Path) -> None:
    assert state_file(tmp_path) == tmp_path / ".lipwright-state.json"
    assert state_file(tmp_path / "jobs.csv") == tmp_path / "jobs.csv.state.json"


def test_a_folder_that_cannot_be_written(job: Job, tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="cannot be written"):
        States(tmp_path / "nowhere" / "state.json").record(job, DONE, [])
