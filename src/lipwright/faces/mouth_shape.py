"""What a mouth's landmarks say in six numbers, whoever's mouth it is and wherever it looks."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import fit_head

INNER_UPPER: Final = (191, 80, 81, 82, 13, 312, 311, 310, 415)
INNER_LOWER: Final = (95, 88, 178, 87, 14, 317, 402, 318, 324)
OUTER_UPPER: Final = (185, 40, 39, 37, 0, 267, 269, 270, 409)
OUTER_LOWER: Final = (146, 91, 181, 84, 17, 314, 405, 321, 375)
"""Lip contours from the picture's left to its right, without the corners."""

INNER_CORNERS: Final = (78, 308)
OUTER_CORNERS: Final = (61, 291)
CHIN: Final = (152, 148, 377)

_MIDDLE: Final = slice(3, 6)
"""The three central points of a contour: less noisy than one, still the true gap."""

_INNER_UPPER_MIDDLE: Final = list(INNER_UPPER)[_MIDDLE]
_INNER_LOWER_MIDDLE: Final = list(INNER_LOWER)[_MIDDLE]
_OUTER_UPPER_MIDDLE: Final = list(OUTER_UPPER)[_MIDDLE]
_OUTER_LOWER_MIDDLE: Final = list(OUTER_LOWER)[_MIDDLE]


def mouth_values(landmarks: NDArray[np.floating]) -> NDArray[np.float32]:
    """Measure mouths in the head's frame.

    Parameters
    ----------
    landmarks
        (N, 478, 3), pixels.

    Returns
    -------
    (N, 6) float32 in inter-ocular distances, absolute (a person's rest is not yet taken off):

    0. opening: gap between the inner lips at the middle, never below 0
    1. width: distance of the outer corners
    2. jaw: how low the chin is
    3. upper: how high the upper lip's outer edge is (raised is larger)
    4. lower: how low the lower lip's outer edge is (dropped is larger)
    5. protrusion: how far the lips stand out towards the viewer
    """
    return mouth_values_of_head(fit_head(landmarks).to_head(landmarks))


def mouth_values_of_head(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """`mouth_values` for points (N, 478, 3) that are already in head units."""
    upper = points[:, _INNER_UPPER_MIDDLE]
    lower = points[:, _INNER_LOWER_MIDDLE]
    opening = np.maximum((lower - upper)[..., 1].mean(1), 0.0)
    corners = points[:, list(OUTER_CORNERS)]
    width = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=1)
    jaw = points[:, list(CHIN), 1].mean(1)
    raised = -points[:, _OUTER_UPPER_MIDDLE, 1].mean(1)
    dropped = points[:, _OUTER_LOWER_MIDDLE, 1].mean(1)
    lips = points[:, _OUTER_UPPER_MIDDLE + _OUTER_LOWER_MIDDLE, 2].mean(1)
    stands_out = points[:, list(CHIN), 2].mean(1) - lips
    return np.stack([opening, width, jaw, raised, dropped, stands_out], 1).astype(np.float32)
