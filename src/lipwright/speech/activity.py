"""Where somebody speaks: the network's opinion, guarded by the sound's own level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipwright.speech.encoder import RATE
from lipwright.speech.level import SILENCE_DB, USUAL_DB, loud_level

_ON, _OFF = 0.6, 0.35
"""Speech begins above the first probability and ends below the second."""

_FAINT_DB = USUAL_DB - 42.0
"""Nothing below this is speech, whatever it sounds like: fricatives lie 20 to 30 dB down."""

_LEAST_RANGE_DB = 12.0
_BORDER = 0.35
"""Loudness speaks against speech below this share of the way from the room to loud speech (dB)."""

_ODDS_PER_DB = 0.25

_SHORTEST_S = 0.1
"""Shorter spans are clicks."""

LONGEST_BRIDGE_S = 0.2
"""Shorter pauses are part of speaking: stop consonants hold up to 0.15 s."""


@dataclass(frozen=True)
class Span:
    """A stretch of speech, in seconds."""

    start: float
    end: float


def speech_spans(
    voice: NDArray[np.float32], levels: NDArray[np.float32], duration: float
) -> tuple[Span, ...]:
    """Decide where speech is.

    Parameters
    ----------
    voice
        (n,) probability of speech, 50 per second.
    levels
        (n,) level of the same 20 ms in dB after `lipwright.speech.level.usual_level`.
    duration
        Length of the sound in seconds; no span goes beyond it.

    Returns
    -------
    Spans in time order with pauses of at least `LONGEST_BRIDGE_S` between them; none for a sound
    without speech.
    """
    if len(voice) == 0 or float(levels.max()) < SILENCE_DB:
        return ()
    evidence = _log_odds(voice) + _level_evidence(levels)
    evidence = np.convolve(np.pad(evidence, 2, mode="edge"), np.ones(5) / 5.0, "valid")
    smooth = np.where(levels > _FAINT_DB, 1.0 / (1.0 + np.exp(-evidence)), 0.0)
    runs = _runs(_hysteresis(smooth))
    spans = [Span((first - 0.5) / RATE, (last + 0.5) / RATE) for first, last in runs]
    clipped = [Span(max(0.0, s.start), min(duration, s.end)) for s in _bridged(spans)]
    return tuple(s for s in clipped if s.end - s.start >= _SHORTEST_S)


def _log_odds(probability: NDArray[np.float32]) -> NDArray[np.float64]:
    kept = np.clip(probability.astype(np.float64), 0.005, 0.995)
    return np.log(kept / (1.0 - kept))


def _level_evidence(levels: NDArray[np.float32]) -> NDArray[np.float64]:
    """Log odds from loudness: what is hardly louder than the room is a pause.

    Loudness only speaks against speech, never for it: music is loud too. A recording without a
    difference between loud and quiet says nothing.
    """
    heard = levels[levels > _FAINT_DB].astype(np.float64)
    loud = loud_level(levels)
    floor = float(np.percentile(heard, 5)) if len(heard) else loud
    if loud - floor < _LEAST_RANGE_DB:
        return np.zeros(len(levels))
    border = floor + _BORDER * (loud - floor)
    return np.asarray(np.clip(_ODDS_PER_DB * (levels - border), -3.0, 0.0), np.float64)


def _hysteresis(probability: NDArray[np.floating]) -> NDArray[np.bool_]:
    active = np.zeros(len(probability), bool)
    state = False
    for index, value in enumerate(probability):
        state = value > (_OFF if state else _ON)
        active[index] = state
    return active


def _runs(active: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of every stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _bridged(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for span in spans:
        if joined and span.start - joined[-1].end < LONGEST_BRIDGE_S:
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined
