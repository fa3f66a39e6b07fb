"""Tell the closure curve what the transcript knows: which closures to expect, and where none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from lipwright.speech.activity import Span
from lipwright.speech.alignment import TimedWord
from lipwright.speech.encoder import RATE

_BLUR_S = 0.09
"""Standard deviation of an expected closure's time: alignment is good to about that."""

_BLUR_SHARE = 0.12
"""And of its place within the word, as a share of the word's length."""

_REACH = 2.5
"""Nothing further off than this many deviations is the expected closure."""

_LEAST = 0.08
"""A peak below this is no closure, whatever is expected."""

_PLAIN = 0.8
"""Above this one peak is as good as another, and only its place counts."""

_ENOUGH = 0.8
"""Probability that an expected closure's peak gets at least."""

_DOUBT = 1.25
"""Log odds that closures lose where the transcript knows of none: 0.9 still is one, 0.7 not."""

_HOLD_S = 0.1
"""An expected closure reaches no further than this to either side of its peak."""

_NEAR_S = 0.12
"""Nothing is known so close to a sound that narrows the lips."""

_EDGE_S = 0.05
"""A closure's peak may lie this far outside speech, ..."""

_ONSET_S = 0.12
"""... and lips that open from rest may take so long after a pause."""

_EARLY_S = 0.06
"""Attention comes to a letter this long after the lips meet for it, on average."""

_PAUSE_S = 0.3
"""Nothing is known of longer gaps between words."""

_LONGEST_S, _LONGEST_LETTER_S = 0.25, 0.12
"""A word lasts no longer than this and so much for every letter; the rest is silence."""


@dataclass(frozen=True)
class Expected:
    """The lips should meet around `time`, give or take `blur` (seconds)."""

    time: float
    blur: float


def sharpen(
    closed: NDArray[np.float32], words: Sequence[TimedWord], spans: Sequence[Span]
) -> NDArray[np.float32]:
    """Weigh the sound's word on closures with the transcript's.

    Each expected closure takes the best peak near its place, in order, and is raised; elsewhere in
    known words closures must be more probable by themselves than they otherwise would.

    Parameters
    ----------
    closed
        (n,) probability that the lips touch, 50 per second.
    words
        With their times, ascending.
    spans
        Where somebody speaks; the aligner lets words reach into the silence around them.

    Returns
    -------
    (n,) float32, the probability given both.
    """
    voiced = placed_words(words, spans)
    if not voiced or len(closed) == 0:
        return closed
    odds = _log_odds(closed)
    peaks = _spoken(_peaks(closed), spans)
    chosen = match(expected_closures(voiced), peaks / RATE, odds[peaks])
    shift = -_DOUBT * _certainly_apart(voiced, len(closed))
    enough = np.log(_ENOUGH / (1.0 - _ENOUGH))
    for peak in peaks[chosen]:
        first, last = _extent(odds, int(peak))
        shift[first : last + 1] = max(0.0, enough - odds[peak])
    sharpened = odds + shift
    return np.asarray(1.0 / (1.0 + np.exp(-sharpened)), np.float32)


def expected_closures(words: Sequence[TimedWord]) -> tuple[Expected, ...]:
    """Where spelling puts closures; one for two that meet across a word's border ("stop by")."""
    found: list[Expected] = []
    touching = False
    for timed in words:
        length = timed.end - timed.start
        for place in timed.word.meetings or ():
            if not (place == 0.0 and touching):
                time = timed.start + place * length - _EARLY_S
                found.append(Expected(time, _BLUR_S + _BLUR_SHARE * length))
            touching = False
        touching = timed.word.text[-1:].lower() in {"p", "b", "m"}
    return tuple(found)


def match(
    expected: Sequence[Expected], times: NDArray[np.float64], odds: NDArray[np.float64]
) -> list[int]:
    """Give expected closures peaks, in order, so that the total evidence is greatest.

    Parameters
    ----------
    expected
        In order.
    times, odds
        (k,) seconds, ascending, and log odds of the peaks.

    Returns
    -------
    Indices of the peaks that were taken; an expected closure without a good peak takes none.
    """
    floor, plain = np.log(_LEAST / (1.0 - _LEAST)), np.log(_PLAIN / (1.0 - _PLAIN))
    best = np.zeros(len(times) + 1)
    taken = []
    for one in expected:
        off = (times - one.time) / one.blur
        gain = np.minimum(odds, plain) - floor - 0.5 * off**2
        gain[(np.abs(off) > _REACH) | (odds < floor)] = -np.inf
        with_this = best[:-1] + gain
        row = np.maximum.accumulate(np.maximum(best, np.concatenate([[0.0], with_this])))
        taken.append((best, with_this, row))
        best = row
    chosen = []
    until = len(times)
    for before, with_this, row in reversed(taken):
        if row[until] == before[until]:
            continue
        # The first place from which the row has its value is where a peak was taken.
        until = int(np.argmax(with_this[:until] >= row[until]))
        chosen.append(until)
    return chosen[::-1]


def placed_words(words: Sequence[TimedWord], spans: Sequence[Span]) -> list[TimedWord]:
    """Words without the silence that the aligner put into them."""
    placed = []
    after = -np.inf
    for timed in words:
        parts = [(max(timed.start, s.start), min(timed.end, s.end)) for s in spans]
        start, end = max(parts, key=lambda part: part[1] - part[0], default=(0.0, 0.0))
        longest = _LONGEST_S + _LONGEST_LETTER_S * len(timed.word.text)
        if timed.start - after > _PAUSE_S:
            # What comes before a first word is counted to it; else it is what comes after.
            start = max(start, end - longest)
        if end > start:
            placed.append(TimedWord(timed.word, start, min(end, start + longest)))
        after = timed.end
    return placed


def _certainly_apart(words: Sequence[TimedWord], count: int) -> NDArray[np.float64]:
    """(count,) 1 where spelling tells that the lips are not even near each other, else 0."""
    apart = np.zeros(count)
    before = -np.inf
    for timed, following in zip_longest(words, words[1:]):
        end = timed.end
        if following is not None and following.start - end < _PAUSE_S:
            end = following.start
        start = timed.start + (_ONSET_S if timed.start - before > _PAUSE_S else 0.0)
        before = timed.end
        if timed.word.meetings is not None:
            apart[round(start * RATE) : round(end * RATE) + 1] = 1.0
    for timed in words:
        for place in timed.word.narrowings:
            time = timed.start + place * (timed.end - timed.start) - _EARLY_S
            apart[max(0, round((time - _NEAR_S) * RATE)) : round((time + _NEAR_S) * RATE) + 1] = 0.0
    return apart


def _peaks(closed: NDArray[np.float32]) -> NDArray[np.int64]:
    padded = np.concatenate([[-1.0], closed, [-1.0]])
    return np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))


def _spoken(peaks: NDArray[np.int64], spans: Sequence[Span]) -> NDArray[np.int64]:
    """Peaks that are not the rest between the spans, in which lips touch anyway."""
    times = peaks / RATE
    kept = np.zeros(len(peaks), bool)
    for span in spans:
        kept |= (times >= span.start - _EDGE_S) & (times <= span.end + _EDGE_S)
    return peaks[kept]


def _extent(odds: NDArray[np.float64], peak: int) -> tuple[int, int]:
    """From the valley before a peak to the one after it."""
    reach = round(_HOLD_S * RATE)
    first = last = peak
    while first > max(0, peak - reach) and odds[first - 1] <= odds[first]:
        first -= 1
    while last < min(len(odds) - 1, peak + reach) and odds[last + 1] <= odds[last]:
        last += 1
    return first, last


def _log_odds(probability: NDArray[np.float32]) -> NDArray[np.float64]:
    kept = np.clip(probability.astype(np.float64), 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(kept / (1.0 - kept)), np.float64)
