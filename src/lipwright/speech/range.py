"""Bring the motion to a natural range: a network that is unsure mumbles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lipwright.speech.activity import Span
from lipwright.speech.encoder import RATE

NATURAL_OPENING = 0.2
"""95th percentile of the opening in lively speech (inter-ocular distances)."""

_GENTLEST, _STRONGEST = 0.9, 1.35
"""Speech may be soft or sparing of vowels by itself, so only so much is made up for."""


def natural_range(values: NDArray[np.float32], spans: Sequence[Span]) -> NDArray[np.float32]:
    """Scale all channels by one factor that brings the opening to its natural range.

    Parameters
    ----------
    values
        (n, 6) network output, 50 per second.
    spans
        Where speech is; only that counts.
    """
    middles = np.arange(len(values)) / RATE
    inside = np.zeros(len(values), bool)
    for span in spans:
        inside |= (middles >= span.start) & (middles <= span.end)
    if inside.sum() < RATE // 2:
        return values
    widest = float(np.percentile(values[inside, 0], 95))
    factor = float(np.clip(NATURAL_OPENING / max(widest, 1e-3), _GENTLEST, _STRONGEST))
    return np.asarray(values * np.float32(factor), np.float32)
