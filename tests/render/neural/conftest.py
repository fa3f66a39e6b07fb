"""The filmed face of this room's tests, with generators that draw what is known."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from scenes import Scene

from lipwright.render.neural.engine import NeuralBank, NeuralEngine
from lipwright.render.neural.square import face_square


@pytest.fixture(scope="session")
def scene(studio) -> Scene:
    own = studio.bank.own
    bank = NeuralBank(studio.track.frame_indices, studio.bank, face_square(own.pose, own.rest))
    return Scene(studio.frames, bank)


@pytest.fixture
def engine(tmp_path: Path) -> Callable[..., NeuralEngine]:
    """An engine around a generator of `networks`."""

    def make(network: Callable[..., Path], *args: object, **options: object) -> NeuralEngine:
        return NeuralEngine(network(tmp_path / "model.onnx", *args, **options), threads=1)

    return make
