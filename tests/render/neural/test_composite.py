"""Compositing alone, with a generated picture that is known."""

from __future__ import annotations

import numpy as np
import pytest

from lipwright.render.neural.composite import colour_field, compose, shares
from lipwright.render.neural.planes import cut_square

AT = 8


@pytest.fixture(scope="module", params=[96, 256])
def cut(request, scene):
    """A frame, its square's transform, the square cut out of it, and the maps."""
    frame, square = scene.frames[AT], scene.bank.square
    size = request.param
    to_square = square.to_square[AT]
    maps = shares(square.region[AT], square.mouth[AT], size)
    return frame, to_square, cut_square(frame, to_square, size), maps


def planes(frame):
    return frame.y, frame.u, frame.v


def test_the_maps(cut):
    _, _, _, maps = cut
    size = len(maps.mask)
    for drawn in (maps.mask, maps.detail, maps.rim):
        assert drawn.shape == (size, size)
        assert drawn.dtype == np.float32
        assert drawn.min() >= 0.0
        assert drawn.max() <= 1.0
    assert (maps.mask[: size // 2 - 2] == 0).all()  # what the generator is shown
    for edge in (maps.mask[0], maps.mask[-1], maps.mask[:, 0], maps.mask[:, -1]):
        assert edge.max() == 0.0
    mouth = maps.mask[size * 7 // 10 : size * 8 // 10, size * 4 // 10 : size * 6 // 10]
    assert mouth.min() == 1.0
    assert maps.detail[size * 7 // 10 : size * 8 // 10, size // 2].max() == 0.0
    assert maps.detail[size * 7 // 10, size // 10] == maps.detail[-1, size // 2] == 1.0
    assert (maps.rim[maps.mask == 1] == 0).all()
    # Soft: no step from one pixel to the next.
    assert np.abs(np.diff(maps.mask, axis=0)).max() < 20 / size


def test_what_is_put_back_as_it_was_changes_next_to_nothing(cut):
    """A generator that returns what it was given: skin keeps its detail, the mouth softens."""
    frame, to_square, under, maps = cut
    after = compose(frame, to_square, under, under, maps, 1.0)
    for plane, was in zip(planes(after), planes(frame), strict=True):
        change = np.abs(plane.astype(int) - was)
        assert change.mean() < 0.3
        assert np.quantile(change[change > 0], 0.95) <= 12 if change.any() else True


def test_outside_of_the_mask_every_pixel_stays(cut):
    frame, to_square, under, maps = cut
    after = compose(frame, to_square, under, np.zeros_like(under), maps, 1.0)
    size = len(maps.mask)
    ys, xs = np.indices(frame.y.shape)
    places = np.stack([xs, ys], 2) @ to_square[:, :2].T + to_square[:, 2]
    in_square = np.rint(places * size - 0.5).astype(int)
    inside = ((in_square >= 0) & (in_square < size)).all(2)
    reached = np.zeros(frame.y.shape, bool)
    grown = maps.mask > 0
    for axis in (0, 1):  # one pixel of the square for interpolation
        grown = grown | np.roll(grown, 1, axis) | np.roll(grown, -1, axis)
    reached[inside] = grown[in_square[inside][:, 1], in_square[inside][:, 0]]
    assert (after.y != frame.y).sum() > 2000
    assert (after.y == frame.y)[~reached].all()
    half = reached.reshape(120, 2, 120, 2).any(axis=(1, 3))
    for plane, was in ((after.u, frame.u), (after.v, frame.v)):
        assert (plane == was)[~half].all()
    eyes = scene_eyes(frame)
    assert (after.y[eyes] == frame.y[eyes]).all()


def scene_eyes(frame):
    return np.s_[: frame.height // 2 - 10]


@pytest.mark.parametrize("tint", [(12.0, 0.0, 0.0), (-15.0, 4.0, -6.0)])
def test_a_colour_that_is_off_is_matched(cut, tint):
    frame, to_square, under, maps = cut
    wrong = under + np.float32(tint)
    field = colour_field(wrong, under, maps.rim)
    assert np.abs(field + np.float32(tint)).max() < 0.01
    matched = compose(frame, to_square, under, wrong + field, maps, 1.0)
    plain = compose(frame, to_square, under, under, maps, 1.0)
    for plane, other in zip(planes(matched), planes(plain), strict=True):
        assert np.abs(plane.astype(int) - other).max() <= 1


def test_a_light_from_the_side_is_matched_too(cut):
    _, _, under, maps = cut
    size = len(maps.mask)
    slope = np.linspace(-15, 15, size, dtype=np.float32)[None, :, None] * np.float32([1, 0, 0])
    field = colour_field(under + slope, under, maps.rim)
    left = (under + slope + field - under)[:, : size // 3][maps.mask[:, : size // 3] > 0.5]
    assert np.abs(left[:, 0]).mean() < 5.0


def test_another_shape_does_not_pull_the_colour_far(cut):
    _, _, under, maps = cut
    field = colour_field(np.zeros_like(under), under, maps.rim)
    assert np.abs(field).max() <= 24.01
    assert (colour_field(under, under * 2, np.zeros_like(maps.rim)) == 0).all()


def test_the_weight_fades(cut):
    frame, to_square, under, maps = cut
    dark = under / 2 + 40
    full = compose(frame, to_square, under, dark, maps, 1.0).y.astype(int)
    half = compose(frame, to_square, under, dark, maps, 0.5).y.astype(int)
    assert np.abs(half - (full + frame.y.astype(int)) / 2).max() <= 1.0


def test_a_face_beyond_the_picture_changes_nothing(cut):
    frame, to_square, under, maps = cut
    away = to_square.copy()
    away[:, 2] += 50.0
    assert compose(frame, away, under, under, maps, 1.0) is frame
