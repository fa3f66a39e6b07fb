"""Can this face be lip-synced in this frame? Size, pose and whether the mouth is in the picture."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose
from lipwright.faces.mouth_shape import OUTER_CORNERS, OUTER_LOWER, OUTER_UPPER

_YAW_DEGREES: Final = (36.0, 48.0)
_PITCH_DEGREES: Final = (28.0, 42.0)
_EYE_PIXELS: Final = (14.0, 18.0)
"""Where quality falls from 1 to 0 (pose) or rises from 0 to 1 (inter-ocular distance).

Beyond about 40 degrees of yaw one mouth corner is hidden and no warp of visible pixels can open
the mouth; below about 16 pixels between the eyes the inner lips are under two pixels thick.
"""

USABLE: Final = 0.5
"""A frame with at least this quality counts into a face's interval."""


def lip_sync_quality(
    landmarks: NDArray[np.float32], pose: HeadPose, width: int, height: int
) -> NDArray[np.float32]:
    """Quality of each frame of one face.

    Parameters
    ----------
    landmarks
        (N, 478, 3), pixels.
    pose
        The head's frame of the same landmarks.
    width, height
        Size of the picture in pixels.

    Returns
    -------
    (N,) float32 in 0..1; 0 means that the frame must be left alone.
    """
    angles = np.abs(pose.angles().astype(np.float64))
    quality = _fall(angles[:, 0], _YAW_DEGREES) * _fall(angles[:, 1], _PITCH_DEGREES)
    quality *= 1.0 - _fall(pose.scale, _EYE_PIXELS)
    mouth = landmarks[:, [*OUTER_CORNERS, *OUTER_UPPER, *OUTER_LOWER], :2]
    inside = (
        (mouth[..., 0].min(1) >= 0)
        & (mouth[..., 1].min(1) >= 0)
        & (mouth[..., 0].max(1) <= width - 1)
        & (mouth[..., 1].max(1) <= height - 1)
    )
    return np.asarray(quality * inside, dtype=np.float32)


def _fall(value: NDArray[np.float64], limits: tuple[float, float]) -> NDArray[np.float64]:
    """1 below the lower limit, 0 above the upper one, straight in between."""
    low, high = limits
    return np.clip((high - value) / (high - low), 0.0, 1.0)
