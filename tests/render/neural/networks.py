"""Small ONNX generators: what they draw is known, so it can be told what becomes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from lipwright.benchmark import wav2lip as export

REFERENCE, MASKED = 3, 0


def save(made: onnx.ModelProto, path: Path) -> Path:
    onnx.save(made, str(path))
    return path


def published(path: Path, *, size: int = 96, width: float = 0.0625, batch: int | None = None):
    """The published architecture, thinner, with random weights."""
    layers = export.generator(size, width)
    return save(export.build(layers, export.random_weights(layers), size, batch), path)


def echo(path: Path, *, size: int = 96, first: int = REFERENCE, batch: int | None = None) -> Path:
    """Draws three of its six channels as they are: the reference, or the masked face."""
    nodes = [helper.make_node("Slice", ["face", "from", "to", "axis"], ["made"])]
    return save(_model(nodes, size, batch, _channels(first)), path)


def colour(path: Path, bgr: tuple[float, float, float], *, size: int = 96) -> Path:
    """Draws one colour, values 0 to 1."""
    nodes = [
        helper.make_node("Slice", ["face", "from", "to", "axis"], ["some"]),
        helper.make_node("Mul", ["some", "zero"], ["none"]),
        helper.make_node("Add", ["none", "bgr"], ["made"]),
    ]
    weights = {"zero": np.zeros(1, np.float32), "bgr": np.float32(bgr).reshape(1, 3, 1, 1)}
    return save(_model(nodes, size, None, weights | _channels(MASKED)), path)


def loudness(path: Path, *, size: int = 96) -> Path:
    """Draws a grey that is the mean of what it hears: 0 is silence, 1 the loudest."""
    nodes = [
        helper.make_node("ReduceMean", ["mel"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Add", ["mean", "four"], ["lifted"]),
        helper.make_node("Div", ["lifted", "eight"], ["grey"]),
        helper.make_node("Expand", ["grey", "shape"], ["made"]),
    ]
    weights = {
        "four": np.float32([4.0]),
        "eight": np.float32([8.0]),
        "shape": np.array([1, 3, size, size], np.int64),
    }
    return save(_model(nodes, size, None, weights), path)


def _channels(first: int) -> dict[str, np.ndarray]:
    values = {"from": first, "to": first + 3, "axis": 1}
    return {name: np.array([value], np.int64) for name, value in values.items()}


def _model(nodes, size: int, batch: int | None, weights: dict[str, np.ndarray]):
    number = batch or "N"
    return export.model(
        nodes,
        {"mel": (number, 1, 80, 16), "face": (number, 6, size, size)},
        {"made": (number, 3, size, size)},
        weights,
    )
