"""Where the inside of a mouth comes from in another picture of the same mouth.

Upper teeth keep their place in the skull, lower teeth theirs on the lower lip, and what the lips'
distance changes is taken up by the dark between them: nothing that has a shape is stretched.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_UPPER_SHARE: Final = 0.45
_LOWER_SHARE: Final = 0.15
"""Parts of the opening that stay rigid at the upper and at the lower lip."""

_STEEPEST: Final = 1.5
"""Of the smooth step from 0 to 1."""

_LEAST_STEP: Final = 0.1
"""Down between the lips is at least this much further down in the source."""

_CORNER_FROM: Final = 0.55
_LIP_MARGIN: Final = 0.004


def inside_map(
    target: NDArray[np.float64],
    source: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Map points inside a mouth to points inside another mouth of the same head.

    Parameters
    ----------
    target, source
        (20, 2) inner outlines in head units, as from `lipwright.render.mesh.lips.inner_outline`:
        left corner, upper lip, right corner, lower lip.
    x, y
        (h, w) head units, points in the target.

    Returns
    -------
    (h, w) each: the points in the source. Points outside the target's outline map to what is
    beside the source's.
    """
    across = _across(target, source, x)
    upper_to, lower_to = _lips(target, x)
    upper_from, lower_from = _lips(source, across)
    gap_to = np.maximum(lower_to - upper_to, 1e-4)
    gap_from = np.maximum(lower_from - upper_from, 1e-4)
    share = (y - upper_to) / gap_to
    # Rigid parts first ...
    shift = lower_from - lower_to
    middle = np.clip((share - _UPPER_SHARE) / (1.0 - _UPPER_SHARE - _LOWER_SHARE), 0.0, 1.0)
    middle = middle * middle * (3.0 - 2.0 * middle)
    rigid = y + middle * shift
    # ... but where the source is so much narrower that order would be lost, stretch it all.
    stretched = upper_from + share * gap_from
    even = gap_from / gap_to
    steepest = 1.0 + _STEEPEST * shift / (gap_to * (1.0 - _UPPER_SHARE - _LOWER_SHARE))
    least = np.minimum(_LEAST_STEP, 0.5 * even)
    trust = np.where(steepest < least, (even - least) / np.maximum(even - steepest, 1e-9), 1.0)
    down = trust * rigid + (1.0 - trust) * stretched
    margin = np.minimum(_LIP_MARGIN, 0.25 * gap_from)
    return across, np.clip(down, upper_from + margin, lower_from - margin)


def _across(
    target: NDArray[np.float64], source: NDArray[np.float64], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The same place across the mouth; only near the corners it gives way to them."""
    half = len(target) // 2
    middle = 0.5 * float(source[0, 0] + source[half, 0])
    left_to, left_from = float(target[0, 0]), float(source[0, 0])
    right_to, right_from = float(target[half, 0]), float(source[half, 0])
    left = middle - _CORNER_FROM * max(1e-3, min(middle - left_to, middle - left_from))
    right = middle + _CORNER_FROM * max(1e-3, min(right_to - middle, right_from - middle))
    return np.asarray(
        np.interp(x, [left_to, left, right, right_to], [left_from, left, right, right_from])
    )


def _lips(
    outline: NDArray[np.float64], x: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Heights of the upper and the lower lip's inner edge at x."""
    half = len(outline) // 2
    upper = outline[: half + 1]
    lower = np.concatenate([outline[half:], outline[:1]])[::-1]
    return _height(upper, x), _height(lower, x)


def _height(line: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    order = np.argsort(line[:, 0], kind="stable")
    return np.asarray(np.interp(x, line[order, 0], line[order, 1]))
