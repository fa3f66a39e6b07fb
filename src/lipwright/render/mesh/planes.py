"""A rectangle of a picture while it is being worked on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in picture pixels, all even; right and bottom are outside."""


@dataclass(frozen=True, eq=False)
class Planes:
    """A rectangle of a 4:2:0 picture in float, its corner and sides even.

    ``y`` (h, w), ``u`` and ``v`` (h / 2, w / 2) float32.
    """

    x0: int
    y0: int
    y: NDArray[np.float32]
    u: NDArray[np.float32]
    v: NDArray[np.float32]

    @property
    def box(self) -> Box:
        """Where it lies in the picture."""
        height, width = self.y.shape
        return self.x0, self.y0, self.x0 + width, self.y0 + height

    def part(self, box: Box) -> Planes:
        """A view of a rectangle inside."""
        left, top, right, bottom = box
        rows = slice(top - self.y0, bottom - self.y0)
        columns = slice(left - self.x0, right - self.x0)
        half = np.s_[rows.start // 2 : rows.stop // 2, columns.start // 2 : columns.stop // 2]
        return Planes(left, top, self.y[rows, columns], self.u[half], self.v[half])

    def mix(self, other: Planes, share: NDArray[np.float32]) -> None:
        """Take over as much of another picture of the same rectangle as ``share`` (h, w) says."""
        half = halved(share)
        for mine, theirs, part in (
            (self.y, other.y, share),
            (self.u, other.u, half),
            (self.v, other.v, half),
        ):
            mine += part * (theirs - mine)


def halved(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h / 2, w / 2) means of (h, w)."""
    height, width = values.shape
    small = cv2.resize(values, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def overlap(one: Box, other: Box) -> Box | None:
    """What two rectangles share, if anything."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    return (left, top, right, bottom) if right > left and bottom > top else None


def box_around(points: NDArray[np.float64], margin: int, within: Box) -> Box | None:
    """The smallest even rectangle around (n, 2) points with a margin, as far as it is within."""
    left, top = (int(v) for v in np.floor((points.min(0) - margin) / 2).astype(int) * 2)
    right, bottom = (int(v) for v in np.ceil((points.max(0) + margin + 1) / 2).astype(int) * 2)
    return overlap((left, top, right, bottom), within)
