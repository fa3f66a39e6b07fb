"""Make lips meet where the speech says so: a viewer forgives much, but not an open-mouthed "b"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipwright.speech.encoder import RATE
from lipwright.speech.sampling import spacing
from lipwright.speech.types import CHANNELS

_SURE = 0.45
"""Probability at which lips touch: a missing closure is noticed sooner than one too many."""

_LEAST = 0.5
"""A closure's most probable moment must reach this."""

_RAMP_S = 0.03
"""Lips take this long from apart to together and back."""

_FOLLOW = np.array([1.0, 0.0, 0.2, 0.15, 0.6, 0.2], np.float32)
"""By how much each channel falls with the opening, as measured where real lips close."""

assert CHANNELS[0] == "opening"
assert len(_FOLLOW) == len(CHANNELS)


@dataclass(frozen=True)
class Closure:
    """Lips touch from `start` to `end`, most surely at `peak` (seconds)."""

    start: float
    peak: float
    end: float


def find_closures(closed: NDArray[np.float32]) -> tuple[Closure, ...]:
    """Closures in a probability curve of 50 values per second, in time order."""
    found = []
    padded = np.concatenate([[0.0], closed, [0.0]])
    above = padded >= _SURE
    for first in np.flatnonzero(above[1:] & ~above[:-1]) + 1:
        last = first + int(np.argmin(above[first:])) - 1
        peak = first + int(np.argmax(padded[first : last + 1]))
        if padded[peak] < _LEAST:
            continue
        # Where the line between two samples crosses the threshold.
        before = (padded[first] - _SURE) / (padded[first] - padded[first - 1])
        after = (padded[last] - _SURE) / (padded[last] - padded[last + 1])
        found.append(
            Closure(
                float(first - 1 - before) / RATE,
                float(peak - 1) / RATE,
                float(last - 1 + after) / RATE,
            )
        )
    return tuple(found)


def close_lips(
    values: NDArray[np.float32], times: NDArray[np.float64], closures: tuple[Closure, ...]
) -> NDArray[np.float32]:
    """Press the opening to 0 during closures, in at least one frame of each.

    Parameters
    ----------
    values
        (T, 6) sampled curve.
    times
        (T,) seconds, ascending.
    closures
        From `find_closures`.

    Returns
    -------
    (T, 6) float32: a copy in which the other channels follow the lips.
    """
    if len(times) == 0:
        return values.copy()
    press = np.zeros(len(times))
    gap = spacing(times)
    for closure in closures:
        outside = np.maximum(closure.start - times, times - closure.end)
        near = np.clip(1.0 - outside / _RAMP_S, 0.0, 1.0)
        press = np.maximum(press, near * near * (3.0 - 2.0 * near))
        nearest = int(np.argmin(np.abs(times - closure.peak)))
        if abs(times[nearest] - closure.peak) <= 0.6 * gap[nearest]:
            press[nearest] = 1.0
    removed = press.astype(np.float32) * values[:, 0]
    return np.asarray(values - removed[:, None] * _FOLLOW, np.float32)
