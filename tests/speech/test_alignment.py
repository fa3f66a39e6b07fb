from __future__ import annotations

import numpy as np
import pytest

from lipwright.speech.alignment import Aligner, TimedWord, cut_windows
from lipwright.speech.encoder import SpeechEncoder
from lipwright.speech.level import usual_level
from lipwright.speech.spelling import read_transcript

RATE = 16_000
SAID = "Mama, papa, baby. We both bought a big boat."

BEGINNINGS = (0.0, 0.66, 1.3, 2.1, 2.32, 2.62, 2.95, 3.06, 3.38)
"""Of its words in the recording, read off the waveform (seconds)."""


@pytest.fixture(scope="module")
def aligner(encoder: SpeechEncoder) -> Aligner:
    return Aligner(encoder.model, encoder.folder)


def align(aligner: Aligner, samples: np.ndarray, text: str) -> tuple[TimedWord, ...]:
    return aligner.align(usual_level(samples.astype(np.float32)), read_transcript(text))


def test_words_are_found_where_they_are_said(aligner: Aligner, line: np.ndarray) -> None:
    words = align(aligner, line, SAID)
    assert [timed.word.text for timed in words] == SAID.split()
    off = np.array([timed.start for timed in words]) - BEGINNINGS
    assert np.abs(off).max() < 0.3
    assert np.median(np.abs(off)) < 0.16
    assert all(0.0 <= timed.start <= timed.end <= 4.3 for timed in words)


@pytest.mark.parametrize(
    "text",
    [
        "Four score and seven years ago our fathers brought forth",
        "Le chat est sur la table et il mange du poisson",
        "boat big a bought both we baby papa mama boat big a bought both we baby papa mama",
        "the " * 1250,
        "",
    ],
)
def test_other_words_are_not_found(aligner: Aligner, line: np.ndarray, text: str) -> None:
    assert align(aligner, line, text) == ()


def test_no_words_in_noise_or_silence(aligner: Aligner) -> None:
    noise = np.random.default_rng(0).normal(size=3 * RATE)
    assert align(aligner, noise, SAID) == ()
    assert align(aligner, noise, "the the the the the the") == ()
    assert align(aligner, np.zeros(RATE), SAID) == ()


@pytest.mark.parametrize("count", [0, 1, 159, 400, 3000])
def test_very_short_sounds(aligner: Aligner, line: np.ndarray, count: int) -> None:
    assert align(aligner, line[:count], SAID) == ()


def test_a_long_sound_is_aligned_in_windows(aligner: Aligner, line: np.ndarray) -> None:
    """The line three times with long pauses: 47 s."""
    period = np.concatenate([line, np.zeros(17 * RATE, np.float32)])
    sound = np.concatenate([period, period, line])
    words = align(aligner, sound, f"{SAID} {SAID} {SAID}")
    assert [timed.word.text for timed in words] == 3 * SAID.split()
    starts = np.array([timed.start for timed in words]).reshape(3, 9)
    expected = np.add.outer(np.arange(3) * len(period) / RATE, BEGINNINGS)
    # The first word after a pause begins with the pause.
    off = np.abs(starts - expected)[:, 1:]
    assert off.max() < 0.6
    assert np.median(off) < 0.2


def test_a_long_transcript_of_something_else_is_ignored(aligner: Aligner, line: np.ndarray) -> None:
    sound = np.concatenate([line, np.zeros(20 * RATE, np.float32), line, line])
    assert align(aligner, sound, "It was the best of times, it was the worst of times. " * 9) == ()


def test_windows_are_cut_where_it_is_quiet() -> None:
    sound = np.random.default_rng(1).normal(size=70 * RATE).astype(np.float32)
    for second in (24.0, 47.5):
        sound[round(second * RATE) : round((second + 0.5) * RATE)] = 0.0
    windows = cut_windows(sound)
    assert [a for a, _ in windows[1:]] == [b for _, b in windows[:-1]]
    assert windows[0][0] == 0
    assert windows[-1][1] == len(sound)
    assert all(b - a <= 30 * RATE for a, b in windows)
    for (_, stop), second in zip(windows, (24.0, 47.5), strict=False):
        assert second <= stop / RATE <= second + 0.5


def test_a_short_sound_is_one_window() -> None:
    assert cut_windows(np.zeros(100, np.float32)) == [(0, 100)]
    assert cut_windows(np.zeros(0, np.float32)) == [(0, 0)]
