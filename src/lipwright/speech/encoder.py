"""Speech features: the encoder of Whisper tiny.en, run by CTranslate2."""

from __future__ import annotations

from pathlib import Path

import ctranslate2
import numpy as np
from numpy.typing import NDArray

from lipwright.errors import FailedError
from lipwright.media.scratch import let_go
from lipwright.speech.logmel import HOP, log_power, scale_log_power

FEATURES = 384
"""Width of one feature vector."""

RATE = 50
"""Feature vectors per second; vector j is centred on j / 50 s."""

SAMPLES_PER_VECTOR = 320

# The encoder takes any length up to 30 s. Attention grows with the square of it: 10 s cost half
# as much per second of sound as 30 s, and more than 10 s of context did not move the mouth better.
_WINDOW = 10 * RATE
_OVERLAP = 2 * RATE
_FADE = RATE


class SpeechEncoder:
    """Whisper's encoder as a function from sound to one vector per 20 ms.

    Parameters
    ----------
    folder
        CTranslate2 conversion of Whisper tiny.en.
    threads
        CPU threads of one call.

    Attributes
    ----------
    model
        All of Whisper, the decoder too.
    folder
        Where it came from.

    Raises
    ------
    FailedError
        The folder does not hold such a model.
    """

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        try:
            # float32: measured as fast as int8 at this size, and it adds no rounding noise.
            self.model = ctranslate2.models.Whisper(
                str(folder), device="cpu", compute_type="float32", intra_threads=threads
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise FailedError(
                "speech_model", f"the speech encoder could not be loaded: {error}"
            ) from error
        self.folder = folder

    def encode(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features of a sound of any length.

        Parameters
        ----------
        samples
            (n,) mono sound at 16 kHz, brought to the usual level (`lipwright.speech.level`).

        Returns
        -------
        (ceil(n / 320), 384) float32.
        """
        count = -(-len(samples) // SAMPLES_PER_VECTOR)
        if count == 0:
            return np.zeros((0, FEATURES), np.float32)
        missing = count * SAMPLES_PER_VECTOR - len(samples)
        padded = np.asarray(np.pad(samples, (0, missing)) if missing else samples, np.float32)
        raw = log_power(padded)
        del padded
        let_go(samples)
        mel = scale_log_power(raw, float(raw.max()))
        del raw
        return self._encode_windows(mel, count)

    def _encode_windows(self, mel: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        if count <= _WINDOW:
            return self._encode_one(mel)
        total = np.zeros((count, FEATURES), np.float32)
        weight = np.zeros((count, 1), np.float32)
        for start in window_starts(count):
            stop = min(start + _WINDOW, count)
            share = _share(start, stop, count)
            columns = slice(2 * start, 2 * stop)
            total[start:stop] += self._encode_one(mel[:, columns]) * share
            weight[start:stop] += share
        total /= weight
        return total

    def _encode_one(self, mel: NDArray[np.float32]) -> NDArray[np.float32]:
        view = ctranslate2.StorageView.from_array(np.ascontiguousarray(mel[None]))
        output = np.array(self.model.encode(view, to_cpu=True))
        return np.asarray(output[0], np.float32)


def window_starts(count: int) -> list[int]:
    """First vectors of overlapping windows that cover `count` vectors; the last one is full."""
    step = _WINDOW - _OVERLAP
    starts = list(range(0, max(1, count - _WINDOW), step))
    last = max(0, count - _WINDOW)
    if starts[-1] != last:
        starts.append(last)
    return starts


def _share(start: int, stop: int, count: int) -> NDArray[np.float32]:
    """(stop - start, 1) weight: nothing at a cut edge, where context is missing, then a fade."""
    position = np.arange(stop - start, dtype=np.float32)
    share = np.ones(stop - start, np.float32)
    dead = (_OVERLAP - _FADE) / 2
    if start > 0:
        share = np.minimum(share, (position - dead) / _FADE)
    if stop < count:
        share = np.minimum(share, (position[::-1] - dead) / _FADE)
    return np.clip(share, 1e-6, 1.0)[:, None]


assert 2 * HOP == SAMPLES_PER_VECTOR
