"""Straight RGB samples of a frame's planes: crops under an affine map, never the whole picture.

Converting 1080p to RGB costs more than finding a face in it, and the networks only look at small
squares; so the planes are sampled first and only the square is converted.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.media.color import luma_weights, resolve
from lipwright.media.types import ColorTags, Frame

_FULL_RANGE: Final = 2


@lru_cache(maxsize=8)
def yuv_to_rgb_matrix(color: ColorTags, height: int) -> NDArray[np.float32]:
    """Affine map from 8-bit Y, U, V to R, G, B in 0..255.

    Coefficients follow ITU-R BT.601, BT.709 and BT.2020; an untagged stream is read as BT.601
    below 720 lines and as BT.709 from there on, as players do.

    Returns
    -------
    (3, 4) float32; the last column is the offset.
    """
    tags = resolve(color, height)
    kr, kb = luma_weights(tags.matrix)
    kg = 1.0 - kr - kb
    full = tags.range == _FULL_RANGE
    y_gain = 1.0 if full else 255.0 / 219.0
    c_gain = 1.0 if full else 255.0 / 224.0
    y_zero = 0.0 if full else 16.0
    to_rgb = np.array(
        [
            [y_gain, 0.0, 2 * (1 - kr) * c_gain],
            [y_gain, -2 * (1 - kb) * kb / kg * c_gain, -2 * (1 - kr) * kr / kg * c_gain],
            [y_gain, 2 * (1 - kb) * c_gain, 0.0],
        ]
    )
    offset = -to_rgb @ np.array([y_zero, 128.0, 128.0])
    return np.hstack([to_rgb, offset[:, None]]).astype(np.float32)


def sample_rgb(
    frame: Frame, to_source: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.float32]:
    """Cut an affinely placed patch out of a frame.

    Parameters
    ----------
    frame
        The picture.
    to_source
        (2, 3): maps patch pixel centres to frame pixels. Outside the picture is black.
    size
        Width and height of the patch in pixels.

    Returns
    -------
    (height, width, 3) float32 RGB in 0..255.
    """
    scale = float(np.sqrt(abs(np.linalg.det(to_source[:, :2]))))
    patch_y = _warp(frame.y, to_source, size, scale, 0)
    # Chroma samples lie at half resolution: x_c = (x + 0.5) / 2 - 0.5 for centred siting.
    half = to_source.copy()
    half[:, :2] /= 2.0
    half[:, 2] = (to_source[:, 2] + 0.5) / 2.0 - 0.5
    patch_u = _warp(frame.u, half, size, scale / 2.0, 128)
    patch_v = _warp(frame.v, half, size, scale / 2.0, 128)
    patch = cv2.merge((patch_y, patch_u, patch_v)).astype(np.float32)
    rgb = np.asarray(
        cv2.transform(patch, yuv_to_rgb_matrix(frame.color, frame.height)), dtype=np.float32
    )
    return np.clip(rgb, 0.0, 255.0, out=rgb)


def _warp(
    plane: NDArray[np.uint8],
    to_source: NDArray[np.float64],
    size: tuple[int, int],
    scale: float,
    outside: int,
) -> NDArray[np.uint8]:
    """Sample a plane; where it shrinks a lot, average first so that nothing aliases."""
    if scale < 2.0:
        return np.asarray(
            cv2.warpAffine(
                plane,
                to_source,
                size,
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=(outside,),
            ),
            dtype=np.uint8,
        )
    corners = np.array([[0, 0, 1], [size[0], 0, 1], [0, size[1], 1], [size[0], size[1], 1]])
    spots = corners @ to_source.T
    margin = 2 + int(np.ceil(scale))
    low = np.clip(np.floor(spots.min(0)).astype(int) - margin, 0, plane.shape[::-1])
    high = np.clip(np.ceil(spots.max(0)).astype(int) + margin, 0, plane.shape[::-1])
    if (high - low).min() < 4:
        return np.full((size[1], size[0]), outside, np.uint8)
    region = plane[low[1] : high[1], low[0] : high[0]]
    small_size = np.maximum(((high - low) / scale).round().astype(int), 1)
    small = cv2.resize(
        region, (int(small_size[0]), int(small_size[1])), interpolation=cv2.INTER_AREA
    )
    ratio = (high - low) / small_size
    shrunk = to_source.copy()
    shrunk[:, 2] = (to_source[:, 2] + 0.5 - low) / ratio - 0.5
    shrunk[:, :2] = to_source[:, :2] / ratio[:, None]
    return _warp(np.asarray(small, dtype=np.uint8), shrunk, size, 1.0, outside)
