"""The examples for the library, and its notebook, do what they say."""

from __future__ import annotations

import csv
import importlib.util
import json
import shutil
import sys
import wave
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from lipwright.media.probe import probe

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def short_line(spoken_line: Path, tmp_path: Path) -> Path:
    """The first half second of the line."""
    path = tmp_path / "short.wav"
    with wave.open(str(spoken_line)) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(source.getframerate() // 2))
    return path


def test_two_lines_one_after_the_other(
    portrait_clip: Path, short_line: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = load("two_lines").main(portrait_clip, short_line, short_line, tmp_path / "out.mp4")
    assert [(line.insert_ms, line.end_ms) for line in result.lines] == [(0, 500), (500, 1000)]
    shown = capsys.readouterr()
    assert shown.out.splitlines()[:2] == [
        "face 0 speaks from 0 to 500 ms",
        "face 0 speaks from 500 to 1000 ms",
    ]
    assert "render 100%" in shown.err
    assert probe(tmp_path / "out.mp4").duration_ms == 2000
    assert cv2.imread(str(tmp_path / "out.png")) is not None


def test_own_frames_become_pictures_and_sound(
    portrait_clip: Path, short_line: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "frames"
    assert load("own_frames").main(portrait_clip, short_line, folder) == 50
    pictures = sorted(folder.glob("*.png"))
    assert len(pictures) == 50
    first, eighth = (cv2.imread(str(pictures[index])) for index in (0, 8))
    assert first is not None
    assert eighth is not None
    assert first.shape == eighth.shape == (480, 480, 3)
    with wave.open(str(folder / "sound.wav")) as file:
        assert (file.getframerate(), file.getnframes()) == (48_000, 96_000)
        assert np.abs(np.frombuffer(file.readframes(24_000), "<i2")).max() > 3000


def test_weights_and_visemes_for_a_head(spoken_line: Path, tmp_path: Path) -> None:
    words = "Hello! I never said this. My lips were moved by a computer."
    made = load("animate_a_head").main(spoken_line, words, tmp_path / "line.v2")
    assert [path.name for path in made] == [
        "line.v2.arkit.json",
        "line.v2.arkit.csv",
        "line.v2.visemes.tsv",
    ]
    said = json.loads(made[0].read_text())
    rows = list(csv.reader(made[1].read_text().splitlines()))
    assert len(rows) - 1 == len(said["weights"]) == 244
    assert made[2].read_text().startswith("0.00\t")


def test_the_notebook_runs_from_top_to_bottom(
    portrait_clip: Path,
    spoken_line: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copy(portrait_clip, tmp_path / "interview.mp4")
    shutil.copy(spoken_line, tmp_path / "line.wav")
    monkeypatch.chdir(tmp_path)
    notebook = json.loads((EXAMPLES / "lipwright.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells) > 5
    assert not any(cell["outputs"] or cell["execution_count"] for cell in cells)
    names: dict[str, object] = {"__name__": "__main__"}
    for cell in cells:
        exec(compile("".join(cell["source"]), cell["id"], "exec"), names)
    assert probe(tmp_path / "out.mp4").duration_ms == 2000
    for picture in ("faces.png", "sheet.png"):
        assert cv2.imread(str(tmp_path / picture)) is not None
    pictures = names["pictures"]
    assert isinstance(pictures, list)
    assert len(pictures) == 50
    assert "face 0: 0 to 20" in capsys.readouterr().out
