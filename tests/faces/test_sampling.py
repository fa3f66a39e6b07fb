from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lipwright.faces.sampling import sample_rgb, yuv_to_rgb_matrix
from lipwright.media.color import to_bgr
from lipwright.media.types import ColorTags, Frame

BT601, BT709, BT2020, UNSPECIFIED = 6, 1, 9, 2
LIMITED, FULL = 1, 2
GREY = ColorTags(2, 2, BT601, FULL)

# Studio levels of pure colours as the standards print them, rounded to whole levels.
COLOURS = [
    (BT601, LIMITED, 480, (16, 128, 128), (0, 0, 0)),
    (BT601, LIMITED, 480, (235, 128, 128), (255, 255, 255)),
    (BT601, LIMITED, 480, (81, 90, 240), (255, 0, 0)),
    (BT601, LIMITED, 480, (145, 54, 34), (0, 255, 0)),
    (BT601, LIMITED, 480, (41, 240, 110), (0, 0, 255)),
    (BT709, LIMITED, 480, (63, 102, 240), (255, 0, 0)),
    (BT709, LIMITED, 480, (173, 42, 26), (0, 255, 0)),
    (BT709, LIMITED, 480, (32, 240, 118), (0, 0, 255)),
    (BT601, FULL, 480, (76, 85, 255), (255, 0, 0)),
    (BT2020, LIMITED, 480, (74, 97, 240), (255, 0, 0)),
    # What carries no tags is BT.601 below 720 lines, BT.709 from there on, and limited.
    (UNSPECIFIED, 0, 719, (81, 90, 240), (255, 0, 0)),
    (UNSPECIFIED, 0, 720, (63, 102, 240), (255, 0, 0)),
]


def frame(y, u=None, v=None, color=GREY):
    y = np.asarray(y)
    half = np.full((y.shape[0] // 2, y.shape[1] // 2), 128.0)
    planes = (np.rint(p).astype(np.uint8) for p in (y, half if u is None else u, half))
    return Frame(0, Fraction(0), 0, *planes, color)


def shifted(x, y, scale=1.0):
    return np.array([[scale, 0.0, x], [0.0, scale, y]])


@pytest.mark.parametrize(("matrix", "span", "lines", "yuv", "rgb"), COLOURS)
def test_known_colours(matrix, span, lines, yuv, rgb):
    to_rgb = yuv_to_rgb_matrix(ColorTags(2, 2, matrix, span), lines)
    assert np.abs(to_rgb @ [*yuv, 1] - rgb).max() <= 2.5


@pytest.mark.parametrize("matrix", [BT601, BT709, BT2020, UNSPECIFIED])
@pytest.mark.parametrize("span", [0, LIMITED, FULL])
def test_agrees_with_the_media_room(matrix, span):
    random = np.random.default_rng(1)
    flat = [np.full(s, random.integers(90, 160), np.uint8) for s in ((16, 16), (8, 8), (8, 8))]
    picture = Frame(0, Fraction(0), 0, *flat, ColorTags(2, 2, matrix, span))
    sampled = sample_rgb(picture, shifted(4, 4), (6, 6))
    assert np.abs(sampled - to_bgr(picture)[4:10, 4:10, ::-1]).max() <= 1


def test_a_whole_pixel_crop_is_the_crop():
    y = np.random.default_rng(2).integers(0, 256, (60, 80))
    patch = sample_rgb(frame(y), shifted(13, 7), (20, 30))
    assert patch.shape == (30, 20, 3)
    assert np.abs(patch - y[7:37, 13:33, None]).max() < 1e-3


@pytest.mark.parametrize(("degrees", "scale"), [(0, 0.5), (30, 1.0), (-70, 1.7), (15, 4.0)])
def test_affine_patches_lie_where_the_map_says(degrees, scale):
    columns, rows = np.meshgrid(np.arange(240.0), np.arange(200.0))
    angle = np.radians(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    to_source = np.column_stack([turn, np.array([120.3, 100.6]) - turn @ [10, 10]])
    patch = sample_rgb(frame(40 + 0.5 * columns + 0.3 * rows), to_source, (21, 21))
    x, y = np.meshgrid(np.arange(21), np.arange(21))
    spots = np.stack([x, y], 2) @ turn.T + to_source[:, 2]
    wanted = 40 + 0.5 * spots[..., 0] + 0.3 * spots[..., 1]
    assert np.abs(patch[..., 0] - wanted).max() < 1.3
    assert abs((patch[..., 0] - wanted).mean()) < 0.3


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_chroma_lies_between_the_luma_samples(scale):
    columns, _ = np.meshgrid(np.arange(60.0), np.arange(60.0))
    picture = frame(np.full((120, 120), 100.0), u=100 + columns)
    patch = sample_rgb(picture, shifted(20, 20, scale), (20, 20))
    # Chroma sample c covers luma columns 2c and 2c + 1, so its own place is 2c + 0.5.
    wanted = 100 + 1.772 * (100 + (20 + scale * np.arange(20) - 0.5) / 2 - 128)
    assert np.abs(patch[..., 2] - wanted).max() < 1.9
    assert abs((patch[..., 2] - wanted).mean()) < 0.4


@pytest.mark.parametrize("scale", [2.0, 3.7, 8.0, 13.0])
def test_shrinking_averages_instead_of_aliasing(scale):
    columns, rows = np.meshgrid(np.arange(320), np.arange(320))
    patch = sample_rgb(frame(255.0 * ((columns + rows) % 2)), shifted(20, 20, scale), (20, 20))
    assert np.abs(patch[1:-1, 1:-1] - 127.5).max() < 12
    stripes = sample_rgb(frame(255.0 * (columns % 2)), shifted(20, 20, scale), (20, 20))
    assert abs(stripes[1:-1, 1:-1].mean() - 127.5) < 4


@pytest.mark.parametrize("scale", [3.0, 8.0, 13.0])
def test_a_shrunk_patch_inside_the_picture_has_no_dark_edge(scale):
    patch = sample_rgb(frame(np.full((400, 400), 200.0)), shifted(40, 40, scale), (20, 20))
    assert np.abs(patch - 200).max() < 1


@pytest.mark.parametrize("color", [GREY, ColorTags(2, 2, BT709, LIMITED)])
@pytest.mark.parametrize("scale", [1.0, 5.0])
def test_outside_the_picture_is_black(color, scale):
    patch = sample_rgb(
        frame(np.full((60, 60), 200.0), color=color), shifted(-100, 0, scale), (9, 9)
    )
    assert not patch.any()
    half = sample_rgb(
        frame(np.full((100, 100), 200.0), color=color), shifted(-10 * scale, 2, scale), (20, 5)
    )
    assert not half[:, :8].any()
    assert half[:, 12:].min() > 190


def test_nothing_leaves_the_range():
    random = np.random.default_rng(3)
    wild = [random.integers(0, 256, s).astype(np.uint8) for s in ((40, 40), (20, 20), (20, 20))]
    patch = sample_rgb(
        Frame(0, Fraction(0), 0, *wild, ColorTags(2, 2, BT709, LIMITED)), shifted(0, 0), (40, 40)
    )
    assert patch.dtype == np.float32
    assert patch.min() == 0
    assert patch.max() == 255
