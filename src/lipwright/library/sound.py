"""Sound as an array, for those who do not have it in a file."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.errors import BadInputError
from lipwright.media.audio import resample

_FULL_SCALE: Final = 2**31 - 1
_SLOWEST, _FASTEST = 1_000, 768_000


@dataclass(frozen=True, eq=False)
class Sound:
    """Samples and their rate.

    Attributes
    ----------
    samples
        (n,) or (n, channels) of any real type; floats have full scale 1, integers their type's.
    rate
        Samples per second.
    """

    samples: NDArray[np.floating] | NDArray[np.integer]
    rate: int

    @property
    def duration_ms(self) -> int:
        """Length in ms, rounded."""
        return round(1000 * len(self.samples) / self.rate)


def planar(sound: Sound) -> NDArray[np.float32]:
    """(n, 1) or (n, 2) float32 samples, full scale 1; more channels are averaged into one.

    Raises
    ------
    BadInputError
        Field ``speech``, reason ``wrong_format``: that is no sound.
    """
    if not _SLOWEST <= sound.rate <= _FASTEST:
        raise _wrong(f"its rate must be {_SLOWEST} to {_FASTEST}; got {sound.rate}")
    samples = np.asarray(sound.samples)
    if samples.ndim not in (1, 2) or not samples.size or samples.dtype.kind not in "fiu":
        raise _wrong(f"it must be (n,) or (n, channels) numbers; got {samples.shape}")
    if samples.dtype.kind in "iu":
        limits = np.iinfo(samples.dtype)
        middle = 0.0 if limits.min < 0 else (limits.max + 1) / 2
        samples = (samples - middle) / ((limits.max + 1.0) if limits.min < 0 else middle)
    plain = np.asarray(samples, np.float32).reshape(len(samples), -1)
    if not np.isfinite(plain).all():
        raise _wrong("it holds values that are not numbers")
    return plain if plain.shape[1] <= 2 else plain.mean(1, keepdims=True)


def stereo(sound: Sound, rate: int) -> NDArray[np.float32]:
    """(n, 2) float32 samples at another rate."""
    samples = resample(planar(sound), sound.rate, rate)
    return samples if samples.shape[1] == 2 else np.repeat(samples, 2, axis=1)


def mono(sound: Sound, rate: int) -> NDArray[np.float32]:
    """(n,) float32 samples at another rate."""
    mixed = planar(sound).mean(1, keepdims=True)
    return np.asarray(resample(mixed, sound.rate, rate)[:, 0], np.float32)


def write_wav(path: Path, sound: Sound) -> None:
    """Write 32-bit samples; what is louder than full scale is clipped."""
    samples = planar(sound)
    scaled = np.clip(samples.astype(np.float64), -1.0, 1.0) * _FULL_SCALE
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(4)
        file.setframerate(sound.rate)
        file.writeframes(scaled.astype("<i4").tobytes())


def _wrong(detail: str) -> BadInputError:
    return BadInputError("speech", "wrong_format", detail)
