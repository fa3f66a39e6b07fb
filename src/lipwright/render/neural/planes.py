"""Between the planes of a frame and the generator's square, there and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.media.types import U8, Frame

_SHRINK_BLUR: Final = 0.45
"""Blur against aliasing, in pixels of the larger picture per step of shrinking."""

Affine = NDArray[np.float64]


def cut_square(frame: Frame, to_square: Affine, size: int) -> NDArray[np.float32]:
    """Cut a square out of a frame.

    Parameters
    ----------
    frame
        The picture.
    to_square
        (2, 3): picture pixels to the unit square.
    size
        Side of the result.

    Returns
    -------
    (size, size, 3) float32: Y, U, V. Beyond the picture's edge its last pixels are repeated.
    """
    back = _from_square(to_square)
    step = float(np.linalg.norm(back[:, :2], axis=0).max()) / size
    out = [_sample(frame.y, back, size, step)]
    half = _half(back)
    out += [_sample(plane, half, size, step / 2.0) for plane in (frame.u, frame.v)]
    return np.stack(out, axis=2)


def _sample(plane: U8, back: Affine, size: int, step: float) -> NDArray[np.float32]:
    """Sample a plane; where its pixels are finer than the square's, several make one."""
    fine = max(1, math.ceil(step - 0.25))
    side = fine * size
    matrix = back.copy()
    matrix[:, 2] += matrix[:, :2] @ np.full(2, 0.5 / side)  # Centres of pixels.
    matrix[:, :2] /= side
    picture = cv2.warpAffine(
        plane,
        matrix,
        (side, side),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if fine > 1:
        picture = cv2.resize(picture.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.float32)


@dataclass(frozen=True, eq=False)
class Patch:
    """What the square says about one rectangle of the picture.

    Attributes
    ----------
    x0, y0
        Corner in picture pixels, both even.
    luma
        (h, w, K) float32; h and w even.
    chroma
        (h / 2, w / 2, L) float32.
    share
        (h, w, 2) float32: how much of the pixel is new, and how much of its old detail stays.
    """

    x0: int
    y0: int
    luma: NDArray[np.float32]
    chroma: NDArray[np.float32]
    share: NDArray[np.float32]


def lay_back(
    to_square: Affine,
    luma: NDArray[np.float32],
    chroma: NDArray[np.float32],
    share: NDArray[np.float32],
    size: tuple[int, int],
) -> Patch | None:
    """Lay pictures of the square back into the frame.

    Parameters
    ----------
    to_square
        (2, 3): picture pixels to the unit square.
    luma, chroma, share
        (S, S, K), (S, S, L) and (S, S, 2) float32.
    size
        Width and height of the frame, even.

    Returns
    -------
    The rectangle in which ``share`` is not zero, or ``None`` where it lies outside the frame.
    """
    side = luma.shape[0]
    rows, columns = np.nonzero(share[..., 0] > 0)
    if not len(rows):
        return None
    # One pixel of the square further, for what interpolation carries out.
    low = np.array([columns.min() - 1, rows.min() - 1]) / side
    high = np.array([columns.max() + 2, rows.max() + 2]) / side
    corners = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    back = _from_square(to_square)
    seen = corners @ back[:, :2].T + back[:, 2]
    x0, y0 = (int(v) for v in np.maximum(np.floor(seen.min(0) / 2.0) * 2, 0))
    x1, y1 = (int(v) for v in np.minimum(np.ceil(seen.max(0) / 2.0) * 2, size))
    if x1 <= x0 or y1 <= y0:
        return None
    shrink = side * float(np.linalg.norm(to_square[:, :2], axis=1).max())
    if shrink > 1.0:
        sigma = _SHRINK_BLUR * shrink
        luma, chroma = (
            np.asarray(cv2.GaussianBlur(p, (0, 0), sigma), np.float32) for p in (luma, chroma)
        )
    forth = to_square * side
    forth[:, 2] += forth[:, :2] @ np.array([x0, y0]) - 0.5
    half = forth.copy()
    half[:, 2] += half[:, :2] @ np.full(2, 0.5)
    half[:, :2] *= 2.0
    extent = (x1 - x0, y1 - y0)
    half_extent = (extent[0] // 2, extent[1] // 2)
    return Patch(
        x0,
        y0,
        _lay(luma, forth, extent, cv2.INTER_CUBIC),
        _lay(chroma, half, half_extent, cv2.INTER_CUBIC),
        _lay(share, forth, extent, cv2.INTER_LINEAR, outside=cv2.BORDER_CONSTANT),
    )


def _lay(
    picture: NDArray[np.float32],
    forth: Affine,
    extent: tuple[int, int],
    how: int,
    *,
    outside: int = cv2.BORDER_REPLICATE,
) -> NDArray[np.float32]:
    laid = cv2.warpAffine(
        picture, forth, extent, flags=how | cv2.WARP_INVERSE_MAP, borderMode=outside
    )
    return np.asarray(laid, np.float32)


def _from_square(to_square: Affine) -> Affine:
    return np.asarray(cv2.invertAffineTransform(to_square), np.float64)


def _half(back: Affine) -> Affine:
    """The same for chroma, whose samples lie in the middle of four pixels."""
    out = back / 2.0
    out[:, 2] -= 0.25
    return out
