"""Bring speech to one usual loudness, so that a whispered recording moves the mouth as well."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lipwright.speech.logmel import SAMPLE_RATE

USUAL_DB = -23.0
"""Level of the loud parts of speech after `usual_level`, in dB below full scale."""

SILENCE_DB = -75.0
"""A recording whose loudest parts are below this holds nothing but the converter's noise."""

_FRAME = SAMPLE_RATE // 50
_BLOCK = 1 << 10
"""Frames that are held as doubles at once: a long sound would take much memory."""


def frame_levels(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Level of each whole or begun 20 ms of a sound.

    Returns
    -------
    (ceil(n / 320),) float32, dB relative to a full-scale square wave, never below -120; entry j
    covers 20 ms around j / 50 s.
    """
    count = -(-len(samples) // _FRAME)
    power = np.zeros(count)
    for first in range(0, count, _BLOCK):
        frames = min(_BLOCK, count - first)
        begin = first * _FRAME - _FRAME // 2
        part = samples[max(0, begin) : begin + frames * _FRAME].astype(np.float64)
        before = max(0, -begin)
        part = np.pad(part, (before, frames * _FRAME - before - len(part)))
        power[first : first + frames] = np.add.reduceat(part**2, np.arange(0, len(part), _FRAME))
    power /= _FRAME
    return np.asarray(10.0 * np.log10(np.maximum(power, 1e-12)), np.float32)


def loud_level(levels: NDArray[np.float32]) -> float:
    """Level of the loud parts: the mean power of the loudest tenth (dB)."""
    if len(levels) == 0:
        return -120.0
    count = max(1, len(levels) // 10)
    loudest = np.sort(levels)[-count:].astype(np.float64)
    return float(10.0 * np.log10(np.mean(10.0 ** (loudest / 10.0))))


def usual_level(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Remove the mean and scale so that `loud_level` becomes `USUAL_DB`; silence is left alone.

    The result may exceed full scale: it is meant for analysis, not for playing.
    """
    if len(samples) == 0:
        return np.asarray(samples, np.float32)
    mean = _sum(samples) / len(samples)
    centred = _scaled(samples, mean, 1.0)
    level = loud_level(frame_levels(centred))
    if level >= SILENCE_DB:
        del centred
        centred = _scaled(samples, mean, 10.0 ** ((USUAL_DB - level) / 20.0))
    return centred


def _scaled(samples: NDArray[np.float32], mean: float, factor: float) -> NDArray[np.float32]:
    out = np.empty(len(samples), np.float32)
    for begin in range(0, len(samples), _BLOCK * _FRAME):
        some = slice(begin, begin + _BLOCK * _FRAME)
        out[some] = (_finite(samples[some]) - mean) * factor
    return out


def _sum(samples: NDArray[np.float32]) -> float:
    """Sum in pairs, as numpy does it, and for that as doubles only a part at a time."""
    count = len(samples)
    if count <= _BLOCK * _FRAME:
        return float(_finite(samples).sum())
    half = count // 2 // 8 * 8
    return _sum(samples[:half]) + _sum(samples[half:])


def _finite(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.nan_to_num(samples.astype(np.float64), copy=False, posinf=0.0, neginf=0.0)
