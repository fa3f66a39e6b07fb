from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from lipwright.cli.pipes import check_pipes, kept_input
from lipwright.media.probe import probe


def test_a_video_comes_and_goes_through_pipes(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "lipwright", "sync", "-", "-o", "-"]
    command += ["--speech", str(spoken_line), "--speech-end", "400"]
    done = subprocess.run(
        command, input=portrait_clip.read_bytes(), capture_output=True, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert list(tmp_path.iterdir()) == []
    out = tmp_path / "out.mp4"
    out.write_bytes(done.stdout)
    assert probe(out).duration_ms == 2000


def test_a_video_from_a_pipe_has_no_name_of_its_own(spoken_line: Path) -> None:
    command = [sys.executable, "-m", "lipwright", "sync", "-", "--speech", str(spoken_line)]
    done = subprocess.run(command, input=b"", capture_output=True, text=False)
    assert done.returncode == 2
    assert b"'--output': must be given" in done.stderr


def test_a_file_stays_where_it_is(tmp_path: Path) -> None:
    assert kept_input(Path("a.mp4"), tmp_path) == Path("a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_one_pipe_each_way() -> None:
    check_pipes([Path("-"), Path("a.wav")], Path("out.mp4"), as_json=True)
    with pytest.raises(typer.BadParameter, match="only one input"):
        check_pipes([Path("-"), Path("-")], None, as_json=False)
    with pytest.raises(typer.BadParameter, match="JSON"):
        check_pipes([Path("a.mp4")], Path("-"), as_json=True)
