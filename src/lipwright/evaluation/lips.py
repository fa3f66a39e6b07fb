"""Do the lips close when they should, open as wide, and lie where the real ones lay?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

_SHUT: Final = 0.02
"""Opening below which lips touch, as far as landmarks can tell; head units."""

_NOISE: Final = 0.015
_NEVER_SHUT: Final = 0.06
_APART: Final = 0.02
"""Lips that part for a sound open by this much more than the shut level."""

_LONGEST_SECONDS: Final = 0.35
"""Lips that stay shut for longer rest; they do not say p, b or m."""

_AROUND_SECONDS: Final = 0.3
_WIDE_SHARE: Final = 75
_LEAST_EVENTS: Final = 1


@dataclass(frozen=True)
class Closing:
    """Lips touch in the frames from ``first`` up to and with ``last``."""

    first: int
    last: int


def shut_level(opening: F64) -> float:
    """Opening below which this person's lips count as shut.

    Landmarks of a beard or of thin lips never quite meet: the level lies a little above the
    person's own smallest openings. NaN for a mouth that is never shut.
    """
    seen = opening[np.isfinite(opening)]
    if len(seen) < 5:
        return float("nan")
    floor = float(np.percentile(seen, 5))
    return max(_SHUT, floor + _NOISE) if floor < _NEVER_SHUT else float("nan")


def closings(opening: F64, level: float, step: float) -> list[Closing]:
    """Gestures in which lips shut and part again.

    Parameters
    ----------
    opening
        (T,), NaN where nothing was seen.
    level
        From `shut_level`.
    step
        Seconds from frame to frame.

    Returns
    -------
    Stretches below the level, at most 0.35 s long, with lips apart within 0.3 s on both sides.
    """
    if not np.isfinite(level):
        return []
    shut = np.nan_to_num(opening, nan=np.inf) < level
    around = max(1, round(_AROUND_SECONDS / step))
    found = []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], shut, [False]]).astype(int)))
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if (after - first) * step > _LONGEST_SECONDS + 1e-6:
            continue
        if _opens(opening[max(0, first - around) : first], level) and _opens(
            opening[after : after + around], level
        ):
            found.append(Closing(first, after - 1))
    return found


def closure_rate(
    made: F64, wanted: list[Closing], level: float, step: float, shift: float = 0.0
) -> float:
    """Share of the closings that were wanted in which the made lips shut, and had been apart.

    Parameters
    ----------
    made
        (T,) opening.
    wanted
        From `closings`, on the true mouth.
    level
        The person's shut level.
    step
        Seconds from frame to frame.
    shift
        Seconds by which the made mouth is earlier than the true one through no fault of its own.

    Returns
    -------
    A closing counts when the lips shut within one frame of it and are apart at some time in the
    0.3 s before or after: a mouth that never opens closes nothing. NaN without closings.
    """
    around = max(1, round(_AROUND_SECONDS / step))
    hits, count = 0, 0
    for closing in wanted:
        first = round(closing.first - shift / step) - 1
        last = round(closing.last - shift / step) + 1
        if first < 0 or last >= len(made):
            continue
        count += 1
        inside = made[first : last + 1]
        shut = bool(np.isfinite(inside).any()) and float(np.nanmin(inside)) < level
        before, after = made[max(0, first - around) : first], made[last + 1 : last + 1 + around]
        hits += bool(shut) and (_opens(before, level) or _opens(after, level))
    return hits / count if count >= _LEAST_EVENTS else float("nan")


def contrast(made: F64, true: F64) -> float:
    """How much further the made lips part where the true ones are wide than where they are shut.

    Returns
    -------
    Mean made opening in the true mouth's widest quarter less that in its narrowest quarter, over
    the same for the true mouth: 1 is as lively and as well timed, 0 tells nothing apart.
    """
    good = np.isfinite(made) & np.isfinite(true)
    if good.sum() < 8:
        return float("nan")
    made, true = made[good], true[good]
    wide = true >= np.percentile(true, _WIDE_SHARE)
    narrow = true <= np.percentile(true, 100 - _WIDE_SHARE)
    real = float(true[wide].mean() - true[narrow].mean())
    if real < _SHUT:
        return float("nan")
    return float(made[wide].mean() - made[narrow].mean()) / real


def spread(opening: F64, where: NDArray[np.bool_]) -> float:
    """Standard deviation of the opening over some frames."""
    seen = opening[where & np.isfinite(opening)]
    return float(seen.std()) if len(seen) >= 8 else float("nan")


def lip_distance(made: F64, true: F64) -> float:
    """Mouth landmark distance (M-LMD): mean distance of the lips' points, in head units.

    Both (T, P, 2), each in its own head's frame, so that the face detector's wobble is not
    counted.
    """
    apart = np.linalg.norm(made - true, axis=2).mean(1)
    seen = apart[np.isfinite(apart)]
    return float(seen.mean()) if len(seen) else float("nan")


def _opens(opening: F64, level: float) -> bool:
    seen = opening[np.isfinite(opening)]
    return bool(len(seen)) and float(seen.max()) > level + _APART
