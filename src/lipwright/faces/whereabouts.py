"""Where a face is to be expected at any time, by where it was seen now and then."""

from __future__ import annotations

from typing import Final

import numpy as np

from lipwright.faces.types import Box, IdentifiedFace

_MAX_SAMPLE_GAP_MS: Final = 1_500


class Whereabouts:
    """Answers from the samples of one face.

    Parameters
    ----------
    face
        Its samples say where it was seen; a face elsewhere is another person.
    """

    def __init__(self, face: IdentifiedFace) -> None:
        self._face = face
        self._times = np.array([s.time_ms for s in face.samples], dtype=np.float64)
        self._boxes = np.array([[s.box.x0, s.box.y0, s.box.x1, s.box.y1] for s in face.samples])

    def at(self, time_ms: int) -> Box | None:
        """Where the face should be, or ``None`` outside its interval and far from its samples."""
        if not self._face.start_ms <= time_ms < self._face.end_ms:
            return None
        after = int(np.searchsorted(self._times, time_ms))
        near = [i for i in (after - 1, after) if 0 <= i < len(self._times)]
        if min(abs(self._times[i] - time_ms) for i in near) > _MAX_SAMPLE_GAP_MS:
            return None
        corners = [np.interp(time_ms, self._times, self._boxes[:, k]) for k in range(4)]
        return Box(*map(float, corners))
