from __future__ import annotations

import numpy as np
import pytest

from lipwright.render.mesh.layers import (
    ABOVE,
    BELOW,
    HALF_WIDTH,
    PIXELS_PER_UNIT,
    canvas_grid,
    canvas_size,
    layer,
)


def test_the_grid_measures_from_where_the_lips_meet():
    x, y = canvas_grid()
    width, height = canvas_size()
    assert x.shape == y.shape == (height, width)
    half = 0.5 / PIXELS_PER_UNIT
    assert (x.min(), x.max()) == pytest.approx((half - HALF_WIDTH, HALF_WIDTH - half), abs=0.005)
    assert (y.min(), y.max()) == pytest.approx((half - ABOVE, BELOW - half), abs=0.005)
    assert np.diff(x[0]) == pytest.approx(1 / PIXELS_PER_UNIT, abs=1e-5)


def test_colours_are_multiplied_by_alpha():
    yuv = np.full((4, 5, 3), [200.0, 120.0, 130.0])
    alpha = np.linspace(0, 1, 20).reshape(4, 5)
    made = layer(yuv, alpha).picture
    assert made.shape == (4, 5, 4)
    assert made.dtype == np.float32
    assert made[..., 3] == pytest.approx(alpha)
    assert made[..., 0] == pytest.approx(200 * alpha, rel=1e-6)


def test_softening_blurs_without_gain_or_loss():
    alpha = np.zeros((41, 41))
    alpha[20, 20] = 1.0
    sharp = layer(np.full((41, 41, 3), 100.0), alpha)
    soft = sharp.softened(2.0).picture
    assert soft.sum((0, 1)) == pytest.approx(sharp.picture.sum((0, 1)), rel=1e-3)
    rows = np.arange(41) - 20
    variance = (soft[..., 3] * rows[:, None] ** 2).sum()
    assert variance == pytest.approx(4.0, rel=0.1)
    assert sharp.softened(0.1) is sharp
