"""Bring the mouth to rest where nobody speaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lipwright.speech.activity import Span

ANTICIPATION_S = 0.12
"""Lips part this long before a voice that follows a pause."""

RELEASE_S = 0.16
"""Lips come to rest this long after the voice ends."""

_INSIDE_S = 0.02
"""The mouth is fully the network's this far inside a span."""


def speaking_share(times: NDArray[np.float64], spans: Sequence[Span]) -> NDArray[np.float32]:
    """How much of the motion belongs to speech.

    Returns
    -------
    (T,) float32: 1 in speech, exactly 0 in pauses, smooth ramps around. In a pause shorter than
    both ramps together the mouth settles without quite reaching rest.
    """
    share = np.zeros(len(times))
    for span in spans:
        rise = (times - (span.start - ANTICIPATION_S)) / (ANTICIPATION_S + _INSIDE_S)
        fall = (span.end + RELEASE_S - times) / (RELEASE_S + _INSIDE_S)
        part = np.clip(np.minimum(rise, fall), 0.0, 1.0)
        share = np.maximum(share, part)
    return np.asarray(share * share * (3.0 - 2.0 * share), np.float32)
