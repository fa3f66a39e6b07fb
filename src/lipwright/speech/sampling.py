"""Read the 50 Hz curve at any times, smooth enough for their spacing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LIGHT_S = 0.015
"""Standard deviation of the smoothing at ordinary frame rates: removes the network's jitter, and
leaves syllables (4 Hz) 93 % of their motion."""

_LONGEST_SPACING_S = 0.1
"""A frame that stays longer than this is a still: it shows one moment, not a mean of many."""

_BLOCK = 256
"""Times that are worked on at once: those of a long line would take much memory."""


def spacing(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T,) seconds to the neighbouring times: the mean of both sides, 40 ms for a single time."""
    if len(times) < 2:
        return np.full(len(times), 0.04)
    return np.minimum(np.abs(np.gradient(times)), _LONGEST_SPACING_S)


def sample_curve(
    curve: NDArray[np.float32], rate: float, times: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Values of an evenly sampled curve at given times.

    Parameters
    ----------
    curve
        (n, K), entry j at time j / rate; held at both ends.
    rate
        Samples per second.
    times
        (T,) seconds, any spacing.

    Returns
    -------
    (T, K) float32: cubic interpolation, averaged with a narrow Gaussian that widens where frames
    are further apart than 40 ms, so that slow videos do not alias (26 dB down at the frame rate
    of 10 per second).
    """
    if len(curve) == 0 or len(times) == 0:
        return np.zeros((len(times), curve.shape[1]), np.float32)
    sigma = np.maximum(_LIGHT_S, 0.45 * spacing(times) - 0.006)
    # The same nodes for every time, in units of sigma: a 9-point Gauss-like rule up to 2 sigma.
    nodes = np.linspace(-2.0, 2.0, 9)
    weights = np.exp(-0.5 * nodes**2)
    weights /= weights.sum()
    exact = curve.astype(np.float64)
    out = np.empty((len(times), curve.shape[1]), np.float32)
    for begin in range(0, len(times), _BLOCK):
        some = slice(begin, begin + _BLOCK)
        wanted = times[some, None] + sigma[some, None] * nodes
        values = _cubic(exact, wanted.ravel() * rate)
        out[some] = np.einsum("tnk,n->tk", values.reshape(*wanted.shape, -1), weights)
    return out


def _cubic(curve: NDArray[np.float64], positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Catmull-Rom interpolation of (n, K) at fractional positions, held at both ends."""
    last = len(curve) - 1
    clipped = np.clip(positions, 0.0, last)
    base = np.floor(clipped).astype(np.int64)
    t = (clipped - base)[:, None]
    p0, p1, p2, p3 = (curve[np.clip(base + step, 0, last)] for step in (-1, 0, 1, 2))
    return np.asarray(
        p1
        + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
    )
