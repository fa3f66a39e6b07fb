"""Hold the mouth still: the same square of the face, frame after frame and file after file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose, fit_head, reference_head
from lipwright.faces.mouth_shape import OUTER_CORNERS, OUTER_LOWER, OUTER_UPPER
from lipwright.faces.smoothing import smooth
from lipwright.media.types import U8

HALF_WIDTH: Final = 0.62
ABOVE: Final = 0.38
BELOW: Final = 0.56
"""Extent of the square around the lips' middle, inter-ocular distances."""

_FINEST: Final = 160.0
"""Pixels per inter-ocular distance beyond which a mouth is looked at no closer."""

_POSE_SECONDS: Final = 0.36


@dataclass(frozen=True, eq=False)
class Viewpoints:
    """Where the mouth's square lies in each frame of a clip.

    Attributes
    ----------
    maps
        (T, 2, 3): patch pixels to frame pixels; NaN without a face.
    size
        Width and height of a patch, pixels: about the picture's own resolution.
    landmarks
        (T, 478, 3), pixels, as seen in the source.
    """

    maps: NDArray[np.float64]
    size: tuple[int, int]
    landmarks: NDArray[np.float32]

    def patch(self, luma: U8, at: int) -> U8:
        """The square of frame ``at``; black without a face."""
        return self._cut(luma, at, 0, 0)

    def cropped_patch(self, crop: tuple[U8, int, int] | None, at: int) -> U8:
        """`patch` out of a part of the frame, given with its left and top."""
        if crop is None:
            return np.zeros(self.size[::-1], np.uint8)
        return self._cut(*crop[:1], at, *crop[1:])

    def points(self, at: int) -> NDArray[np.float32]:
        """(478, 3) landmarks of the source's frame; NaN without a face."""
        if at >= len(self.landmarks):
            return np.full((478, 3), np.nan, np.float32)
        return np.asarray(self.landmarks[at], dtype=np.float32)

    def _cut(self, luma: U8, at: int, left: int, top: int) -> U8:
        if at >= len(self.maps) or not np.isfinite(self.maps[at, 0, 0]):
            return np.zeros(self.size[::-1], np.uint8)
        to_frame = self.maps[at] - np.array([[0.0, 0.0, left], [0.0, 0.0, top]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(luma, to_frame, self.size, flags=flags, borderMode=cv2.BORDER_REPLICATE),
            dtype=np.uint8,
        )


def viewpoints(
    track: NDArray[np.float32], there: NDArray[np.bool_], times: NDArray[np.float64]
) -> Viewpoints:
    """Place the square by the head's smoothed pose.

    Parameters
    ----------
    track
        (T, 478, 3), pixels; NaN without a face.
    there
        (T,) bool: frames with a face.
    times
        (T,), seconds.
    """
    maps = np.full((len(track), 2, 3), np.nan)
    if not there.any():
        return Viewpoints(maps, (2, 2), track)
    pose = _steady(fit_head(track[there]), times[there])
    scale = min(_FINEST, float(np.median(pose.scale)))
    width = 2 * round(HALF_WIDTH * scale)
    height = round((ABOVE + BELOW) * scale)
    lips = [*OUTER_CORNERS, *OUTER_UPPER, *OUTER_LOWER]
    middle = reference_head()[lips].mean(0)
    corner = middle - np.array([HALF_WIDTH, ABOVE, 0.0])
    axes = corner + np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    placed = pose.to_picture(np.broadcast_to(axes, (int(there.sum()), 3, 3)))[..., :2]
    maps[there, :, 0] = (placed[:, 1] - placed[:, 0]) / scale
    maps[there, :, 1] = (placed[:, 2] - placed[:, 0]) / scale
    maps[there, :, 2] = placed[:, 0]
    return Viewpoints(maps, (max(width, 8), max(height, 8)), track)


def _steady(pose: HeadPose, times: NDArray[np.float64]) -> HeadPose:
    rotation = smooth(pose.rotation, times, _POSE_SECONDS)
    u, _, vt = np.linalg.svd(rotation)
    return HeadPose(
        u @ vt,
        smooth(pose.scale, times, _POSE_SECONDS),
        smooth(pose.origin, times, _POSE_SECONDS),
    )
