"""Sounds for cases: a clip's own as a file, and two kinds of silence."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Final

import numpy as np

from lipwright.media.types import F32

_RATE: Final = 48_000
_ROOM_TONE_DB: Final = -55.0


def write_wave(path: Path, samples: F32) -> None:
    """Write (n, 2) float32 at 48 kHz as 16-bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2").tobytes())


def silence(kind: str, duration_ms: int) -> F32:
    """(n, 2) of one of `lipwright.evaluation.cases.SILENCES`, the same every time."""
    count = duration_ms * _RATE // 1000
    if kind == "digital":
        return np.zeros((count, 2), np.float32)
    noise = np.random.default_rng(0).normal(0.0, 10.0 ** (_ROOM_TONE_DB / 20.0), (count, 2))
    return noise.astype(np.float32)
