"""Between the planes of a video and BGR pixels, by the video's own matrix and range."""

from __future__ import annotations

from typing import NamedTuple

from lipwright.media.types import U8, ColorTags, Frame


class Planes(NamedTuple):
    """8-bit 4:2:0 planes: y (H, W), u and v (H/2, W/2); H and W even."""

    y: U8
    u: U8
    v: U8


def resolve(color: ColorTags, height: int) -> ColorTags:
    """Fill in what a stream leaves open: BT.601 below 720 lines, else BT.709; limited range."""
    raise NotImplementedError


def to_bgr(picture: Frame | Planes, color: ColorTags | None = None, *, lines: int = 0) -> U8:
    """Turn planes into BGR pixels.

    Parameters
    ----------
    picture
        A frame, or planes of a frame or of a crop with even corners and sides.
    color
        Colour tags; a frame's own where ``None``. Required for `Planes`.
    lines
        Height of the whole picture, where ``picture`` is a crop of it: decides the matrix of
        streams that carry none. 0 takes the planes' own height.

    Returns
    -------
    U8
        (H, W, 3), contiguous, writable.
    """
    raise NotImplementedError


def bgr_to_yuv(bgr: U8, color: ColorTags, *, lines: int = 0) -> Planes:
    """Turn (H, W, 3) BGR pixels into planes under the stream's matrix and range.

    Parameters
    ----------
    bgr
        (H, W, 3) uint8; H and W even.
    color, lines
        As for `to_bgr`.
    """
    raise NotImplementedError
