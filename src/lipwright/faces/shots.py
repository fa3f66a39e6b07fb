"""Where one shot ends and the next begins."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.media.types import Frame

_COLUMNS: Final = 48
_SAMPLES: Final = 4
_MIN_CHANGE: Final = 18.0
"""Mean absolute luma change (of 255) below which a frame never begins a shot."""

_MIN_RATIO: Final = 4.0
"""A cut changes the picture this many times as much as the frames before it."""

_MEMORY: Final = 0.8
"""Weight of the past in the running mean of change."""


class ShotDetector:
    """Tells, frame by frame, whether a new shot begins. Feed it every frame in order."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._usual: float | None = None

    def begins_shot(self, frame: Frame) -> bool:
        """Whether this frame is the first of a new shot (also true for the very first frame)."""
        thumb = _thumbnail(frame)
        last, self._last = self._last, thumb
        if last is None or last.shape != thumb.shape:
            return True
        # Without its mean, so that a flash or a fade of the exposure is no cut.
        change = float(np.abs((thumb - thumb.mean()) - (last - last.mean())).mean())
        if self._usual is None:
            self._usual = max(1.0, change)
        cut = change > max(_MIN_CHANGE, _MIN_RATIO * self._usual)
        # A cut counts too: if the change goes on it was the beginning of a quick pan.
        self._usual = max(1.0, _MEMORY * self._usual + (1.0 - _MEMORY) * change)
        return cut


def _thumbnail(frame: Frame) -> NDArray[np.float32]:
    """Small luma picture, each pixel the mean of a sparse block."""
    sparse = max(1, frame.width // (_COLUMNS * _SAMPLES))
    rows = max(1, round(_COLUMNS * frame.height / frame.width))
    samples = np.ascontiguousarray(frame.y[::sparse, ::sparse])
    small = cv2.resize(samples, (_COLUMNS, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)
