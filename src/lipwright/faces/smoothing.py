"""Take measurement noise out of per-frame values without moving or flattening real motion."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ORDER: Final = 2


def smooth(
    values: NDArray[np.floating], times: NDArray[np.float64], seconds: float
) -> NDArray[np.float64]:
    """Savitzky-Golay smoothing along the first axis, never across a break in time.

    A local parabola is fitted to each window (Savitzky and Golay, Analytical Chemistry 36(8),
    1964); at the ends of a stretch the first or last full window's parabola is used.

    Parameters
    ----------
    values
        (N, ...).
    times
        (N,), seconds, ascending. A step of more than 1.7 times the median one is a break.
    seconds
        Length of the window.

    Returns
    -------
    (N, ...) float64.
    """
    if not len(values):
        return values.astype(np.float64)
    out = values.reshape(len(values), -1).astype(np.float64)
    for begin, end in stretches(times):
        count = end - begin
        if count < 3:
            continue
        step = float(np.median(np.diff(times[begin:end])))
        half = max(1, round(seconds / step / 2.0))
        window = min(2 * half + 1, count if count % 2 else count - 1)
        if window <= _ORDER:
            continue
        out[begin:end] = _smooth_stretch(out[begin:end], window)
    return out.reshape(values.shape)


def stretches(times: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Index ranges [begin, end) without a break in time."""
    if len(times) == 0:
        return []
    if len(times) == 1:
        return [(0, 1)]
    steps = np.diff(times)
    breaks = np.flatnonzero(steps > 1.7 * float(np.median(steps))) + 1
    edges = [0, *breaks.tolist(), len(times)]
    return list(pairwise(edges))


def _smooth_stretch(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    half = window // 2
    fit = _fit_matrix(window)
    out = np.empty_like(values)
    for column in range(values.shape[1]):
        out[half : len(values) - half, column] = np.convolve(
            values[:, column], fit[half][::-1], mode="valid"
        )
    out[:half] = fit[:half] @ values[:window]
    out[len(values) - half :] = fit[half + 1 :] @ values[-window:]
    return out


@lru_cache(maxsize=32)
def _fit_matrix(window: int) -> NDArray[np.float64]:
    """(window, window): row i gives the fitted parabola's value at sample i."""
    position = np.arange(window, dtype=np.float64) - window // 2
    design = np.vander(position, _ORDER + 1)
    return np.asarray(design @ np.linalg.pinv(design), dtype=np.float64)
