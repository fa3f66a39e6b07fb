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


def frame_levels(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Level of each whole or begun 20 ms of a sound.

    Returns
    -------
    (ceil(n / 320),) float32, dB relative to a full-scale square wave, never below -120; entry j
    covers 20 ms around j / 50 s.
    """
    count = -(-len(samples) // _FRAME)
    padded = np.pad(
        samples.astype(np.float64), (_FRAME // 2, count * _FRAME - len(samples) + _FRAME // 2)
    )
    power = np.add.reduceat(padded**2, np.arange(0, len(padded), _FRAME))[:count] / _FRAME
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
    centred = np.nan_to_num(samples.astype(np.float64), posinf=0.0, neginf=0.0)
    centred -= centred.mean()
    level = loud_level(frame_levels(centred.astype(np.float32)))
    if level < SILENCE_DB:
        return np.asarray(centred, np.float32)
    return np.asarray(centred * 10.0 ** ((USUAL_DB - level) / 20.0), np.float32)
