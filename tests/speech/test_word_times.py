from __future__ import annotations

from pathlib import Path

import numpy as np

from lipwright.media.audio import read_sound
from lipwright.speech.word_times import word_times

WORDS = "Hello! I never said this. My lips were moved by a computer."


def sound(spoken_line: Path) -> np.ndarray:
    return read_sound(spoken_line, 0, 4051, 16_000).mean(1)


def test_words_are_in_order_and_where_the_voice_is(spoken_line: Path) -> None:
    timed = word_times(sound(spoken_line), WORDS)
    assert [word.word.text for word in timed] == WORDS.split()
    starts = [word.start for word in timed]
    assert starts == sorted(starts)
    assert 0 <= starts[0] < 0.4
    assert 3.3 < timed[-1].end <= 4.051
    assert all(0.03 < word.end - word.start < 1.3 for word in timed)


def test_other_words_and_silence_have_no_times(spoken_line: Path) -> None:
    other = "Every morning the old gardener carries seven baskets of green apples uphill"
    assert word_times(sound(spoken_line), other) == ()
    assert word_times(sound(spoken_line), "") == ()
    assert word_times(np.zeros(16_000, np.float32), WORDS) == ()
