from __future__ import annotations

import numpy as np
import pytest

from lipwright.render.mesh.planes import Planes, box_around, halved, overlap


def planes(value=0.0):
    y = np.full((20, 30), value, np.float32)
    return Planes(100, 50, y, y[::2, ::2].copy(), y[::2, ::2].copy())


def test_a_part_is_a_view_of_the_same_pixels():
    whole = planes()
    part = whole.part((104, 52, 110, 60))
    part.y[:], part.u[:] = 7, 9
    assert part.box == (104, 52, 110, 60)
    assert (whole.y == 7).sum() == 6 * 8
    assert (whole.u == 9).sum() == 3 * 4
    assert whole.y[2, 4] == 7
    assert whole.y[1, 4] == 0
    assert whole.u[1, 2] == 9


def test_mixing_takes_over_as_much_as_is_asked():
    one, other = planes(10.0), planes(30.0)
    share = np.zeros((20, 30), np.float32)
    share[:10], share[10:] = 0.25, 1.0
    one.mix(other, share)
    assert one.y[0, 0] == pytest.approx(15)
    assert one.y[-1, 0] == pytest.approx(30)
    assert one.v[0, 0] == pytest.approx(15)
    assert one.v[-1, -1] == pytest.approx(30)


def test_halving_takes_means():
    assert halved(np.arange(16, dtype=np.float32).reshape(4, 4)).tolist() == [
        [2.5, 4.5],
        [10.5, 12.5],
    ]


def test_boxes_are_even_and_stay_within():
    box = box_around(np.array([[3.2, 5.1], [9.7, 8.0]]), 1, (0, 0, 100, 100))
    assert box == (2, 4, 12, 10)
    assert box_around(np.array([[3.2, 5.1], [9.7, 8.0]]), 1, (4, 6, 8, 8)) == (4, 6, 8, 8)
    assert box_around(np.array([[300.0, 5.1]]), 1, (0, 0, 100, 100)) is None


def test_rectangles_that_only_touch_share_nothing():
    assert overlap((0, 0, 4, 4), (4, 0, 8, 4)) is None
    assert overlap((0, 0, 6, 4), (4, 2, 8, 8)) == (4, 2, 6, 4)
