"""What an engine changes of a picture, before any codec: where it must not, and at its border."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.media.types import U8, Frame

_REACH: Final = 0.6
"""How far beyond the face's outline an engine may draw (chin and jaw move the throat), in
distances between the outer eye corners."""

_RIM: Final = 2
"""Pixels on either side of the changed area's border that make the seam."""

_VISIBLE: Final = 2
"""Levels of a change that count as part of the changed area."""

_LEAST_PIXELS: Final = 50


@dataclass
class ChangeMeter:
    """Collects over the frames of one rendering.

    Attributes
    ----------
    outside
        Largest change of any sample outside the face, levels; 0 is the only good value.
    frames
        How many frames were changed.
    """

    outside: int = 0
    frames: int = 0
    _made: float = 0.0
    _source: float = 0.0

    def add(self, source: Frame, made: Frame, points: NDArray[np.float32]) -> None:
        """Compare one frame with its source.

        Parameters
        ----------
        source, made
            The frame before and after the engine.
        points
            (478, 3) landmarks of the face in the source; NaN where there is none, and nothing
            may have changed.
        """
        if made is source:
            return
        area = np.zeros(source.y.shape, np.uint8)
        if np.isfinite(points[0, 0]):
            _draw_face(area, points)
        for name in ("y", "u", "v"):
            before, after = getattr(source, name), getattr(made, name)
            free = area if name == "y" else area[::2, ::2][: before.shape[0], : before.shape[1]]
            apart = cv2.absdiff(before, after)
            apart[free > 0] = 0
            self.outside = max(self.outside, int(apart.max()))
        self.frames += 1
        self._add_seam(source.y, made.y)

    @property
    def seam(self) -> float:
        """Gradient along the changed area's border, made over source; 1 shows no seam."""
        return self._made / self._source if self._source > 0.0 else float("nan")

    def _add_seam(self, source: U8, made: U8) -> None:
        changed = (cv2.absdiff(source, made) >= _VISIBLE).astype(np.uint8)
        rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
        if not len(rows):
            return
        part = np.s_[
            max(0, int(rows[0]) - 8) : int(rows[-1]) + 9,
            max(0, int(columns[0]) - 8) : int(columns[-1]) + 9,
        ]
        whole = cv2.morphologyEx(
            changed[part], cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
        )
        contours, _ = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        rim = np.zeros_like(whole)
        cv2.drawContours(rim, contours, -1, 1, 2 * _RIM + 1)
        where = rim > 0
        if where.sum() < _LEAST_PIXELS:
            return
        self._made += float(_gradient(made[part])[where].mean())
        self._source += float(_gradient(source[part])[where].mean())


def _draw_face(area: U8, points: NDArray[np.float32]) -> None:
    """Fill the face's outline and what lies within reach of it."""
    eyes = float(np.linalg.norm(points[263, :2] - points[33, :2]))
    hull = cv2.convexHull(np.rint(points[:, :2]).astype(np.int32))
    cv2.fillConvexPoly(area, hull, 1)
    cv2.polylines(area, [hull], True, 1, thickness=max(1, round(2 * _REACH * eyes)))


def _gradient(luma: U8) -> NDArray[np.float32]:
    across = cv2.Sobel(luma, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down), dtype=np.float32)
