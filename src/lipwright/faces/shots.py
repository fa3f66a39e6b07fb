"""Where one shot ends and the next begins."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.media.types import Frame

_COLUMNS: Final = 48
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
        self._usual = 1.0

    def begins_shot(self, frame: Frame) -> bool:
        """Whether this frame is the first of a new shot (also true for the very first frame)."""
        step = max(1, frame.width // _COLUMNS)
        thumb = frame.y[step // 2 :: step, step // 2 :: step].astype(np.float32)
        last, self._last = self._last, thumb
        if last is None or last.shape != thumb.shape:
            return True
        # Without its mean, so that a flash or a fade of the exposure is no cut.
        change = float(np.abs((thumb - thumb.mean()) - (last - last.mean())).mean())
        cut = change > max(_MIN_CHANGE, _MIN_RATIO * self._usual)
        if not cut:
            self._usual = max(1.0, _MEMORY * self._usual + (1.0 - _MEMORY) * change)
        return cut
