"""The lips' own geometry: pairs of points that meet when the mouth closes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.mouth_shape import (
    INNER_CORNERS,
    INNER_LOWER,
    INNER_UPPER,
    OUTER_CORNERS,
    OUTER_LOWER,
    OUTER_UPPER,
)
from lipwright.render.mesh.basis import mouth_basis

_UPPER_RINGS: Final = (
    (INNER_UPPER, 1.0),
    ((183, 42, 41, 38, 12, 268, 271, 272, 407), 0.9),
    ((184, 74, 73, 72, 11, 302, 303, 304, 408), 0.75),
    (OUTER_UPPER, 0.5),
)
_LOWER_RINGS: Final = (
    (INNER_LOWER, 1.0),
    ((96, 89, 179, 86, 15, 316, 403, 319, 325), 0.9),
    ((77, 90, 180, 85, 16, 315, 404, 320, 307), 0.75),
    (OUTER_LOWER, 0.5),
)
"""From the inner edge of each lip outwards, and how far each ring follows a correction."""

INNER_OUTLINE: Final = np.array(
    [INNER_CORNERS[0], *INNER_UPPER, INNER_CORNERS[1], *INNER_LOWER[::-1]]
)
"""The rim of the mouth's inside, clockwise from the picture's left corner."""

_MIDDLE: Final = slice(3, 6)
_EDGE_MARGIN: Final = 0.016
_CORNER_SHARE: Final = 0.6
_EDGE_BLUR: Final = 0.03
_OPEN_GAP: Final = 0.06
"""Margin in head units, reached at this gap (a millimetre, a fifth of a lip), and more for wide
open mouths: they move fast and blur."""


def inner_gaps(head: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 9) signed vertical gaps between the inner lips, head units, left to right."""
    upper = head[:, list(INNER_UPPER), 1]
    lower = head[:, list(INNER_LOWER), 1]
    return np.asarray(lower - upper)


def wanted_gaps(channels: NDArray[np.floating]) -> NDArray[np.float64]:
    """Gaps along the lips for channel values.

    Parameters
    ----------
    channels
        (N, 6), relative to rest.

    Returns
    -------
    (N, 9) head units: the middle is exactly the opening, the sides follow the learned shape.
    """
    shape = mouth_basis().channels
    profile = shape[:, list(INNER_LOWER), 1] - shape[:, list(INNER_UPPER), 1]
    gaps = np.maximum(channels.astype(np.float64) @ profile, 0.0)
    opening = np.maximum(channels[:, :1].astype(np.float64), 0.0)
    usual = np.maximum(profile[0] / profile[0, _MIDDLE].mean(), 0.0)
    middle = gaps[:, _MIDDLE].mean(1, keepdims=True)
    # A wide-open learned shape is trusted; nearly closed lips follow the average profile.
    trust = np.clip(middle / 0.02, 0.0, 1.0)
    learned = gaps * opening / np.maximum(middle, 1e-6)
    return np.asarray(trust * learned + (1.0 - trust) * usual * opening)


def set_gaps(head: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move the lips so that the inner gaps are exactly as wanted.

    Parameters
    ----------
    head
        (N, P, 3), head units, landmarks first.
    wanted
        (N, 9), head units.

    Returns
    -------
    (N, P, 3): half of each correction goes to either lip, fading towards its outer edge.
    """
    out = head.copy()
    error = (wanted - inner_gaps(head)) / 2.0
    for ring, share in _UPPER_RINGS:
        out[:, list(ring), 1] -= share * error
    for ring, share in _LOWER_RINGS:
        out[:, list(ring), 1] += share * error
    return out


def into_the_lips(head: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move the inner edges of open lips a hair's breadth into the lips.

    Pixels are taken from there: the landmarks of an open mouth lie on the border between lip and
    teeth, and a sliver of tooth between closed lips is seen at once.

    Parameters
    ----------
    head
        (N, P, 3), head units.
    """
    out = head.copy()
    gap = np.maximum(inner_gaps(head)[:, _MIDDLE].mean(1), 0.0)[:, None]
    openness = np.minimum(gap / _OPEN_GAP, 1.0)
    margin = _EDGE_MARGIN * openness + _EDGE_BLUR * gap
    out[:, list(INNER_UPPER), 1] -= margin
    out[:, list(INNER_LOWER), 1] += margin
    inner, outer = list(INNER_CORNERS), list(OUTER_CORNERS)
    share = _CORNER_SHARE * openness[..., None]
    out[:, inner] += share * (head[:, outer] - head[:, inner])
    return out


def inner_outline(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(20, D) closed outline of the mouth's inside from (P, D) points, clockwise."""
    return np.asarray(points[INNER_OUTLINE])
