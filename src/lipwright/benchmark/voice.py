"""Something like speech, made on the spot: syllables of a buzzing source through three resonances.

Nobody would understand it, but the speech model hears vowels, stops and pauses in it, and moves
the mouth as much as real speech makes it (resonances after Peterson and Barney, 1952, men).
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 16_000
_VOWELS: Final = (
    (730, 1090, 2440),  # father
    (270, 2290, 3010),  # heed
    (530, 1840, 2480),  # head
    (570, 840, 2410),  # hawed
    (300, 870, 2240),  # who'd
    (660, 1720, 2410),  # had
)
_WIDTHS: Final = (90.0, 110.0, 170.0)
_SYLLABLE: Final = 0.22
_CLOSED: Final = 0.07
"""Seconds of a syllable in which the lips are shut."""

_PHRASE: Final = 9
"""Syllables between two pauses."""


def write_voice(path: Path, seconds: float) -> None:
    """Write 16-bit mono wav; always the same for a length."""
    samples = voice(seconds)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32_767).astype("<i2").tobytes())


def voice(seconds: float) -> NDArray[np.float64]:
    """(n,) samples at 16 kHz, full scale 1."""
    chance = np.random.default_rng(5)
    parts: list[NDArray[np.float64]] = []
    total, number = 0, 0
    while total < seconds * RATE:
        if number % (_PHRASE + 1) == _PHRASE:
            part = chance.normal(0.0, 1e-4, round(0.35 * RATE))
        else:
            vowel = _VOWELS[int(chance.integers(len(_VOWELS)))]
            part = _syllable(vowel, 110.0 + 25.0 * float(chance.random()), chance)
        parts.append(part)
        total += len(part)
        number += 1
    whole = np.concatenate(parts)[: round(seconds * RATE)]
    return np.asarray(0.7 * whole / np.abs(whole).max(), np.float64)


def _syllable(
    vowel: tuple[int, int, int], pitch: float, chance: np.random.Generator
) -> NDArray[np.float64]:
    """A stop, and a vowel that swells and fades."""
    count, closed = round(_SYLLABLE * RATE), round(_CLOSED * RATE)
    time = np.arange(count - closed) / RATE
    phase = np.cumsum(pitch * (1.0 - 0.15 * time / time[-1])) / RATE
    pulses = np.diff(np.floor(phase), prepend=0.0)
    source = pulses + chance.normal(0.0, 0.01, len(time))
    spectrum = np.fft.rfft(source, 2 * len(time))
    hertz = np.fft.rfftfreq(2 * len(time), 1.0 / RATE)
    for middle, width in zip(vowel, _WIDTHS, strict=True):
        spectrum *= middle**2 / (middle**2 - hertz**2 + 1j * width * hertz)
    sound = np.fft.irfft(spectrum)[: len(time)]
    swell = np.minimum(1.0, np.minimum(time / 0.02, (time[-1] - time) / 0.05))
    murmur = 0.02 * np.sin(2.0 * np.pi * pitch * np.arange(closed) / RATE)
    return np.concatenate([murmur, sound / np.abs(sound).max() * swell])
