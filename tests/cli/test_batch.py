from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from lipwright.cli.app import run


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_table_with_a_bad_row_is_done_and_goes_on_where_it_stopped(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(portrait_clip, tmp_path / "me.mp4")
    shutil.copy(spoken_line, tmp_path / "line.wav")
    jobs = tmp_path / "jobs.csv"
    head = "video,speech,output,speech_end_ms\n"
    jobs.write_text(
        f"{head}me.mp4,line.wav,a.mp4,400\nnone.mp4,line.wav,b.mp4,\nme.mp4,line.wav,out/c.mp4,300\n"
    )
    assert run(["batch", str(jobs), "--json"]) == 1
    a, b, c = said(capsys)
    assert [one["state"] for one in (a, b, c)] == ["done", "failed", "done"]
    assert (a["path"], a["speech_end_ms"]) == (str(tmp_path / "a.mp4"), 400)
    assert "no file" in b["error"]["detail"]
    assert (tmp_path / "out" / "c.mp4").is_file()

    made = (tmp_path / "a.mp4").stat().st_mtime_ns
    shutil.copy(portrait_clip, tmp_path / "none.mp4")
    jobs.write_text(jobs.read_text().replace("b.mp4,\n", "b.mp4,300\n"))
    assert run(["batch", str(jobs), "--json"]) == 0
    assert [one["state"] for one in said(capsys)] == ["skipped", "done", "skipped"]
    assert (tmp_path / "a.mp4").stat().st_mtime_ns == made

    assert run(["batch", str(jobs)]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "lipwright: 3 skipped\n")


def test_what_is_no_list_is_bad_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jobs = tmp_path / "jobs.csv"
    jobs.write_text("film,sound\n")
    assert run(["batch", str(jobs)]) == 2
    assert capsys.readouterr().err.startswith("lipwright: jobs: unknown column 'film'")


def test_an_empty_folder_is_nothing_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["batch", str(tmp_path)]) == 0
    assert "nothing to do" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_option_fails_each_job_with_its_reason(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(portrait_clip, tmp_path / "me.mp4")
    shutil.copy(spoken_line, tmp_path / "me.wav")
    assert run(["batch", str(tmp_path), "--engine", "other"]) == 1
    assert "me: engine: must be one of" in capsys.readouterr().err
    assert not (tmp_path / "me-synced.mp4").exists()
