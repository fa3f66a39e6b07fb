from __future__ import annotations

import numpy as np
import pytest

from lipwright.faces.types import FaceTrack
from lipwright.render.plan import usable_weight, window_weight

TIMES = np.arange(100) / 25


def track(quality, times=TIMES):
    count = len(times)
    return FaceTrack(
        np.arange(count),
        np.asarray(times, np.float64),
        np.zeros((count, 478, 3), np.float32),
        np.zeros((count, 3), np.float32),
        np.broadcast_to(np.asarray(quality, np.float32), (count,)),
    )


@pytest.mark.parametrize(("start", "end"), [(1.0, 3.0), (0.0, 4.0), (1.01, 2.99), (1.0, 1.04)])
def test_nothing_outside_the_window_and_every_frame_inside(start, end):
    weight = window_weight(TIMES, start, end, 0.04)
    inside = (start - 1e-9 <= TIMES) & (end - 1e-9 > TIMES)
    assert weight.dtype == np.float32
    assert (weight[~inside] == 0).all()
    assert (weight[inside] > 0).all()
    assert weight.max() <= 1


def test_the_fade_is_short_smooth_and_reaches_one():
    weight = window_weight(TIMES, 1.0, 3.0, 0.04)
    assert weight[25:28] == pytest.approx([7 / 27, 20 / 27, 1.0])  # 3 s² - 2 s³ at 1/3, 2/3, 1
    assert weight[72:75] == pytest.approx([1.0, 20 / 27, 7 / 27])
    assert (weight[27:73] == 1).all()


def test_the_end_is_exclusive_even_after_rounding():
    tenth = np.array([0.1 * 3, 0.3])
    assert (window_weight(tenth, 0.3, 1.0, 0.1) > 0).all()
    assert (window_weight(tenth, 0.0, 0.3, 0.1) == 0).all()


def test_a_good_face_is_used_throughout():
    assert (usable_weight(track(1.0)) == 1).all()


def test_poor_frames_are_used_less():
    weight = usable_weight(track(np.linspace(0.01, 1, 100)))
    assert (np.diff(weight) > 0).all()
    assert usable_weight(track(0.5)) == pytest.approx(0.5)


def test_faded_out_before_the_face_is_lost():
    quality = np.ones(100)
    quality[50:60] = 0
    weight = usable_weight(track(quality))
    assert (weight[50:60] == 0).all()
    assert (np.diff(weight[40:51]) <= 0).all()
    assert (np.diff(weight[59:70]) >= 0).all()
    assert np.abs(np.diff(weight)).max() < 0.55
    assert (weight[:47] == 1).all()
    assert (weight[63:] == 1).all()


def test_faded_around_a_gap_in_the_track_but_not_around_a_lost_frame():
    times = np.delete(TIMES, range(50, 60))
    weight = usable_weight(track(1.0, times))
    assert weight[49] == weight[50] == 0
    assert 0 < weight[48] < 1
    assert (weight[:46] == 1).all()
    assert (usable_weight(track(1.0, np.delete(TIMES, [50, 51]))) == 1).all()


def test_an_empty_track_has_an_empty_weight():
    assert usable_weight(track(1.0, TIMES[:0])).shape == (0,)
