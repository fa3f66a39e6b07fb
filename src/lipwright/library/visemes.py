"""Speech as a timeline of mouth pictures, for faces that are drawn or modelled.

Two alphabets are known: the fifteen visemes of Oculus (OVR) LipSync, and the nine letters of
Rhubarb Lip Sync, which go back to Preston Blair's drawings. The timeline is derived from the mouth
curve, which shows closed lips, rounding and opening, but neither tongue nor teeth. Consonants
that look alike to it are told apart only where a transcript is given and can be aligned.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

import numpy as np

from lipwright.library.curve import SPEECH_RATE, speech_samples
from lipwright.library.letters import sounds_of
from lipwright.library.sound import Sound
from lipwright.speech.alignment import TimedWord
from lipwright.speech.predict import predict_mouth
from lipwright.speech.types import MouthCurve
from lipwright.speech.word_times import word_times

RATE: Final = 100
"""Instants per second at which the curve is looked at."""

_CLOSED: Final = 0.01
_NARROW: Final = -0.035
_AJAR, _HALF, _WIDE = 0.045, 0.085, 0.135
"""Inter-ocular distances: lips that touch; a mouth that is rounded; three degrees of opening."""

_SHORTEST: Final = {"PP": 2, "sil": 8}
_SHORTEST_ELSE: Final = 5
"""In hundredths of a second; shorter stretches go to their neighbours."""

_RHUBARB: Final = {
    "sil": "X",
    "PP": "A",
    "FF": "G",
    "L": "H",
    "aa": "D",
    "E": "C",
    "oh": "E",
    "ou": "F",
    **dict.fromkeys(("TH", "DD", "kk", "CH", "SS", "nn", "ih"), "B"),
    "RR": "E",
}


class VisemeSet(StrEnum):
    """Alphabets of mouth pictures.

    ``oculus``: sil, PP, FF, TH, DD, kk, CH, SS, nn, RR, aa, E, ih, oh, ou. ``rhubarb``: A (lips
    closed), B (teeth nearly closed), C (open), D (wide open), E (slightly rounded), F (puckered),
    G (teeth on the lip), H (tongue up for L), X (rest).
    """

    OCULUS = "oculus"
    RHUBARB = "rhubarb"


@dataclass(frozen=True)
class Viseme:
    """One mouth picture and the stretch of time, in ms of the used speech, that shows it."""

    start_ms: int
    end_ms: int
    name: str


def visemes(
    speech: str | os.PathLike[str] | Sound,
    *,
    transcript: str = "",
    alphabet: VisemeSet | str = VisemeSet.OCULUS,
    speech_start_ms: int = 0,
    speech_end_ms: int | None = None,
    mouth_weights: str | None = None,
) -> tuple[Viseme, ...]:
    """Say which mouth picture shows when.

    Parameters
    ----------
    speech
        mp3, wav, m4a or aac file, or the samples themselves.
    transcript
        What is said, if known and English: then consonants are told apart. One that is not what
        is said is ignored.
    alphabet
        Which pictures there are.
    speech_start_ms, speech_end_ms
        The part of the sound that is used; by default all of it.
    mouth_weights
        As for `lipwright.mouth_curve`.

    Returns
    -------
    Visemes without gaps from 0 to the end of the used part; no two in a row are the same.

    Raises
    ------
    BadInputError
        The sound cannot be used, or there are no such weights.
    FailedError
        The weights could not be fetched.
    ValueError
        There is no such alphabet.
    """
    wanted = VisemeSet(alphabet)
    samples = speech_samples(speech, speech_start_ms, speech_end_ms)
    length_ms = max(1, round(1000 * len(samples) / SPEECH_RATE))
    times = np.arange(max(1, length_ms * RATE // 1000)) / RATE
    curve = predict_mouth(samples, times, transcript, weights=mouth_weights)
    words = word_times(samples, transcript, weights=mouth_weights) if transcript else ()
    return timeline(curve, words, length_ms, wanted)


def timeline(
    curve: MouthCurve, words: Sequence[TimedWord], length_ms: int, alphabet: VisemeSet
) -> tuple[Viseme, ...]:
    """Turn a curve at `RATE` into visemes.

    Parameters
    ----------
    curve
        At multiples of 1 / `RATE` seconds.
    words
        When what is said, as far as it is known.
    length_ms
        Where the last viseme ends.
    alphabet
        Which pictures there are.
    """
    names = _spelled(seen(curve), words)
    if alphabet is VisemeSet.RHUBARB:
        names = [_RHUBARB[name] for name in names]
    else:
        names = ["nn" if name == "L" else name for name in names]
    shortest = {
        _RHUBARB[n] if alphabet is VisemeSet.RHUBARB else n: s for n, s in _SHORTEST.items()
    }
    runs = _merged([(name, len(list(group))) for name, group in groupby(names)], shortest)
    found: list[Viseme] = []
    at = 0
    for index, (name, length) in enumerate(runs):
        end = length_ms if index == len(runs) - 1 else (at + length) * 1000 // RATE
        found.append(Viseme(at * 1000 // RATE, end, name))
        at += length
    return tuple(found)


def seen(curve: MouthCurve) -> list[str]:
    """What the curve alone shows, in Oculus's names: rest, closed lips, vowels and ``DD``.

    ``DD`` stands for any mouth that is nearly closed and not rounded.
    """
    opening, width = curve.values[:, 0], curve.values[:, 1]
    names = np.select(
        [
            curve.speaking < 0.5,
            opening < _CLOSED,
            (width < _NARROW) & (opening < _HALF),
            width < _NARROW,
            opening >= _WIDE,
            opening >= _HALF,
            opening >= _AJAR,
        ],
        ["sil", "PP", "ou", "oh", "aa", "E", "ih"],
        "DD",
    )
    return [str(name) for name in names]


def visemes_to_tsv(timeline: Iterable[Viseme]) -> str:
    """Write start, end (seconds) and name with tabs between them, a line each."""
    return "".join(f"{v.start_ms / 1000:.2f}\t{v.end_ms / 1000:.2f}\t{v.name}\n" for v in timeline)


def _spelled(names: list[str], words: Sequence[TimedWord]) -> list[str]:
    """Put consonants where the transcript has them.

    Rests stay, and so do closures of the lips in words that have a p, b or m.
    """
    result = list(names)
    for timed in words:
        if timed.word.meetings is None:
            continue
        kept = ("sil", "PP") if timed.word.meetings else ("sil",)
        length = timed.end - timed.start
        for sound in sounds_of(timed.word.text):
            first = round((timed.start + sound.start * length) * RATE)
            last = round((timed.start + sound.end * length) * RATE)
            for at in range(max(0, first), min(len(result), max(first + 1, last))):
                if result[at] not in kept:
                    result[at] = sound.viseme
    return result


def _merged(runs: list[tuple[str, int]], shortest: dict[str, int]) -> list[tuple[str, int]]:
    """Give what is too short to be seen to the longer neighbour, shortest first."""
    runs = list(runs)
    while len(runs) > 1:
        lacking = [
            (n, i) for i, (name, n) in enumerate(runs) if n < shortest.get(name, _SHORTEST_ELSE)
        ]
        if not lacking:
            break
        length, index = min(lacking)
        sides = [i for i in (index - 1, index + 1) if 0 <= i < len(runs)]
        into = max(sides, key=lambda i: runs[i][1])
        runs[into] = (runs[into][0], runs[into][1] + length)
        del runs[index]
        runs = [
            (name, sum(n for _, n in group))
            for name, group in groupby(runs, key=lambda run: run[0])
        ]
    return runs
