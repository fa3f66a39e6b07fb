from __future__ import annotations

import numpy as np

from lipwright.speech.activity import Span
from lipwright.speech.rest import ANTICIPATION_S, RELEASE_S, speaking_share


def test_exactly_zero_away_from_speech_and_one_inside() -> None:
    times = np.arange(0, 4, 0.01)
    share = speaking_share(times, [Span(1.0, 2.0)])
    away = (times < 1.0 - ANTICIPATION_S) | (times > 2.0 + RELEASE_S)
    inside = (times > 1.02) & (times < 1.98)
    assert (share[away] == 0.0).all()
    assert (share[inside] == 1.0).all()


def test_ramps_are_smooth_and_begin_before_the_voice() -> None:
    times = np.arange(0, 3, 0.005)
    share = speaking_share(times, [Span(1.0, 2.0)])
    assert np.abs(np.diff(share)).max() < 0.08
    assert share[np.searchsorted(times, 0.95)] > 0.1


def test_short_pause_settles_without_reaching_rest() -> None:
    times = np.arange(0, 3, 0.005)
    share = speaking_share(times, [Span(0.5, 1.0), Span(1.22, 2.0)])
    dip = share[(times > 1.0) & (times < 1.22)].min()
    assert 0.05 < dip < 0.9


def test_no_speech() -> None:
    assert (speaking_share(np.arange(5.0), []) == 0.0).all()
