"""The curves that a report draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.evaluation.lips import shut_level
from lipwright.evaluation.measure import Question
from lipwright.evaluation.sync import later
from lipwright.evaluation.watch import Seen
from lipwright.media.movie import SOUND_RATE
from lipwright.media.types import F32

LEVELS_PER_SECOND: Final = 50


@dataclass(frozen=True, eq=False)
class Curves:
    """What the report draws, frame by frame.

    Attributes
    ----------
    times
        (T,) seconds.
    wanted, rendered
        (T,) openings, head units; NaN where nothing was seen or asked.
    true
        (T,) the true mouth's, or ``None``; drawn at the clip's own offset.
    silent
        (T,) bool.
    loudness
        (m, 2) lowest and highest sample of each fiftieth of a second.
    shut
        Opening below which this person's lips count as shut.
    """

    times: NDArray[np.float64]
    wanted: NDArray[np.float64]
    rendered: NDArray[np.float64]
    true: NDArray[np.float64] | None
    silent: NDArray[np.bool_]
    loudness: F32
    shut: float


def curves_of(seen: Seen, question: Question, sound: F32) -> Curves:
    """Take what is drawn from what was seen of an output, what was asked, and its sound."""
    source, asked = question.source, question.weight > 0.0
    truth = None
    if question.truth is not None:
        truth = later(question.truth.opening, source.times, question.offset_ms / 1000.0)
    block = SOUND_RATE // LEVELS_PER_SECOND
    whole = sound.mean(1)[: len(sound) // block * block].reshape(-1, block)
    loudness = np.stack([whole.min(1), whole.max(1)], 1) if len(whole) else np.zeros((0, 2))
    return Curves(
        source.times,
        np.where(asked, question.wanted[:, 0], np.nan).astype(np.float64),
        seen.opening,
        truth,
        question.silent,
        loudness.astype(np.float32),
        shut_level(source.opening),
    )
