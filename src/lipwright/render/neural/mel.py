"""The sound as a Wav2Lip-family generator wants it.

The numbers are those published with Wav2Lip (Prajwal et al., "A Lip Sync Expert Is All You Need for
Speech to Lip Generation In the Wild", 2020, and its repository's parameters): 16 kHz sound,
pre-emphasis 0.97, a periodic Hann window of 800 samples every 200, centred on its time, magnitude
spectrum, 80 bands from 55 to 7600 Hz on the Slaney scale with area normalisation, decibels floored
at -100, reference level 20 dB, and -100 to 0 dB of what remains mapped to -4 to 4.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.speech.level import usual_level
from lipwright.speech.logmel import SAMPLE_RATE, hann, mel_filters

BANDS: Final = 80
STEPS: Final = 16
"""Columns of one window: 0.2 s, five frames at 25 fps."""

RATE: Final = 80
"""Columns per second."""

_HOP: Final = SAMPLE_RATE // RATE
_WINDOW: Final = 800
_EMPHASIS: Final = 0.97
_REFERENCE_DB: Final = 20.0
_FLOOR_DB: Final = -100.0
_LIMIT: Final = 4.0

_LEAD: Final = 0.04
"""How long before a frame its window begins, in seconds.

The published training pairs frame k of a 25 fps video with the columns from frame k - 1 on; the
published inference script takes them from frame k on, so that its mouths are a frame early.
"""


class SpeechMel:
    """The mel picture of one line, cut into windows for frames.

    Parameters
    ----------
    samples
        (n,) mono speech at 16 kHz, full scale 1. Loudness does not matter.
    """

    def __init__(self, samples: NDArray[np.float32]) -> None:
        self._columns = mel(usual_level(samples))

    def window(self, time: float) -> NDArray[np.float32]:
        """What a generator hears for one frame.

        Parameters
        ----------
        time
            When the frame is shown, in seconds on the sound's clock; may lie outside the sound.

        Returns
        -------
        (80, 16) float32; before and after the sound it is silent.
        """
        # Times of frames are rounded: 0.04 s after 0 is column 0, not -1.
        first = math.floor(RATE * (time - _LEAD) + 1e-6)
        out = np.full((BANDS, STEPS), -_LIMIT, np.float32)
        low, high = max(first, 0), min(first + STEPS, self._columns.shape[1])
        if low < high:
            out[:, low - first : high - first] = self._columns[:, low:high]
        return out


def mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mel picture of a sound.

    Parameters
    ----------
    samples
        (n,) mono sound at 16 kHz, full scale 1.

    Returns
    -------
    (80, 1 + n // 200) float32 in -4..4; column i is centred on sample 200 i.
    """
    sound = np.asarray(samples, np.float32)
    if len(sound) == 0:
        return np.zeros((BANDS, 0), np.float32)
    emphasised = sound - _EMPHASIS * np.concatenate([[np.float32(0.0)], sound[:-1]])
    padded = np.pad(emphasised.astype(np.float32), _WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    magnitude = np.abs(np.fft.rfft(frames * hann(_WINDOW), axis=1)).astype(np.float32)
    bands = magnitude @ _filters().T
    decibels = 20.0 * np.log10(np.maximum(bands, 10.0 ** (_FLOOR_DB / 20.0))) - _REFERENCE_DB
    share = (decibels - _FLOOR_DB) / -_FLOOR_DB
    return np.asarray(np.clip(2.0 * _LIMIT * share - _LIMIT, -_LIMIT, _LIMIT).T, np.float32)


@cache
def _filters() -> NDArray[np.float32]:
    return mel_filters(SAMPLE_RATE, _WINDOW, BANDS, 55.0, 7600.0)
