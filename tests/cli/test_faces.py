from __future__ import annotations

import json
from pathlib import Path

import pytest

from lipwright.cli.app import run


def test_a_table_for_people(portrait_clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["faces", str(portrait_clip)]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "face id"
    assert row.split()[:2] == ["0", "0"]


def test_json_for_scripts(portrait_clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["faces", str(portrait_clip), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["video"] == {
        "width": 480,
        "height": 480,
        "frame_rate": "25",
        "duration_ms": 2000,
        "has_audio": False,
    }
    [face] = said["faces"]
    assert face["face_id"] == "0"
    assert face["start_ms"] == 0
    assert 2000 <= face["end_ms"] <= 2080
    # The portrait's face is a little right of the picture's middle, in its upper half.
    assert 180 < face["x"] < 300
    assert 150 < face["y"] < 300


def test_saves_pictures(
    portrait_clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "sheet.png"
    order = ["faces", str(portrait_clip), "--images", str(tmp_path / "faces")]
    assert run([*order, "--preview-to", str(sheet), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["preview"] == str(sheet)
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "faces" / "face-0.jpg").read_bytes().startswith(b"\xff\xd8")


def test_nobody_is_no_error(faceless_clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["faces", str(faceless_clip)]) == 0
    assert "no face" in capsys.readouterr().out
    assert run(["faces", str(faceless_clip), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["faces"] == []
