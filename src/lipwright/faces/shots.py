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


_CALM: Final = _MIN_CHANGE / 2.0
"""Two frames apart, what lies between them changes no more than twice as much."""


class ShotDetector:
    """Tells, frame by frame, whether a new shot begins. Feed it every frame in order."""

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._usual: float | None = None

    def is_calm(self, frame: Frame) -> bool:
        """Whether so little changed since the last frame that no cut can lie in between.

        To be asked where frames were left out, before `begins_shot`. What is to be seen in the
        left-out frames alone is not told.
        """
        thumb = _thumbnail(frame)
        if self._last is None or self._last.shape != thumb.shape:
            return False
        return _change(self._last, thumb) < _CALM

    def begins_shot(self, frame: Frame, step: int = 1) -> bool:
        """Whether this frame is the first of a new shot (also true for the very first frame).

        Parameters
        ----------
        frame
            The next one.
        step
            How many frames it is after the one before: more than 1 where some were left out.
        """
        thumb = _thumbnail(frame)
        last, self._last = self._last, thumb
        if last is None or last.shape != thumb.shape:
            return True
        change = _change(last, thumb)
        if self._usual is None:
            self._usual = max(1.0, change / step)
        cut = change > max(_MIN_CHANGE, _MIN_RATIO * self._usual)
        # A cut counts too: if the change goes on it was the beginning of a quick pan.
        memory = _MEMORY**step
        self._usual = max(1.0, memory * self._usual + (1.0 - memory) * change / step)
        return cut


def _change(last: NDArray[np.float32], thumb: NDArray[np.float32]) -> float:
    """Mean absolute difference, without the means: a flash or a fade of the exposure is no cut."""
    return float(np.abs((thumb - thumb.mean()) - (last - last.mean())).mean())


def _thumbnail(frame: Frame) -> NDArray[np.float32]:
    """Small luma picture, each pixel the mean of a sparse block."""
    sparse = max(1, frame.width // (_COLUMNS * _SAMPLES))
    rows = max(1, round(_COLUMNS * frame.height / frame.width))
    samples = np.ascontiguousarray(frame.y[::sparse, ::sparse])
    small = cv2.resize(samples, (_COLUMNS, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)
