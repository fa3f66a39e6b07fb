from __future__ import annotations

import numpy as np
import pytest

from lipwright.render.mesh.inside_map import inside_map


def outline(upper=-0.1, lower=0.1, half=0.4, centre=0.0):
    """A mouth: corners at height 0, lips bent to their heights in the middle; (20, 2)."""
    x = np.linspace(-half, half, 11)
    bend = 1 - (x / half) ** 2
    top = np.stack([centre + x, upper * bend], 1)
    bottom = np.stack([centre + x, lower * bend], 1)
    return np.concatenate([top[:-1], bottom[::-1][:-1]])


def points(mouth, columns=21, rows=15):
    """Points between the lips, away from the corners."""
    x = np.linspace(-0.25, 0.25, columns)
    top = np.interp(x, mouth[:11, 0], mouth[:11, 1])
    lower = np.concatenate([mouth[10:], mouth[:1]])[::-1]
    bottom = np.interp(x, lower[:, 0], lower[:, 1])
    share = np.linspace(0.02, 0.98, rows)[:, None]
    return np.tile(x, (rows, 1)), top + share * (bottom - top)


def test_the_same_mouth_maps_to_itself():
    mouth = outline()
    x, y = points(mouth)
    to_x, to_y = inside_map(mouth, mouth, x, y)
    assert to_x == pytest.approx(x, abs=1e-9)
    assert to_y == pytest.approx(y, abs=5e-3)


@pytest.mark.parametrize("lower", [0.05, 0.14, 0.2])
def test_upper_teeth_keep_their_place_in_the_skull(lower):
    target, source = outline(lower=0.1), outline(lower=lower)
    x, y = points(target)
    to_x, to_y = inside_map(target, source, x, y)
    top = slice(1, 6)
    assert to_x == pytest.approx(x, abs=1e-9)
    assert to_y[top] == pytest.approx(y[top], abs=2e-3)


def test_lower_teeth_go_with_the_lower_lip():
    target, source = outline(lower=0.1), outline(lower=0.2)
    x, y = points(target)
    _, to_y = inside_map(target, source, x, y)
    bend = 1 - (x / 0.4) ** 2
    assert to_y[-2] == pytest.approx(y[-2] + 0.1 * bend[-2], abs=4e-3)


@pytest.mark.parametrize("lower", [-0.05, 0.0, 0.1, 0.3])
def test_order_is_never_lost(lower):
    """Going down between the lips goes down in the source as well, however narrow that is."""
    target, source = outline(lower=0.1), outline(lower=lower)
    x, y = points(target)
    _, to_y = inside_map(target, source, x, y)
    assert (np.diff(to_y, axis=0) > -1e-9).all()


@pytest.mark.parametrize("half", [0.3, 0.4, 0.5])
def test_nothing_is_taken_from_outside_the_lips(half):
    target, source = outline(half=0.4), outline(half=half, upper=-0.07, lower=0.16)
    x, y = points(target)
    to_x, to_y = inside_map(target, source, x, y)
    bend = 1 - (to_x / half) ** 2
    assert (np.abs(to_x) <= half).all()
    assert (to_y >= -0.07 * bend - 1e-3).all()
    assert (to_y <= 0.16 * bend + 1e-3).all()


def test_corners_meet_corners():
    target, source = outline(half=0.45), outline(half=0.35)
    x = np.array([[-0.45, 0.0, 0.45]])
    to_x, _ = inside_map(target, source, x, np.zeros((1, 3)))
    assert to_x[0] == pytest.approx([-0.35, 0.0, 0.35])
