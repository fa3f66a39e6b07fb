"""Between the planes of a video and BGR pixels, by the video's own matrix and range."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from lipwright.media.types import F32, U8, ColorTags, Frame

_BT709 = 1
_BT601 = 5
_LIMITED = 1
_FULL = 2
# Kr and Kb of the luma equation by matrix code: ITU-T H.273, table 4.
_WEIGHTS = {
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}


class Planes(NamedTuple):
    """8-bit 4:2:0 planes: y (H, W), u and v (H/2, W/2); H and W even."""

    y: U8
    u: U8
    v: U8


def resolve(color: ColorTags, height: int) -> ColorTags:
    """Fill in what a stream leaves open: BT.601 below 720 lines, else BT.709; limited range."""
    matrix = color.matrix
    if matrix not in _WEIGHTS:
        matrix = _BT601 if height < 720 else _BT709
    return ColorTags(color.primaries, color.transfer, matrix, color.range or _LIMITED)


def luma_weights(matrix: int) -> tuple[float, float]:
    """Kr and Kb of a matrix code that `resolve` gave: ITU-T H.273, table 4."""
    return _WEIGHTS[matrix]


def to_bgr(picture: Frame | Planes, color: ColorTags | None = None, *, lines: int = 0) -> U8:
    """Turn planes into BGR pixels, within one level of the formula (ITU-T H.273, 8.3).

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

    Raises
    ------
    ValueError
        Odd sides, or planes without tags.
    """
    if color is None:
        if not isinstance(picture, Frame):
            raise ValueError("planes need colour tags")
        color = picture.color
    height, width = picture.y.shape
    _check_even(height, width)
    tags = resolve(color, lines or height)
    # Chroma is taken to lie in the middle of its four pixels, both ways: swscale and most
    # renderers are no more exact, and there and back leaves a picture where it was.
    u = cv2.resize(picture.u, (width, height), interpolation=cv2.INTER_LINEAR)
    v = cv2.resize(picture.v, (width, height), interpolation=cv2.INTER_LINEAR)
    merged = cv2.merge([picture.y, u, v])
    return np.asarray(cv2.transform(merged, _to_bgr(tags.matrix, tags.range)), dtype=np.uint8)


def bgr_to_yuv(bgr: U8, color: ColorTags, *, lines: int = 0) -> Planes:
    """Turn (H, W, 3) BGR pixels into planes under the stream's matrix and range.

    Parameters
    ----------
    bgr
        (H, W, 3) uint8; H and W even.
    color, lines
        As for `to_bgr`.

    Returns
    -------
    Planes
        Contiguous, within one level of the formula; each chroma sample is the mean of its
        four pixels.

    Raises
    ------
    ValueError
        Odd sides.
    """
    height, width = bgr.shape[:2]
    _check_even(height, width)
    tags = resolve(color, lines or height)
    matrix = _from_bgr(tags.matrix, tags.range)
    small = cv2.resize(bgr, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    y = cv2.transform(bgr, matrix[:1])
    chroma = cv2.transform(small, matrix[1:])
    return Planes(
        np.asarray(y, dtype=np.uint8).reshape(height, width),
        np.ascontiguousarray(chroma[..., 0]),
        np.ascontiguousarray(chroma[..., 1]),
    )


def bgr_matrices(color: ColorTags, lines: int) -> tuple[F32, F32]:
    """Rows that turn (Y, Cb, Cr, 1) into B, G, R, and (B, G, R, 1) into Y, Cb, Cr.

    Parameters
    ----------
    color, lines
        As for `to_bgr`.

    Returns
    -------
    (3, 4) each, all in levels of 0 to 255, for `cv2.transform`.
    """
    tags = resolve(color, lines)
    return _to_bgr(tags.matrix, tags.range), _from_bgr(tags.matrix, tags.range)


@lru_cache(maxsize=32)
def _from_bgr(matrix: int, span: int) -> F32:
    """(3, 4): rows give Y, Cb, Cr of (B, G, R, 1), all in levels of 0 to 255."""
    kr, kb = _WEIGHTS[matrix]
    luma = np.array([kb, 1 - kr - kb, kr])
    rows = np.stack(
        [
            luma,
            (np.array([1, 0, 0]) - luma) / (2 * (1 - kb)),
            (np.array([0, 0, 1]) - luma) / (2 * (1 - kr)),
        ]
    )
    scales, offsets = _levels(span)
    return np.hstack([rows * scales[:, None], offsets[:, None]]).astype(np.float32)


@lru_cache(maxsize=32)
def _to_bgr(matrix: int, span: int) -> F32:
    """(3, 4): the inverse of `_from_bgr`."""
    forth = _from_bgr(matrix, span).astype(np.float64)
    back = np.linalg.inv(forth[:, :3])
    return np.hstack([back, -back @ forth[:, 3:]]).astype(np.float32)


def _levels(span: int) -> tuple[np.ndarray, np.ndarray]:
    if span == _FULL:
        return np.ones(3), np.array([0.0, 128.0, 128.0])
    return np.array([219.0, 224.0, 224.0]) / 255, np.array([16.0, 128.0, 128.0])


def _check_even(height: int, width: int) -> None:
    if height % 2 or width % 2 or not height or not width:
        raise ValueError(f"4:2:0 needs even sides, got {width}x{height}")
