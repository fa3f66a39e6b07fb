from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lipwright.media.types import ColorTags, Frame
from lipwright.render.neural.planes import cut_square, lay_back

WIDTH, HEIGHT = 160, 120


def ramp() -> Frame:
    """Luma grows to the right, one chroma downwards, the other both ways."""
    xs, ys = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    u = (ys + 60)[::2, ::2]
    v = ((xs + ys) // 2 + 50)[::2, ::2]
    planes = [np.asarray(p, np.uint8) for p in (xs + 20, u, v)]
    return Frame(0, Fraction(0), 0, *planes, ColorTags())


def box(x: float, y: float, side: float, turn: float = 0.0) -> np.ndarray:
    """(2, 3) to the unit square whose corner is (x, y) where pixels' corners are at -0.5."""
    c, s = np.cos(turn) / side, np.sin(turn) / side
    linear = np.array([[c, s], [-s, c]])
    return np.column_stack([linear, -linear @ [x - 0.5, y - 0.5]])


@pytest.mark.parametrize("size", [16, 40, 96])
def test_a_square_is_cut_where_it_lies(size):
    """Square pixels average or interpolate what they cover, whatever their number."""
    cut = cut_square(ramp(), box(20, 10, 80), size)
    assert cut.shape == (size, size, 3)
    centre = (np.arange(size) + 0.5) / size * 80
    x, y = 20 + centre - 0.5, 10 + centre - 0.5
    inner = slice(2, -2)
    assert cut[4, inner, 0] == pytest.approx((x + 20)[inner], abs=1.0)
    assert cut[inner, 4, 1] == pytest.approx((y + 60)[inner], abs=1.6)
    assert cut[inner, inner, 2] == pytest.approx(((x + y[:, None]) / 2 + 50)[inner, inner], abs=1.6)


def test_beyond_the_edge_the_last_pixels_go_on():
    cut = cut_square(ramp(), box(-40, -40, 80), 40)
    assert cut[0, 0] == pytest.approx([20, 60, 50], abs=0.5)
    assert cut[:5, 10, 0] == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize("size", [32, 96, 256])
@pytest.mark.parametrize("turn", [0.0, 0.5])
def test_there_and_back(size, turn):
    frame, to_square = ramp(), box(70, 16, 64, turn)
    cut = cut_square(frame, to_square, size)
    share = np.zeros((size, size, 2), np.float32)
    inner = slice(size // 4, -size // 4)
    share[inner, inner] = 1.0
    patch = lay_back(to_square, cut[..., [0, 0]], cut[..., 1:], share, (WIDTH, HEIGHT))
    height, width = patch.share.shape[:2]
    assert (patch.x0 % 2, patch.y0 % 2, height % 2, width % 2) == (0, 0, 0, 0)
    there = np.s_[patch.y0 : patch.y0 + height, patch.x0 : patch.x0 + width]
    kept = patch.share[..., 0] > 0.99
    assert kept.sum() == pytest.approx(32 * 32, rel=0.25)
    assert np.abs(patch.luma[..., 0] - frame.y[there])[kept].max() < 2.0
    half = np.s_[patch.y0 // 2 : (patch.y0 + height) // 2, patch.x0 // 2 : (patch.x0 + width) // 2]
    small = kept[::2, ::2] & kept[1::2, 1::2]
    for index, plane in enumerate((frame.u, frame.v)):
        assert np.abs(patch.chroma[..., index] - plane[half])[small].max() < 2.5


def test_shares_end_with_the_square():
    share = np.ones((32, 32, 2), np.float32)
    flat = np.zeros((32, 32, 2), np.float32)
    patch = lay_back(box(60, 20, 64), flat, flat, share, (WIDTH, HEIGHT))
    outside = np.ones(patch.share.shape[:2], bool)
    outside[20 - patch.y0 - 2 : 84 - patch.y0 + 2, 60 - patch.x0 - 2 : 124 - patch.x0 + 2] = False
    assert (patch.share[outside] == 0).all()


def test_outside_of_the_frame_there_is_nothing_to_lay():
    share = np.ones((32, 32, 2), np.float32)
    flat = np.zeros((32, 32, 2), np.float32)
    assert lay_back(box(500, 20, 64), flat, flat, share, (WIDTH, HEIGHT)) is None
    assert lay_back(box(60, 20, 64), flat, flat, share * 0, (WIDTH, HEIGHT)) is None
    partly = lay_back(box(-30, 90, 64), flat, flat, share, (WIDTH, HEIGHT))
    assert (partly.x0, partly.y0 + partly.share.shape[0]) == (0, HEIGHT)
