"""How widely a person speaks: some mumble, some declaim, and a new line should sound like them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.mouth_shape import mouth_values
from lipwright.faces.types import FaceTrack
from lipwright.media.scratch import let_go
from lipwright.speech.types import MouthCurve

_WIDE: Final = 95
_SHUT: Final = 5
_MOVING: Final = 0.5
"""Change of the opening per second, head units, that only a moving mouth has."""

_TALKING_SHARE: Final = 0.25
_LEAST_FRAMES: Final = 25
_TRUST: Final = 0.7
_LIMITS: Final = (0.75, 1.4)
_BLOCK: Final = 256


def talking_range(track: FaceTrack) -> float | None:
    """How far a person opens the mouth while talking in the source.

    Returns
    -------
    The 95th percentile of the inner-lip opening above its 5th, head units, or ``None`` where the
    source hardly shows the person talk.
    """
    if len(track.times) < _LEAST_FRAMES:
        return None
    opening = _openings(track).astype(np.float64)
    speed = np.abs(np.diff(opening)) / np.maximum(np.diff(track.times), 1e-3)
    if float((speed > _MOVING).mean()) < _TALKING_SHARE:
        return None
    shut, wide = np.percentile(opening, [_SHUT, _WIDE])
    return float(wide - shut)


def _openings(track: FaceTrack) -> NDArray[np.float32]:
    """(N,) inner-lip openings; of a long track a part at a time."""
    found = []
    for begin in range(0, len(track.times), _BLOCK):
        found.append(mouth_values(track.landmarks[begin : begin + _BLOCK])[:, 0])
        let_go(track.landmarks)
    return np.concatenate(found)


def like_the_person(curve: MouthCurve, own_range: float | None) -> NDArray[np.float32]:
    """Scale a mouth curve towards the person's own range.

    Parameters
    ----------
    curve
        As predicted, in the range of average speech.
    own_range
        From `talking_range`; ``None`` leaves the curve alone.

    Returns
    -------
    (T, 6) float32. Closed stays closed and rest stays rest, since only a factor is applied.
    """
    speaking = curve.speaking > 0
    if own_range is None or speaking.sum() < _LEAST_FRAMES:
        return curve.values
    widest = float(np.percentile(curve.values[speaking, 0], _WIDE))
    factor = (own_range / max(widest, 1e-3)) ** _TRUST
    return np.asarray(curve.values * np.float32(np.clip(factor, *_LIMITS)), dtype=np.float32)
