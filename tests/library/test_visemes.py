from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import lipwright
from lipwright.library.visemes import RATE, seen, timeline
from lipwright.speech.alignment import TimedWord
from lipwright.speech.spelling import read_word

OCULUS = set("sil PP FF TH DD kk CH SS nn RR aa E ih oh ou".split())  # noqa: SIM905


def curve_of(*stretches: tuple[float, float, float, float]) -> lipwright.MouthCurve:
    """Seconds, opening, width and speaking of stretches in a row."""
    rows = [
        (opening, width, speaking)
        for seconds, opening, width, speaking in stretches
        for _ in range(round(seconds * RATE))
    ]
    opening, width, speaking = np.array(rows, np.float32).T
    values = np.zeros((len(rows), 6), np.float32)
    values[:, 0], values[:, 1] = opening, width
    return lipwright.MouthCurve(np.arange(len(rows)) / RATE, values, speaking)


MAMA = curve_of(
    (0.2, 0, 0, 0), (0.1, 0, 0, 1), (0.2, 0.18, 0, 1), (0.02, 0.1, 0, 1), (0.2, 0.03, -0.06, 1)
)


def names(curve: lipwright.MouthCurve, alphabet: str, words: tuple[TimedWord, ...] = ()) -> str:
    found = timeline(curve, words, 10 * len(curve.times), lipwright.VisemeSet(alphabet))
    return " ".join(viseme.name for viseme in found)


def test_each_shape_has_its_name() -> None:
    shapes = [(0, 0, 0), (0, 0, 1), (0.02, 0, 1), (0.06, 0, 1), (0.1, 0, 1), (0.2, 0, 1)]
    shapes += [(0.05, -0.06, 1), (0.12, -0.06, 1)]
    curve = curve_of(*((1 / RATE, *shape) for shape in shapes))
    assert seen(curve) == ["sil", "PP", "DD", "ih", "E", "aa", "ou", "oh"]


def test_what_is_too_short_to_be_seen_goes_to_its_neighbour() -> None:
    assert names(MAMA, "oculus") == "sil PP aa ou"
    assert names(MAMA, "rhubarb") == "X A D F"


def test_times_have_no_gaps_and_end_with_the_sound() -> None:
    found = timeline(MAMA, (), 727, lipwright.VisemeSet.OCULUS)
    assert found[0].start_ms == 0
    assert found[-1].end_ms == 727
    assert all(a.end_ms == b.start_ms for a, b in pairwise(found))
    assert [viseme.start_ms for viseme in found] == [0, 200, 300, 520]


def test_a_closure_of_one_frame_stays() -> None:
    curve = curve_of((0.2, 0.1, 0, 1), (0.03, 0, 0, 1), (0.2, 0.1, 0, 1))
    assert names(curve, "oculus") == "E PP E"


def test_a_transcript_puts_consonants_between_the_vowels() -> None:
    curve = curve_of((0.2, 0, 0, 0), (0.6, 0.1, 0, 1), (0.2, 0, 0, 0))
    words = (TimedWord(read_word("fill"), 0.2, 0.8),)
    assert names(curve, "oculus", words) == "sil FF E nn sil"
    assert names(curve, "rhubarb", words) == "X G C H X"
    unknown = (TimedWord(read_word("f1ll"), 0.2, 0.8),)
    assert names(curve, "oculus", unknown) == "sil E sil"


def test_real_speech_with_and_without_words(spoken_line: Path) -> None:
    plain = lipwright.visemes(spoken_line)
    words = "Hello! I never said this. My lips were moved by a computer."
    told = lipwright.visemes(spoken_line, transcript=words)
    for found in (plain, told):
        assert found[0].start_ms == 0
        assert found[-1].end_ms == 4051
        assert {viseme.name for viseme in found} <= OCULUS
        assert all(a.end_ms == b.start_ms and a.name != b.name for a, b in pairwise(found))
    assert {viseme.name for viseme in plain} <= {"sil", "PP", "DD", "ih", "E", "aa", "ou", "oh"}
    assert sum(viseme.name == "PP" for viseme in plain) >= 3
    assert {"FF", "SS", "nn"} <= {viseme.name for viseme in told}


def test_an_unknown_alphabet() -> None:
    with pytest.raises(ValueError, match="runes"):
        lipwright.visemes("none.wav", alphabet="runes")


def test_as_a_table() -> None:
    found = (lipwright.Viseme(0, 250, "sil"), lipwright.Viseme(250, 1300, "aa"))
    assert lipwright.visemes_to_tsv(found) == "0.00\t0.25\tsil\n0.25\t1.30\taa\n"
