"""Measure one file's mouth against what is known of the case."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.evaluation.lips import (
    closings,
    closure_rate,
    contrast,
    lip_distance,
    shut_level,
    spread,
)
from lipwright.evaluation.picture import flicker, jerk, sharpness_ratio
from lipwright.evaluation.stillness import silence_motion, wander
from lipwright.evaluation.sync import agreement, correlation, later
from lipwright.evaluation.watch import Seen

F64 = NDArray[np.float64]
Numbers = dict[str, float]

_TRUSTED: Final = 0.4
"""Below this correlation the model's curve and the true mouth do not tell a clip's offset."""

_FARTHEST_MS: Final = 160.0
_ALIKE: Final = 0.04
_LEAST_FRAMES: Final = 8


@dataclass(frozen=True, eq=False)
class Question:
    """What a case is held against.

    Attributes
    ----------
    source
        The clip itself.
    truth
        The mouth that said the sound, where it is known.
    wanted
        (T, 6) the speech model's curve for the sound.
    weight
        (T,) 0 where the sound does not reach and nothing is asked.
    silent
        (T,) bool: the sound is silent.
    offset_ms
        By how much the clip's picture is later than its sound.
    """

    source: Seen
    truth: Seen | None
    wanted: NDArray[np.float32]
    weight: NDArray[np.float32]
    silent: NDArray[np.bool_]
    offset_ms: float = 0.0

    @property
    def asked(self) -> NDArray[np.bool_]:
        """(T,) bool: frames in which the mouth is fully the engine's."""
        return (self.weight > 0.99) & self.source.there


def measure(made: Seen, question: Question) -> Numbers:
    """Every metric of one row that can be told from the file.

    Parameters
    ----------
    made
        The file, looked at from the source's viewpoints.
    question
        What it is held against.
    """
    numbers = mouth_numbers(made.values, question)
    good = question.asked & made.there
    source = question.source
    if question.truth is not None:
        shift = question.offset_ms / 1000.0
        true_lips = later(question.truth.lips, source.times, shift)
        numbers["m_lmd"] = 100.0 * lip_distance(_where(made.lips, good), true_lips)
    # Teeth have edges that lips have not: only mouths that are about as open can be compared.
    alike = good & (np.abs(made.opening - source.opening) < _ALIKE)
    if alike.sum() >= _LEAST_FRAMES:
        numbers["sharpness"] = sharpness_ratio(made.patches, source.patches, alike)
    numbers["wander"] = 100.0 * wander(_where(made.lips, good), question.silent)
    numbers["flicker"] = _over(flicker(made.patches, good), flicker(source.patches, good))
    numbers["jerk"] = _over(
        jerk(_where(made.lips, good), made.step), jerk(_where(source.lips, good), made.step)
    )
    return numbers


def mouth_numbers(values: F64, question: Question) -> Numbers:
    """What a mouth's values alone tell; serves for the speech model's curve too.

    Parameters
    ----------
    values
        (T, 6) mouth values, absolute or relative to rest, NaN where nothing was seen.
    question
        What they are held against.
    """
    source, asked = question.source, question.asked
    opening = np.where(asked, values[:, 0], np.nan)
    floor = _floor(source.opening)
    numbers: Numbers = {
        "silence_motion": silence_motion(opening, question.silent & asked, floor, source.step)
    }
    if question.truth is not None:
        numbers |= _against_truth(values, opening, question.truth, question)
    if float(question.wanted[:, 0].max(initial=0.0)) > 0.0:
        wanted = np.where(asked, question.wanted[:, 0], np.nan).astype(np.float64)
        numbers |= against_curve(opening, wanted, source.step)
        # Rest is 0 in a curve; what is seen lies a little above.
        events = closings(wanted, _CURVE_SHUT, source.step)
        level = shut_level(source.opening)
        level = level if np.isfinite(level) else _SEEN_SHUT
        numbers["curve_closure_rate"] = closure_rate(opening, events, level, source.step)
        numbers["curve_closures"] = float(len(events))
    return numbers


_CURVE_SHUT: Final = 0.01
_SEEN_SHUT: Final = 0.03


def against_curve(opening: F64, wanted: F64, step: float) -> Numbers:
    """How a seen opening goes with a speech model's curve."""
    found = agreement(opening, wanted, step)
    everywhere = np.ones(len(opening), bool)
    return {
        "follow_r": found.r,
        "follow_lag_ms": found.lag_ms,
        "follow_gain": _over(spread(opening, everywhere), spread(wanted, everywhere)),
    }


def own_offset(truth: Seen, wanted: NDArray[np.floating], asked: NDArray[np.bool_]) -> float:
    """By how many ms a clip's picture is later than its sound, as the speech model hears it.

    Returns
    -------
    0 where model and mouth agree too little to tell, or only at an absurd distance.
    """
    curve = np.where(asked[:, None], wanted, np.nan).astype(np.float64)
    found = agreement(truth.values, curve, truth.step)
    trusted = found.best_r >= _TRUSTED and abs(found.lag_ms) <= _FARTHEST_MS
    return found.lag_ms if trusted else 0.0


def other_words(truth: Seen) -> list[Seen]:
    """The same person saying something else: the clip's mouth, turned round in time.

    What a viewer sees when a new sound is put on the old picture; three turns, so that chance
    does not decide.
    """
    count = len(truth.times)
    turned = []
    for share in (0.3, 0.5, 0.7):
        by = round(share * count)
        turned.append(
            replace(truth, values=np.roll(truth.values, by, 0), lips=np.roll(truth.lips, by, 0))
        )
    return turned


def median_of(rows: list[Numbers]) -> Numbers:
    """Median of each number over those rows that have it."""
    found: Numbers = {}
    for key in {key: None for row in rows for key in row}:
        values = [row[key] for row in rows if np.isfinite(row.get(key, np.nan))]
        found[key] = float(np.median(values)) if values else float("nan")
    return found


def _against_truth(values: F64, opening: F64, truth: Seen, question: Question) -> Numbers:
    source, asked = question.source, question.asked
    step, shift = source.step, question.offset_ms / 1000.0
    true = truth.opening
    raw = agreement(opening, np.where(asked, true, np.nan), step)
    true_then = later(truth.values, source.times, shift)
    level = shut_level(true)
    events = closings(true, level, step)
    made_events = closings(opening, level, step)
    spoken = asked & ~question.silent
    return {
        "opening_r": correlation(opening, true_then[:, 0]),
        "width_r": correlation(np.where(asked, values[:, 1], np.nan), true_then[:, 1]),
        "opening_r_raw": raw.r,
        "opening_r_best": raw.best_r,
        "lag_ms": raw.lag_ms + question.offset_ms,
        "lag_ms_raw": raw.lag_ms,
        "closure_rate": closure_rate(opening, events, level, step, shift),
        "closures": float(len(events)),
        "closure_precision": closure_rate(true, made_events, level, step, -shift),
        "articulation": _over(spread(opening, spoken), spread(true, spoken)),
        "contrast": contrast(opening, np.where(asked, true_then[:, 0], np.nan)),
    }


def _where(values: F64, good: NDArray[np.bool_]) -> F64:
    """Values with NaN where they do not count."""
    return np.where(good.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)


def _floor(opening: F64) -> float:
    seen = opening[np.isfinite(opening)]
    return float(np.percentile(seen, 5)) if len(seen) else 0.0


def _over(value: float, other: float) -> float:
    return value / other if other > 0.0 else float("nan")
