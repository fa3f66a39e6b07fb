"""Remember what a person's own mouth looks like in all the shapes that the clip shows.

While a face is followed, the sharpest pictures of its mouth are kept, a few for each opening and
width. They are cut out as they are, unscaled, so that later each is warped only once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.landmarker import FaceLandmarks
from lipwright.faces.mouth_shape import OUTER_CORNERS, OUTER_LOWER, OUTER_UPPER
from lipwright.media.types import Frame

OUTER_OUTLINE: Final = np.array(
    [OUTER_CORNERS[0], *OUTER_UPPER, OUTER_CORNERS[1], *OUTER_LOWER[::-1]]
)
"""The rim of the lips, clockwise from the picture's left corner."""

_OPENINGS: Final = (0.012, 0.025, 0.04, 0.06, 0.085, 0.115, 0.15, 0.19, 0.24, 0.3, 0.4)
"""Borders between kinds of opening, head units."""

_MARGIN: Final = 0.34
_MAX_YAW: Final = 40.0
_PER_KIND: Final = 3
_BETTER: Final = 1.15
_NEAR_FRAMES: Final = 4
_STILL: Final = 0.03
_MAX_BYTES: Final = 24_000_000


@dataclass(frozen=True, eq=False)
class MouthPatch:
    """A mouth cut out of one frame.

    Attributes
    ----------
    frame_index
        The frame it is from.
    x0, y0
        Corner of the cut in that frame's pixels, both even.
    y, u, v
        (h, w) and twice (h / 2, w / 2) uint8.
    points
        (478, 3) float32: the landmarks, in pixels of that frame.
    sharpness
        Deviation of the luma's Laplacian, divided by the luma's own.
    """

    frame_index: int
    x0: int
    y0: int
    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]
    points: NDArray[np.float32]
    sharpness: float


class PatchHunter:
    """Looks at frames and keeps the best mouths of every kind."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, bool], list[tuple[float, MouthPatch]]] = {}
        self._usual_width: float | None = None
        self._last: NDArray[np.float32] | None = None
        self._bytes = 0

    def add(
        self,
        frame: Frame,
        face: FaceLandmarks,
        scale: float,
        yaw: float,
        values: NDArray[np.float32],
    ) -> None:
        """Look at one frame.

        Parameters
        ----------
        frame, face
            The frame and the face in it.
        scale
            Pixels per head unit.
        yaw
            Degrees.
        values
            (6,) of `lipwright.faces.mouth_shape.mouth_values`.
        """
        points = face.points[:, :2]
        lips = points[OUTER_OUTLINE]
        moved = _way(lips, self._last, scale)
        self._last = lips
        if abs(yaw) > _MAX_YAW:
            return
        width = float(values[1])
        usual = width if self._usual_width is None else self._usual_width
        self._usual_width = usual + 0.05 * (width - usual)
        kind = (int(np.searchsorted(_OPENINGS, values[0])), width > usual)
        box = _box(lips, _MARGIN * scale, frame)
        if box is None:
            return
        top, bottom, left, right = box
        luma = frame.y[top:bottom, left:right]
        sharpness = _sharpness(luma)
        score = sharpness * np.cos(np.radians(yaw)) ** 2 / (1.0 + (moved / _STILL) ** 2)
        self._admit(kind, score, frame, face, box, sharpness)

    def patches(self) -> tuple[MouthPatch, ...]:
        """Everything kept, in the frames' order."""
        found = [patch for kept in self._kept.values() for _, patch in kept]
        return tuple(sorted(found, key=lambda patch: patch.frame_index))

    def _admit(
        self,
        kind: tuple[int, bool],
        score: float,
        frame: Frame,
        face: FaceLandmarks,
        box: tuple[int, int, int, int],
        sharpness: float,
    ) -> None:
        kept = self._kept.setdefault(kind, [])
        # Neighbours look alike: only the better of them stays.
        near = [i for i, (_, p) in enumerate(kept) if frame.index - p.frame_index <= _NEAR_FRAMES]
        full = len(kept) >= _PER_KIND or self._bytes > _MAX_BYTES
        if near or full:
            if not kept:
                return
            worst = near[0] if near else min(range(len(kept)), key=lambda i: kept[i][0])
            if score < _BETTER * kept[worst][0]:
                return
            self._bytes -= kept.pop(worst)[1].y.size
        patch = _cut(frame, face, box, sharpness)
        self._bytes += patch.y.size
        kept.append((score, patch))


def _cut(
    frame: Frame, face: FaceLandmarks, box: tuple[int, int, int, int], sharpness: float
) -> MouthPatch:
    top, bottom, left, right = box
    half = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    return MouthPatch(
        frame.index,
        left,
        top,
        frame.y[top:bottom, left:right].copy(),
        frame.u[half].copy(),
        frame.v[half].copy(),
        face.points.astype(np.float32),
        sharpness,
    )


def _box(
    points: NDArray[np.float32], margin: float, frame: Frame
) -> tuple[int, int, int, int] | None:
    """Even rows and columns around points; ``None`` where the picture ends before that."""
    low = np.floor((points.min(0) - margin) / 2).astype(int) * 2
    high = np.ceil((points.max(0) + margin) / 2).astype(int) * 2
    if (low < 0).any() or high[0] > frame.width // 2 * 2 or high[1] > frame.height // 2 * 2:
        return None
    return int(low[1]), int(high[1]), int(low[0]), int(high[0])


def _way(lips: NDArray[np.float32], before: NDArray[np.float32] | None, scale: float) -> float:
    """How far the lips moved since the frame before, head units: what moves is blurred."""
    if before is None:
        return 0.0
    return float(np.linalg.norm(lips - before, axis=1).mean()) / scale


def _sharpness(luma: NDArray[np.uint8]) -> float:
    spread = float(luma.std())
    edges = cv2.Laplacian(luma, cv2.CV_32F, ksize=3)
    return float(edges.std()) / max(spread, 1.0)
