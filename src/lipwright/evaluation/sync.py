"""Does the mouth move with the other one, and how much later?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

_REACH_SECONDS: Final = 0.24
"""How far curves are slid along each other."""

_RELATED: Final = 0.3
"""Below this best correlation a lag means nothing."""

_LEAST_FRAMES: Final = 12
_STILL: Final = 1e-4
"""A curve that spreads less than this is a constant and goes with nothing."""

_CHANNEL_WEIGHT: Final = (1.0, 0.4, 0.6, 0.3, 0.8, 0.3)
"""How well each channel of a mouth curve tells the time: openings do, widths less."""


@dataclass(frozen=True)
class Agreement:
    """How two curves go together.

    Attributes
    ----------
    r
        Pearson correlation as they are.
    best_r
        The highest one when they are slid along each other.
    lag_ms
        Where that is, finer than a frame; positive when the first curve is the later one. NaN
        where there is no best place within the reach, or where even there the curves have
        nothing to do with each other.
    """

    r: float
    best_r: float
    lag_ms: float


def agreement(made: F64, true: F64, step: float) -> Agreement:
    """Slide one curve along the other.

    Parameters
    ----------
    made, true
        (T,) or (T, 6): frame by frame, NaN where nothing was seen. Of several channels the
        weighted mean of the correlations counts.
    step
        Seconds from frame to frame.
    """
    reach = max(1, round(_REACH_SECONDS / step))
    lags = np.arange(-reach, reach + 1)
    scores = np.array([_slid(made, true, int(lag)) for lag in lags])
    if not np.isfinite(scores).all() or float(np.ptp(scores)) < 1e-9:
        return Agreement(float(np.nan_to_num(scores[reach])), 0.0, float("nan"))
    best = int(scores.argmax())
    if not 0 < best < len(scores) - 1:
        return Agreement(float(scores[reach]), float(scores[best]), float("nan"))
    left, middle, right = scores[best - 1 : best + 2]
    # The top of the parabola through the best three.
    offset = 0.5 * (left - right) / (left - 2.0 * middle + right)
    top = middle - 0.25 * (left - right) * offset
    lag_ms = float((lags[best] + offset) * step * 1e3) if top >= _RELATED else float("nan")
    return Agreement(float(scores[reach]), float(top), lag_ms)


def correlation(a: F64, b: F64) -> float:
    """Pearson correlation over what was seen in both; 0 where one is constant."""
    good = np.isfinite(a) & np.isfinite(b)
    if good.sum() < _LEAST_FRAMES:
        return float("nan")
    if a[good].std() < _STILL or b[good].std() < _STILL:
        return 0.0
    return float(np.corrcoef(a[good], b[good])[0, 1])


def later(values: F64, times: F64, seconds: float) -> F64:
    """(T, …) values as they are ``seconds`` later, linear between frames, NaN past the ends."""
    if abs(seconds) < 1e-3 or not len(times):
        return values
    flat = values.reshape(len(values), -1)
    moved = np.empty_like(flat)
    for column in range(flat.shape[1]):
        moved[:, column] = np.interp(
            times + seconds, times, flat[:, column], left=np.nan, right=np.nan
        )
    return moved.reshape(values.shape)


def _slid(made: F64, true: F64, lag: int) -> float:
    """Correlation of made[t + lag] with true[t]."""
    a = made[max(0, lag) : len(made) + min(0, lag)]
    b = true[max(0, -lag) : len(true) + min(0, -lag)]
    if a.ndim == 1:
        return correlation(a, b)
    total = sum(weight * correlation(a[:, k], b[:, k]) for k, weight in enumerate(_CHANNEL_WEIGHT))
    return total / sum(_CHANNEL_WEIGHT)
