from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lipwright.cli.app import run


def test_numbers_as_csv(spoken_line: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["curve", str(spoken_line), "--fps", "10"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 41
    assert [row["time"] for row in rows[:3]] == ["0.0000", "0.1000", "0.2000"]
    assert max(float(row["opening"]) for row in rows) > 0.1


def test_blendshapes_into_a_json_file(
    spoken_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shapes.json"
    order = ["curve", str(spoken_line), "--format", "arkit", "--fps", "60", "-o", str(out)]
    assert run([*order, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"path": str(out)}
    said = json.loads(out.read_text())
    assert said["fps"] == 60
    assert said["names"][0] == "jawOpen"
    assert len(said["weights"]) == len(said["times"]) == 244


def test_visemes_from_a_pipe(spoken_line: Path) -> None:
    command = [sys.executable, "-m", "lipwright", "curve", "-", "--format", "visemes"]
    command += ["--alphabet", "rhubarb"]
    done = subprocess.run(command, input=spoken_line.read_bytes(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
    assert rows[0][0] == "0.00"
    assert rows[-1][1] == "4.05"
    assert {name for _, _, name in rows} <= set("ABCDEFGHX")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--fps", "0"], "--fps"),
        (["--format", "fbx"], "--format"),
        (["--output", "nowhere/out.csv"], "--output"),
    ],
)
def test_refuses(
    options: list[str],
    reason: str,
    spoken_line: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["curve", str(spoken_line), *options]) == 2
    shown = capsys.readouterr()
    assert reason in shown.err
    assert shown.out == ""
