"""The generator's square: where it lies in each frame, and what of the face is where in it.

Published pipelines cut a detector's box out of each frame, which trembles and grows with the jaw.
Ours hangs on the head: the person's resting face, put into the head's smoothed pose, is set upright
and framed from its highest point to below its chin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose
from lipwright.faces.mouth_shape import OUTER_CORNERS, OUTER_LOWER, OUTER_UPPER

_OVAL: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
_JAW: Final = _OVAL[9:28]
"""From below the ear on the picture's right along the chin to the other side."""

_CHEEKS: Final = (205, 425)
_UNDER_NOSE: Final = 2
_LIP_TOP: Final = 0

_BELOW_CHIN: Final = 0.1
"""Room for a falling jaw, as a share of the face's height."""

_DOWN_THE_LIP: Final = 0.3
"""The region begins so far on the way from the nose to the upper lip."""

_SEEN: Final = 0.56
"""The generator is shown the square's upper half, and the mask fades in below it."""

_JAW_GROWTH: Final = 1.06
"""The region reaches so far beyond the jaw, seen from the mouth."""


@dataclass(frozen=True, eq=False)
class FaceSquare:
    """The square of one face in N frames, in units of its side.

    Attributes
    ----------
    to_square
        (N, 2, 3) float64: from picture pixels (centres at integers) to the unit square.
    region
        (N, P, 2) float64, unit square: outline of the lower face, the part that may change.
    mouth
        (N, 2, 2) float64, unit square: centre of the resting mouth, and half its width and the
        way from the centre to the chin.
    """

    to_square: NDArray[np.float64]
    region: NDArray[np.float64]
    mouth: NDArray[np.float64]


def face_square(pose: HeadPose, rest: NDArray[np.float64]) -> FaceSquare:
    """Lay the square over a face.

    Parameters
    ----------
    pose
        The head in N frames, smoothed.
    rest
        (478, 3), head units: the person's resting face.
    """
    count = len(pose.scale)
    face = pose.to_picture(np.broadcast_to(rest, (count, *rest.shape)))[..., :2]
    roll = np.arctan2(pose.rotation[:, 1, 0], pose.rotation[:, 0, 0])
    cosine, sine = np.cos(roll), np.sin(roll)
    upright = np.stack([np.stack([cosine, sine], 1), np.stack([-sine, cosine], 1)], 1)
    centre = pose.origin[:, None, :2]
    standing = np.einsum("nij,npj->npi", upright, face - centre)
    oval = standing[:, list(_OVAL)]
    low, high = oval.min(1), oval.max(1)
    high[:, 1] += _BELOW_CHIN * (high[:, 1] - low[:, 1])
    linear = upright / (high - low)[:, :, None]
    shift = -low / (high - low) - np.einsum("nij,nj->ni", linear, pose.origin[:, :2])
    points = (standing - low[:, None]) / (high - low)[:, None]
    return FaceSquare(
        np.concatenate([linear, shift[..., None]], axis=2), _region(points), _mouth(points)
    )


def _region(points: NDArray[np.float64]) -> NDArray[np.float64]:
    centre = _mouth(points)[:, :1]
    jaw = centre + _JAW_GROWTH * (points[:, list(_JAW)] - centre)
    left, right = (points[:, cheek] for cheek in _CHEEKS)
    nose = points[:, _UNDER_NOSE]
    top = nose + _DOWN_THE_LIP * (points[:, _LIP_TOP] - nose)
    region = np.concatenate([jaw, np.stack([left, top, right], 1)], axis=1)
    region[..., 1] = np.maximum(region[..., 1], _SEEN)
    return region


def _mouth(points: NDArray[np.float64]) -> NDArray[np.float64]:
    lips = points[:, [*OUTER_CORNERS, *OUTER_UPPER, *OUTER_LOWER]]
    centre = (lips.min(1) + lips.max(1)) / 2.0
    half_width = (lips[..., 0].max(1) - lips[..., 0].min(1)) / 2.0
    to_chin = points[:, 152, 1] - centre[:, 1]
    return np.stack([centre, np.stack([half_width, to_chin], 1)], axis=1)
