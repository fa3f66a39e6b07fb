from __future__ import annotations

import numpy as np
import pytest

from lipwright.speech.closures import Closure, close_lips, find_closures


def open_mouth(count: int) -> np.ndarray:
    return np.tile(np.array([0.1, 0.0, 0.08, 0.02, 0.1, 0.02], np.float32), (count, 1))


def test_found_where_probable() -> None:
    probability = np.zeros(100, np.float32)
    probability[40:44] = [0.2, 0.9, 0.8, 0.1]
    probability[70] = 0.47
    (closure,) = find_closures(probability)
    assert closure.peak == pytest.approx(41 / 50)
    assert 40 / 50 < closure.start < 41 / 50
    assert 42 / 50 < closure.end < 43 / 50


@pytest.mark.parametrize("where", [slice(0, 3), slice(97, 100)])
def test_found_at_the_ends(where: slice) -> None:
    probability = np.zeros(100, np.float32)
    probability[where] = 0.9
    assert len(find_closures(probability)) == 1


@pytest.mark.parametrize("fps", [10.0, 24.0, 25.0, 30000 / 1001, 60.0])
@pytest.mark.parametrize("phase", np.linspace(0.0, 0.9, 7))
def test_at_least_one_frame_is_closed(fps: float, phase: float) -> None:
    """Even a closure that fits between two frames."""
    times = (np.arange(40) + phase) / fps
    middle = float(times[20] + 0.37 / fps)
    closed = close_lips(open_mouth(40), times, (Closure(middle - 0.005, middle, middle + 0.005),))
    assert (closed[:, 0] == 0.0).sum() >= 1
    assert closed[0, 0] == pytest.approx(0.1)
    assert closed[:, 0].min() >= 0.0


def test_lips_follow_and_the_jaw_less() -> None:
    times = np.arange(20) / 25.0
    closed = close_lips(open_mouth(20), times, (Closure(0.36, 0.4, 0.44),))
    change = open_mouth(20)[10] - closed[10]
    assert change[0] == pytest.approx(0.1)
    assert change[4] > change[2] > 0.0
    assert change[1] == 0.0


def test_no_closures_change_nothing() -> None:
    values = open_mouth(5)
    assert (close_lips(values, np.arange(5) / 25, ()) == values).all()
    assert close_lips(np.zeros((0, 6), np.float32), np.zeros(0), ()).shape == (0, 6)
