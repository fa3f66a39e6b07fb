from __future__ import annotations

import numpy as np
import pytest

from lipwright.speech.activity import Span
from lipwright.speech.range import NATURAL_OPENING, natural_range

WHOLE = [Span(0.0, 4.0)]


def motion(height: float) -> np.ndarray:
    opening = height * (0.5 - 0.5 * np.cos(2 * np.pi * 3 * np.arange(200) / 50.0))
    return np.stack([opening, *([opening / 2] * 5)], 1).astype(np.float32)


def test_mumbling_is_brought_to_the_natural_range() -> None:
    scaled = natural_range(motion(0.17), WHOLE)
    assert np.percentile(scaled[:, 0], 95) == pytest.approx(NATURAL_OPENING, rel=0.01)
    assert scaled[:, 3] == pytest.approx(scaled[:, 0] / 2, rel=1e-4)


def test_correction_is_bounded() -> None:
    assert natural_range(motion(0.02), WHOLE) == pytest.approx(1.35 * motion(0.02))
    assert natural_range(motion(0.6), WHOLE) == pytest.approx(0.9 * motion(0.6))


def test_too_little_speech_is_left_alone() -> None:
    assert (natural_range(motion(0.1), [Span(0.0, 0.2)]) == motion(0.1)).all()
