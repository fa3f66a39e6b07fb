from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from lipwright.models.store import require
from lipwright.speech.encoder import SpeechEncoder

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture(scope="session")
def line() -> np.ndarray:
    """A synthetic voice: "Mama, papa, baby. We both bought a big boat.", 4.2 s at 16 kHz."""
    with wave.open(str(FIXTURES / "bilabials.wav")) as file:
        assert file.getframerate() == 16_000
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return data.astype(np.float32) / 32768.0


@pytest.fixture(scope="session")
def encoder() -> SpeechEncoder:
    return SpeechEncoder(require("whisper_tiny_en"))
