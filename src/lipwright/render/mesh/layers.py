"""The layers behind the lips, drawn once per person on a flat canvas that faces the viewer.

A canvas is a picture in head units: what is drawn on it keeps its place in the head (upper
teeth) or in the jaw (lower teeth, tongue), and the lips only uncover it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

PIXELS_PER_UNIT: Final = 192
HALF_WIDTH: Final = 0.62
ABOVE: Final = 0.36
BELOW: Final = 0.44
"""Extent of a canvas in head units around the point where the closed lips meet."""

_VISIBLE_BLUR: Final = 0.33


@dataclass(frozen=True, eq=False)
class Layer:
    """A canvas.

    Attributes
    ----------
    picture
        (H, W, 4) float32: Y, U, V (8-bit values of the video's own colour space) times alpha,
        and alpha in 0..1.
    """

    picture: NDArray[np.float32]

    def softened(self, sigma: float) -> Layer:
        """Blurred with a standard deviation in canvas pixels; itself below a third of one."""
        if sigma < _VISIBLE_BLUR:
            return self
        blurred = cv2.GaussianBlur(self.picture, (0, 0), sigma)
        return Layer(np.asarray(blurred, dtype=np.float32))


def layer(yuv: NDArray[np.floating], alpha: NDArray[np.floating]) -> Layer:
    """Make a layer of (H, W, 3) colours and (H, W) alpha."""
    stacked = np.dstack([yuv * alpha[..., None], alpha])
    return Layer(np.asarray(stacked, dtype=np.float32))


def canvas_size() -> tuple[int, int]:
    """Width and height of a canvas in its own pixels."""
    return round(2 * HALF_WIDTH * PIXELS_PER_UNIT), round((ABOVE + BELOW) * PIXELS_PER_UNIT)


def canvas_grid() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(H, W) head-unit coordinates of a canvas's pixels: x from the middle, y from the lips."""
    width, height = canvas_size()
    x = (np.arange(width, dtype=np.float32) + 0.5) / PIXELS_PER_UNIT - HALF_WIDTH
    y = (np.arange(height, dtype=np.float32) + 0.5) / PIXELS_PER_UNIT - ABOVE
    grid_x, grid_y = np.meshgrid(x, y)
    return grid_x.astype(np.float32), grid_y.astype(np.float32)
