from __future__ import annotations

import numpy as np
import pytest

from lipwright.evaluation.sync import agreement, correlation, later

STEP = 0.04
TIMES = np.arange(100) * STEP


def mouth(delay: float = 0.0) -> np.ndarray:
    t = TIMES - delay
    return 0.1 + 0.06 * np.sin(2 * np.pi * 3.1 * t) + 0.03 * np.sin(2 * np.pi * 1.7 * t + 1)


@pytest.mark.parametrize("delay", [-0.1, -0.013, 0.0, 0.027, 0.08])
def test_the_lag_is_found_finer_than_a_frame(delay: float) -> None:
    found = agreement(mouth(delay), mouth(), STEP)
    assert found.lag_ms == pytest.approx(delay * 1000, abs=3.0)
    assert found.best_r > 0.98
    assert found.r <= found.best_r + 1e-9


def test_a_mouth_goes_with_itself_and_a_still_one_with_nothing() -> None:
    assert agreement(mouth(), mouth(), STEP).r == pytest.approx(1.0)
    still = agreement(np.full(100, 0.1), mouth(), STEP)
    assert still.r == 0.0
    assert np.isnan(still.lag_ms)


def test_unrelated_mouths_have_no_lag() -> None:
    random = np.random.default_rng(1)
    found = agreement(random.normal(size=100), mouth(), STEP)
    assert found.best_r < 0.3
    assert np.isnan(found.lag_ms)


def test_several_channels_tell_the_lag_together() -> None:
    channels = np.stack([mouth(), mouth(), mouth(), mouth(), mouth(), mouth()], 1)
    channels[:, 1] = np.random.default_rng(2).normal(size=100)
    late = np.roll(channels, 2, axis=0)
    assert agreement(late, channels, STEP).lag_ms == pytest.approx(80.0, abs=4.0)


def test_what_was_not_seen_does_not_count() -> None:
    a, b = mouth(), mouth()
    a[10:20], b[40:45] = np.nan, np.nan
    assert correlation(a, b) == pytest.approx(1.0)
    assert np.isnan(correlation(np.full(100, np.nan), b))


def test_later_values_come_from_later_times() -> None:
    moved = later(TIMES[:, None] * np.array([1.0, 2.0]), TIMES, 0.05)
    assert moved[10] == pytest.approx([0.45, 0.9])
    assert np.isnan(moved[-1]).all()
