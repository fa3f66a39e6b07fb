from __future__ import annotations

import numpy as np
import pytest

from lipwright.render.mesh.interior import MouthInterior, outline_mask, paint
from lipwright.render.mesh.layers import canvas_grid, layer

HALF_WIDTH, HALF_HEIGHT = 30.0, 12.0


def ellipse(x=50.0, y=40.0, half_height=HALF_HEIGHT):
    """(20, 2) outline, clockwise from the left corner."""
    angle = np.pi + np.arange(20) * np.pi / 10
    return np.column_stack([x + HALF_WIDTH * np.cos(angle), y + half_height * np.sin(angle)])


def test_coverage_adds_up_to_the_area():
    mask = outline_mask(ellipse(), 0, 0, 100, 80)
    assert mask.shape == (80, 100)
    assert mask.min() == 0
    assert mask.max() == 1
    assert mask.sum() == pytest.approx(np.pi * HALF_WIDTH * HALF_HEIGHT, rel=0.03)


def test_the_edge_is_soft_and_one_pixel_wide():
    mask = outline_mask(ellipse(), 0, 0, 100, 80)
    column = mask[:40, 50]
    partly = (column > 0) & (column < 1)
    assert 1 <= partly.sum() <= 2
    x, y = np.meshgrid(np.arange(100), np.arange(80))
    radius = np.hypot((x - 50) / HALF_WIDTH, (y - 40) / HALF_HEIGHT)
    assert (mask[radius < 0.88] == 1).all()
    assert (mask[radius > 1.12] == 0).all()


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.25, 0.0), (0.5, 0.75), (-3.3, 6.1)])
def test_coverage_lies_where_the_outline_is(shift):
    mask = outline_mask(ellipse(50 + shift[0], 40 + shift[1]), 10, 20, 80, 40)
    y, x = np.indices(mask.shape)
    assert (mask * x).sum() / mask.sum() + 10 == pytest.approx(50 + shift[0], abs=0.15)
    assert (mask * y).sum() / mask.sum() + 20 == pytest.approx(40 + shift[1], abs=0.15)


def test_a_closed_mouth_covers_nothing():
    assert outline_mask(ellipse(half_height=0.0), 0, 0, 100, 80).max() < 0.3
    assert not outline_mask(ellipse(x=300.0), 0, 0, 100, 80).any()


def test_corners_stay_sharp():
    lens = ellipse()
    lens[[0, 10], 0] += (-10, 10)
    mask = outline_mask(lens, 0, 0, 100, 80)
    assert mask[38:43, 12:16].max() > 0
    assert not mask[:34, 10:16].any()


SCALE = 60.0
CAVITY = (30.0, 126.0, 132.0)


def spot(x, y, shade):
    """A layer that is one soft dot of a shade, at head-unit coordinates of the canvas."""
    grid_x, grid_y = canvas_grid()
    alpha = np.exp(-(((grid_x - x) ** 2 + (grid_y - y) ** 2) / 0.02**2))
    return layer(np.ones((*alpha.shape, 3)) * [shade, 128.0, 128.0], alpha)


def interior(upper=None, lower=None, tongue=None):
    nothing = layer(np.zeros((*canvas_grid()[0].shape, 3)), np.zeros_like(canvas_grid()[0]))
    return MouthInterior(
        upper=upper or nothing,
        lower=lower or nothing,
        tongue=tongue or nothing,
        cavity=CAVITY,
        meeting=np.array([0.0, 1.0, 0.0]),
        upper_shadow=1.0,
    )


def painted(inside, jaw_drop=0.0, turn=None, origin=(60.0, 0.0, 0.0), corner=(0, 0)):
    mask = np.ones((120, 120), np.float32)
    turn = np.eye(3) if turn is None else turn
    return paint(inside, turn, SCALE, np.array(origin), jaw_drop, mask, *corner)


def brightest(picture):
    excess = np.clip(picture[..., 0] - CAVITY[0], 0, None)
    y, x = np.indices(excess.shape)
    return (excess * x).sum() / excess.sum(), (excess * y).sum() / excess.sum()


def test_behind_everything_is_the_dark():
    picture = painted(interior())
    assert picture.shape == (120, 120, 3)
    assert np.abs(picture - CAVITY).max() < 0.01


@pytest.mark.parametrize(("name", "share"), [("upper", 0.0), ("lower", 1.0), ("tongue", 0.5)])
@pytest.mark.parametrize("drop", [0.0, 0.2])
def test_upper_teeth_keep_to_the_skull_the_rest_goes_with_the_jaw(name, share, drop):
    inside = interior(**{name: spot(0.1, -0.05, 200.0)})
    x, y = brightest(painted(inside, drop))
    # The middle of the lips is one unit below the eyes.
    assert x == pytest.approx(60 + 0.1 * SCALE, abs=0.3)
    assert y == pytest.approx((1.0 - 0.05 + share * drop) * SCALE, abs=0.5)


def test_the_inside_turns_and_moves_with_the_head():
    angle = np.radians(20)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    found = brightest(
        painted(interior(upper=spot(0.1, 0.0, 200.0)), 0.0, turn, (180.5, 100.0, 0.0), (100, 100))
    )
    wanted = turn[:2, :2] @ (SCALE * np.array([0.1, 1.0])) + (80.5, 0.0)
    assert found == pytest.approx(tuple(wanted), abs=0.4)


def test_upper_teeth_hide_lower_teeth():
    both = interior(upper=spot(0.0, 0.0, 100.0), lower=spot(0.0, 0.0, 220.0))
    assert painted(both)[60, 60, 0] == pytest.approx(100, abs=8)


def test_lips_keep_the_light_out():
    grid_x, _ = canvas_grid()
    white = layer(np.full((*grid_x.shape, 3), 200.0), np.ones_like(grid_x))
    outline = np.column_stack([ellipse(60.0, 60.0)])
    mask = outline_mask(outline, 0, 0, 120, 120)
    picture = paint(
        interior(upper=white), np.eye(3), SCALE, np.array([60.0, 0.0, 0.0]), 0.0, mask, 0, 0
    )
    top, middle, bottom = picture[49, 60, 0], picture[60, 60, 0], picture[71, 60, 0]
    assert CAVITY[0] < top < bottom < middle <= 200
    assert picture[mask > 0, 0].min() >= CAVITY[0]
