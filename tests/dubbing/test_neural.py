"""The whole dub with the neural engine and a generator that returns its reference."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from dubbing_clips import SPOKEN

sys.path.insert(0, str(Path(__file__).parents[1] / "render" / "neural"))

import networks

from lipwright.dubbing.banks import FaceBanks
from lipwright.dubbing.dub import dub
from lipwright.dubbing.made_by import content_hash
from lipwright.dubbing.types import Line
from lipwright.media.decode import VideoReader
from lipwright.models.added import add_model
from lipwright.models.catalogue import CATALOGUE
from lipwright.models.store import MODELS_DIR_VARIABLE, require

START_MS, LENGTH_MS = 600, 1_300
LINE = Line("0", SPOKEN, 100, 100 + LENGTH_MS, START_MS)


@pytest.fixture
def with_echo(tmp_path, monkeypatch):
    """A models folder that has the usual weights and a generator."""
    folder = tmp_path / "models"
    folder.mkdir()
    for name, weights in CATALOGUE.items():
        path = require(name)
        (folder / name).symlink_to(path.parent if weights.single else path)
    monkeypatch.setenv(MODELS_DIR_VARIABLE, str(folder))
    add_model(folder, "wav2lip", networks.echo(tmp_path / "echo.onnx"), "none needed", "")
    return folder


def luma(path):
    with VideoReader(path) as reader:
        return np.stack([frame.y.copy() for frame in reader]).astype(np.int16)


def test_a_line_is_drawn_by_the_generator(talk, talk_faces, tmp_path, with_echo):
    outputs = [tmp_path / f"{name}.mp4" for name in ("neural", "again", "mesh")]
    banks = FaceBanks(tmp_path / "banks", content_hash(talk))
    first = dub(talk, talk_faces, [LINE], output=outputs[0], engine="wav2lip", banks=banks)
    again = dub(talk, talk_faces, [LINE], output=outputs[1], engine="wav2lip", banks=banks)
    dub(talk, talk_faces, [LINE], output=outputs[2])
    before, neural, mesh = luma(talk), luma(outputs[0]), luma(outputs[2])
    assert first.frame_count == len(before) == len(neural) == 64
    change, of_mesh = (np.abs(after - before).mean((1, 2)) for after in (neural, mesh))
    # Coding alone changes frames outside of the line; the echo gives back what it was shown.
    assert change[:12] == pytest.approx(of_mesh[:12], abs=0.02)
    inside, coding = slice(20, 45), change[:12].mean()
    assert change[inside].mean() - coding < 0.5 * (of_mesh[inside].mean() - coding)
    # Kept observers are the mesh engine's: the second time nothing is looked at.
    assert (first.frames_looked_at > 0, again.frames_looked_at) == (True, 0)
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
