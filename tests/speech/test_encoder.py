from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from lipwright.errors import FailedError
from lipwright.speech.encoder import SpeechEncoder, window_starts


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_one_vector_per_20_ms(encoder: SpeechEncoder, line: np.ndarray) -> None:
    features = encoder.encode(line[: 320 * 100 + 1])
    assert features.shape == (101, 384)
    assert features.dtype == np.float32


def test_empty_sound(encoder: SpeechEncoder) -> None:
    assert encoder.encode(np.zeros(0, np.float32)).shape == (0, 384)


def test_long_sound_is_seamless(encoder: SpeechEncoder, line: np.ndarray) -> None:
    """Vectors of a long sound resemble those of the same stretch alone, at the joints too."""
    long = np.tile(line, 6)[: 16_000 * 24]
    features = encoder.encode(long)
    for start in (6, 8, 14):
        alone = encoder.encode(long[start * 16_000 : (start + 6) * 16_000])
        together = features[start * 50 : (start + 6) * 50]
        middle = slice(50, 250)
        by_lag = [likeness(together[middle], np.roll(alone, n, 0)[middle]) for n in range(-4, 5)]
        assert int(np.argmax(by_lag)) == 4
        assert by_lag[4] > max(by_lag[:3] + by_lag[6:]) + 0.05


@pytest.mark.parametrize("count", [1, 499, 500, 501, 900, 901, 1300, 3000])
def test_windows_cover_everything_and_are_full(count: int) -> None:
    starts = window_starts(count)
    assert starts[0] == 0
    assert starts[-1] == max(0, count - 500)
    assert all(0 < b - a <= 400 for a, b in itertools.pairwise(starts))


def test_missing_model_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(FailedError) as caught:
        SpeechEncoder(tmp_path)
    assert caught.value.reason == "speech_model"
