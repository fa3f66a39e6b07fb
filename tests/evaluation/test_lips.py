from __future__ import annotations

import numpy as np
import pytest

from lipwright.evaluation.lips import (
    Closing,
    closings,
    closure_rate,
    contrast,
    lip_distance,
    shut_level,
    spread,
)

STEP = 0.04


def talk(*shut: tuple[int, int], count: int = 80) -> np.ndarray:
    """A mouth that is open but for some stretches."""
    opening = np.full(count, 0.12)
    for first, last in shut:
        opening[first : last + 1] = 0.005
    return opening


def test_closings_are_short_and_lie_between_openings() -> None:
    opening = talk((10, 11), (20, 20), (40, 55), (78, 79))
    assert closings(opening, 0.02, STEP) == [Closing(10, 11), Closing(20, 20)]


def test_a_mouth_that_never_shuts_has_no_closings() -> None:
    never = 0.1 + 0.05 * np.sin(np.arange(80))
    assert np.isnan(shut_level(talk() + never))
    assert closings(never, float("nan"), STEP) == []


def test_the_shut_level_is_the_persons_own() -> None:
    clean, bearded = talk((10, 15)), talk((10, 15)) + 0.025
    assert shut_level(clean) == pytest.approx(0.02)
    assert closings(bearded, shut_level(clean), STEP) == []
    assert closings(bearded, shut_level(bearded), STEP) == [Closing(10, 15)]


def test_a_closing_counts_within_one_frame() -> None:
    true = talk((10, 11), (30, 30), (50, 51))
    wanted = closings(true, 0.02, STEP)
    assert closure_rate(true, wanted, 0.02, STEP) == 1.0
    assert closure_rate(talk((12, 12), (31, 31), (53, 54)), wanted, 0.02, STEP) == pytest.approx(
        2 / 3
    )


def test_lips_that_never_part_close_nothing() -> None:
    wanted = closings(talk((10, 11), (30, 30)), 0.02, STEP)
    assert closure_rate(np.zeros(80), wanted, 0.02, STEP) == 0.0
    assert closure_rate(talk(), wanted, 0.02, STEP) == 0.0
    assert np.isnan(closure_rate(talk(), [], 0.02, STEP))


def test_the_clips_own_offset_is_no_fault() -> None:
    wanted = closings(talk((14, 15), (34, 34)), 0.02, STEP)
    early = talk((11, 12), (31, 31))
    assert closure_rate(early, wanted, 0.02, STEP) == 0.0
    assert closure_rate(early, wanted, 0.02, STEP, shift=0.12) == 1.0


def test_contrast_is_one_for_the_real_mouth_and_none_for_a_frozen_or_unrelated_one() -> None:
    true = 0.08 + 0.08 * np.sin(np.arange(100) * 0.7)
    assert contrast(true, true) == pytest.approx(1.0)
    assert contrast(np.zeros(100), true) == 0.0
    assert contrast(0.5 * true, true) == pytest.approx(0.5)
    assert abs(contrast(np.roll(true, 2), true)) < 0.5
    assert np.isnan(contrast(true, np.full(100, 0.1)))


def test_spread_looks_only_where_it_is_told() -> None:
    opening = np.concatenate([np.zeros(40), 0.1 * np.sin(np.arange(40.0))])
    assert spread(opening, np.arange(80) < 40) == 0.0
    assert spread(opening, np.arange(80) >= 40) == pytest.approx(0.07, abs=0.01)
    assert np.isnan(spread(opening, np.arange(80) < 3))


def test_lip_distance_is_in_head_units() -> None:
    lips = np.zeros((5, 40, 2))
    moved = lips + np.array([0.03, 0.04])
    moved[2] = np.nan
    assert lip_distance(moved, lips) == pytest.approx(0.05)
