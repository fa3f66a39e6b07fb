from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import lipwright
from lipwright.library.blendshapes import NAMES


def shapes_of(*rows: tuple[float, ...]) -> dict[str, list[float]]:
    """Weights for rows of opening, width, jaw, upper, lower, protrusion."""
    values = np.array(rows, np.float32)
    curve = lipwright.MouthCurve(np.arange(len(rows)) / 25, values, np.ones(len(rows), np.float32))
    made = lipwright.blendshapes(curve)
    return dict(zip(made.names, made.weights.T.tolist(), strict=True))


def test_rest_is_nothing() -> None:
    assert all(weights == [0.0] for weights in shapes_of((0, 0, 0, 0, 0, 0)).values())


def test_an_open_mouth_opens_the_jaw_and_parts_the_lips() -> None:
    shapes = shapes_of((0.1, 0, 0.06, 0.01, 0.08, 0), (0.2, 0, 0.12, 0.02, 0.16, 0))
    for name in ("jawOpen", "mouthLowerDownLeft", "mouthUpperUpRight"):
        assert 0 < shapes[name][0] < shapes[name][1] < 1
    assert shapes["mouthClose"] == [0.0, 0.0]


def test_lips_that_touch_over_a_low_jaw_are_closed_by_as_much() -> None:
    shapes = shapes_of((0, 0, 0.07, -0.03, 0.02, 0))
    assert shapes["mouthClose"] == shapes["jawOpen"]
    assert shapes["jawOpen"][0] > 0.1
    assert shapes["mouthRollUpper"][0] > 0.1
    assert shapes["mouthRollLower"][0] > 0.1
    assert shapes["mouthLowerDownLeft"] == [0.0]


def test_a_narrow_mouth_puckers_shut_and_funnels_open() -> None:
    shapes = shapes_of((0.0, -0.08, 0, 0, 0, 0), (0.12, -0.08, 0, 0, 0, 0))
    assert shapes["mouthPucker"] == pytest.approx([0.08 / 0.13, 0], abs=1e-6)
    assert shapes["mouthFunnel"] == pytest.approx([0, 0.08 / 0.13], abs=1e-6)
    assert shapes["mouthStretchLeft"] == [0.0, 0.0]


def test_a_wide_mouth_stretches_both_ways() -> None:
    shapes = shapes_of((0.05, 0.06, 0, 0, 0, 0))
    assert shapes["mouthStretchLeft"] == shapes["mouthStretchRight"]
    assert shapes["mouthStretchLeft"][0] == pytest.approx(0.5)


def test_speech_uses_the_range_and_never_leaves_it(spoken_line: Path) -> None:
    made = lipwright.blendshapes(lipwright.mouth_curve(spoken_line, fps=60))
    assert made.weights.shape == (244, 12)
    assert made.weights.min() >= 0
    assert made.weights.max() <= 1
    assert 0.2 < made.weights[:, NAMES.index("jawOpen")].max() < 0.7
    rows = list(csv.reader(io.StringIO(made.to_csv())))
    assert rows[0] == ["time", *NAMES]
    said = json.loads(json.dumps(made.to_dict()))
    assert said["names"] == list(NAMES)
    assert [float(cell) for cell in rows[50][1:]] == pytest.approx(said["weights"][49], abs=1e-4)
