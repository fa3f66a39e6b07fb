from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lipwright.media.color import Planes, bgr_to_yuv, resolve, to_bgr
from lipwright.media.types import ColorTags, Frame

BT601, BT709, BT2020 = 6, 1, 9


def flat(y, u, v, size=16):
    half = np.full((size // 2, size // 2), 0, np.uint8)
    return Planes(np.full((size, size), y, np.uint8), half + np.uint8(u), half + np.uint8(v))


# Studio levels of pure colours as the standards print them: BT.601 and BT.709 primaries.
TABLE = [
    (BT601, 1, (16, 128, 128), (0, 0, 0)),
    (BT601, 1, (235, 128, 128), (255, 255, 255)),
    (BT601, 1, (81, 90, 240), (0, 0, 255)),
    (BT601, 1, (145, 54, 34), (0, 255, 0)),
    (BT601, 1, (41, 240, 110), (255, 0, 0)),
    (BT709, 1, (63, 102, 240), (0, 0, 255)),
    (BT709, 1, (173, 42, 26), (0, 255, 0)),
    (BT709, 1, (32, 240, 118), (255, 0, 0)),
    (BT601, 2, (76, 85, 255), (0, 0, 255)),
    (BT601, 2, (255, 128, 128), (255, 255, 255)),
    (BT2020, 1, (74, 97, 240), (0, 0, 255)),
]


@pytest.mark.parametrize(("matrix", "span", "yuv", "bgr"), TABLE)
def test_pure_colours(matrix, span, yuv, bgr):
    tags = ColorTags(2, 2, matrix, span)
    assert np.abs(to_bgr(flat(*yuv), tags).astype(int) - bgr).max() <= 3  # the table is rounded
    back = bgr_to_yuv(np.full((16, 16, 3), bgr, np.uint8), tags)
    for plane, level in zip(back, yuv, strict=True):
        assert np.abs(plane.astype(int) - level).max() <= 1


@pytest.mark.parametrize("matrix", [BT601, BT709, BT2020])
@pytest.mark.parametrize("span", [1, 2])
def test_there_and_back_changes_nothing_in_flat_parts(matrix, span):
    random = np.random.default_rng(2)
    tags = ColorTags(2, 2, matrix, span)
    y = np.kron(random.integers(60, 190, (12, 12)), np.ones((16, 16))).astype(np.uint8)
    u, v = (
        np.kron(random.integers(112, 145, (12, 12)), np.ones((8, 8))).astype(np.uint8)
        for _ in range(2)
    )
    back = bgr_to_yuv(to_bgr(Planes(y, u, v), tags), tags)
    inner = np.kron(np.ones((12, 12)), np.pad(np.ones((4, 4)), 2)).astype(bool)
    assert np.abs(back.y.astype(int) - y).max() <= 1
    for plane, was in ((back.u, u), (back.v, v)):
        difference = plane.astype(int) - was
        assert np.abs(difference[inner]).max() <= 1
        assert abs(difference[inner].mean()) < 0.1


def test_open_tags_depend_on_the_height():
    assert resolve(ColorTags(), 576) == ColorTags(2, 2, 5, 1)
    assert resolve(ColorTags(), 720) == ColorTags(2, 2, 1, 1)
    assert resolve(ColorTags(1, 1, 6, 2), 1080) == ColorTags(1, 1, 6, 2)


def test_a_crop_looks_like_its_part_of_the_picture():
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    frame = Frame(
        0, Fraction(0), 0, smooth + 16, smooth[::2, ::2] + 60, smooth[::2, ::2] + 70, ColorTags()
    )
    whole = to_bgr(frame)
    crop = Planes(frame.y[16:48, 8:40], frame.u[8:24, 4:20], frame.v[8:24, 4:20])
    part = to_bgr(crop, frame.color, lines=frame.height)
    assert np.abs(part[2:-2, 2:-2].astype(int) - whole[18:46, 10:38]).max() <= 1
    assert part.flags.c_contiguous
    assert part.flags.writeable


def test_a_crop_uses_the_matrix_of_the_whole():
    red = flat(63, 102, 240)
    as_hd = to_bgr(red, ColorTags(), lines=1080)
    assert np.abs(as_hd[0, 0].astype(int) - (0, 0, 255)).max() <= 3
    assert np.abs(to_bgr(red, ColorTags())[0, 0].astype(int) - (0, 0, 255)).max() > 10


def test_odd_sides_and_missing_tags_are_refused():
    with pytest.raises(ValueError, match="even"):
        bgr_to_yuv(np.zeros((5, 4, 3), np.uint8), ColorTags())
    with pytest.raises(ValueError, match="even"):
        to_bgr(Planes(*(np.zeros((h, 3), np.uint8) for h in (4, 2, 2))), ColorTags())
    with pytest.raises(ValueError, match="tags"):
        to_bgr(flat(1, 2, 3))
