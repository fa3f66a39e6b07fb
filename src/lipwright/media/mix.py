"""Putting speech onto the original sound without clipping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lipwright.media.types import F32

CEILING = float(np.float32(10 ** (-1 / 20)))
"""Highest sample where anything was mixed: -1 dBFS, the headroom that EBU R 128 keeps for what
lossy coding adds to peaks."""
REACH_MS = 15
_BLOCK = 1 << 20


class SpokenLine(NamedTuple):
    """One line to mix in; a plain tuple of the same three will do.

    ``samples`` is (n,), (n, 1) or (n, 2) float32 at the mix's rate, ``insert_sample`` where its
    sample 0 goes, ``volume`` a factor of 0 to 2.
    """

    samples: F32
    insert_sample: int
    volume: float


class Mix(NamedTuple):
    """The mixed sound, (n, 2) float32, and whether the limiter had to turn it down anywhere."""

    samples: F32
    limited: bool


def mix(
    original: F32 | None,
    lines: Sequence[SpokenLine] | Sequence[tuple[F32, int, float]],
    original_volume: float,
    total_samples: int,
    *,
    rate: int = 48_000,
    overwrite: bool = False,
) -> Mix:
    """Sum the original sound and the lines, each at its volume, and limit the peaks.

    Parameters
    ----------
    original
        (m, 2) float32 or ``None`` for silence; cut or filled with silence to ``total_samples``.
    lines
        What is said; parts outside the result are cut.
    original_volume
        Factor on ``original``, 0 to 2.
    total_samples
        Length of the result.
    rate
        Samples per second; only the limiter's times depend on it.
    overwrite
        Whether the memory of ``original`` may become the result's.

    Returns
    -------
    Mix
        Where nothing exceeds `CEILING` the plain sum; where no line sounds and
        ``original_volume`` is 1, the original's own samples, bit for bit, but for the 30 ms
        before and after a line that had to be turned down at its very edge.

    Raises
    ------
    ValueError
        A volume outside 0 to 2.
    """
    if not 0 <= original_volume <= 2 or any(not 0 <= line[2] <= 2 for line in lines):
        raise ValueError("volumes go from 0 to 2")
    kept = min(total_samples, len(original)) if original is not None else 0
    if original is not None and overwrite and kept == total_samples and original_volume > 0:
        out = original[:kept]
    else:
        out = np.zeros((total_samples, 2), np.float32)
        if original is not None and original_volume > 0:
            out[:kept] = original[:kept]
    if original_volume != 1:
        out[:kept] *= np.float32(original_volume)
    spans = [] if original_volume == 1 else [(0, total_samples)]
    for samples, insert, volume in lines:
        begin, end = max(0, insert), min(total_samples, insert + len(samples))
        if begin < end and volume > 0:
            part = samples[begin - insert : end - insert]
            out[begin:end] += np.float32(volume) * (part if part.ndim == 2 else part[:, None])
            spans.append((begin, end))
    return Mix(out, _limit(out, spans, rate))


def _limit(out: F32, spans: list[tuple[int, int]], rate: int) -> bool:
    """Turn peaks within the spans down to the ceiling, in place; say whether there were any.

    The gain follows the lowest gain needed within `REACH_MS` either side, smoothed by a
    triangle of the same reach: every value averaged at a peak is low enough for that peak, so
    the ceiling holds exactly, and the gain has neither steps nor corners to hear.
    """
    over = _over(out, spans)
    if not len(over):
        return False
    reach = max(1, rate * REACH_MS // 1000)
    # Peaks whose gains could touch share one stretch; everything between is left alone.
    breaks = np.flatnonzero(np.diff(over) > 4 * reach)
    firsts = np.concatenate([over[:1], over[breaks + 1]])
    lasts = np.concatenate([over[breaks], over[-1:]])
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        begin, end = max(0, first - 2 * reach), min(len(out), last + 2 * reach + 1)
        peaks = over[np.searchsorted(over, first) : np.searchsorted(over, last, "right")]
        needed = np.ones(end - begin, np.float32)
        needed[peaks - begin] = CEILING / np.abs(out[peaks]).max(axis=1)
        out[begin:end] *= _smooth(_lowest(needed, reach), reach)[:, None]
        # What float rounding leaves above the ceiling, by a hair.
        held = out[peaks]
        out[peaks] = np.clip(held, -CEILING, CEILING)
    return True


def _over(out: F32, spans: list[tuple[int, int]]) -> NDArray[np.int64]:
    """Positions within the spans at which either channel exceeds the ceiling, ascending."""
    found: list[NDArray[np.int64]] = []
    done = 0
    for begin, end in sorted(spans):
        at = max(begin, done)
        while at < end:
            upto = min(end, at + _BLOCK)
            found.append(np.flatnonzero(np.abs(out[at:upto]).max(axis=1) > CEILING) + at)
            at = upto
        done = max(done, end)
    return np.concatenate(found) if found else np.empty(0, np.int64)


def _lowest(values: F32, reach: int) -> F32:
    """Smallest value within ``reach`` either side of each position; doubling makes it log time."""
    size = 2 * reach + 1
    padded = np.pad(values, reach, constant_values=1.0)
    have = 1
    while have < size:
        step = min(have, size - have)
        padded = np.minimum(padded[:-step], padded[step:])
        have += step
    return padded


def _smooth(values: F32, reach: int) -> F32:
    """Average with a triangle that reaches ``reach`` either side: two boxes in a row."""
    width = reach + 1
    padded = np.pad(values, reach, constant_values=1.0).astype(np.float64)
    for _ in range(2):
        sums = np.concatenate([[0.0], np.cumsum(padded)])
        padded = (sums[width:] - sums[:-width]) / width
    return padded.astype(np.float32)
