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
    return Smoothing(times, seconds).rows(values, 0, len(values))


class Smoothing:
    """`smooth`, some rows at a time: the same to the last bit, however it is divided.

    Parameters
    ----------
    times, seconds
        As `smooth` has them.
    """

    def __init__(self, times: NDArray[np.float64], seconds: float) -> None:
        self._runs = [
            (begin, end, _window(times[begin:end], seconds)) for begin, end in stretches(times)
        ]

    def rows(self, values: NDArray[np.floating], begin: int, end: int) -> NDArray[np.float64]:
        """Rows ``begin`` to ``end`` of the smoothed (N, ...) values."""
        kept = values[begin:end].astype(np.float64)
        if not kept.size:
            return kept
        out = kept.reshape(end - begin, -1)
        for first, stop, window in self._runs:
            low, high = max(begin, first), min(end, stop)
            if low >= high or not window:
                continue
            half = window // 2
            # The local parabola needs as many rows again on either side; at the ends of the
            # stretch, those of its first and its last window.
            left = max(first, min(low - half, stop - window))
            right = min(stop, max(high + half, first + window))
            near = values[left:right].astype(np.float64).reshape(right - left, -1)
            out[low - begin : high - begin] = _smoothed(
                near, window, (first - left, stop - left), (low - left, high - left)
            )
        return out.reshape(kept.shape)


def _window(times: NDArray[np.float64], seconds: float) -> int:
    """How many rows of a stretch a parabola is fitted to; 0 leaves them as they are."""
    count = len(times)
    if count < 3:
        return 0
    step = float(np.median(np.diff(times)))
    half = max(1, round(seconds / step / 2.0))
    window = min(2 * half + 1, count if count % 2 else count - 1)
    return window if window > _ORDER else 0


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


def _smoothed(
    values: NDArray[np.float64], window: int, stretch: tuple[int, int], wanted: tuple[int, int]
) -> NDArray[np.float64]:
    """Rows ``wanted`` of a stretch, of which the rows around them are given.

    ``stretch`` is where it begins and ends, counted like ``wanted`` from the first row given.
    """
    half = window // 2
    fit = _fit_matrix(window)
    (first, stop), (low, high) = stretch, wanted
    out = np.empty((high - low, values.shape[1]))
    begin, end = max(low, first + half), min(high, stop - half)
    if begin < end:
        for column in range(values.shape[1]):
            out[begin - low : end - low, column] = np.convolve(
                values[begin - half : end + half, column], fit[half][::-1], mode="valid"
            )
    if low < first + half:
        head = fit[:half] @ values[first : first + window]
        some = slice(low - first, min(high, first + half) - first)
        out[: some.stop - some.start] = head[some]
    if high > stop - half:
        tail = fit[half + 1 :] @ values[stop - window : stop]
        some = slice(max(low, stop - half) - (stop - half), high - (stop - half))
        out[some.start - some.stop :] = tail[some]
    return out


@lru_cache(maxsize=32)
def _fit_matrix(window: int) -> NDArray[np.float64]:
    """(window, window): row i gives the fitted parabola's value at sample i."""
    position = np.arange(window, dtype=np.float64) - window // 2
    design = np.vander(position, _ORDER + 1)
    return np.asarray(design @ np.linalg.pinv(design), dtype=np.float64)
