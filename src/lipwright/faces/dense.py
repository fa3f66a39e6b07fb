"""Follow one identified face frame by frame through a stretch of the video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.detector import overlap
from lipwright.faces.head import fit_head, shape_error
from lipwright.faces.landmarker import MIN_PRESENCE, FaceLandmarker, FaceLandmarks
from lipwright.faces.quality import lip_sync_quality
from lipwright.faces.shots import ShotDetector
from lipwright.faces.types import Box, FaceTrack
from lipwright.media.types import Frame

_MIN_OVERLAP: Final = 0.25
_MAX_SHAPE_ERROR: Final = 0.13


class FaceFollower:
    """Feed it every frame of a stretch in order; it finds the face again whenever it is lost.

    Parameters
    ----------
    landmarker
        The networks; used from the calling thread only.
    expected
        Where the face to follow should be at a time in ms, ``None`` where it is not there
        (`lipwright.faces.whereabouts.Whereabouts.at`).
    """

    def __init__(self, landmarker: FaceLandmarker, expected: Callable[[int], Box | None]) -> None:
        self._landmarker = landmarker
        self._expected = expected
        self._shots = ShotDetector()
        self._last: FaceLandmarks | None = None
        self._indices: list[int] = []
        self._seconds: list[float] = []
        self._points: list[NDArray[np.float32]] = []
        self._size = (0, 0)

    def add(self, frame: Frame) -> FaceLandmarks | None:
        """Take the next frame; the face in it, if it is there."""
        self._size = (frame.width, frame.height)
        if self._shots.begins_shot(frame):
            self._last = None
        expected = self._expected(frame.time_ms)
        if expected is None:
            self._last = None
            return None
        found = None
        if self._last is not None:
            found = self._accept(self._landmarker.follow(frame, self._last), expected)
        if found is None:
            found = self._search(frame, expected)
        self._last = found
        if found is not None:
            self._indices.append(frame.index)
            self._seconds.append(float(frame.time))
            self._points.append(found.points)
        return found

    def finish(self) -> FaceTrack:
        """The track over all frames that showed the face; to be called once."""
        points = np.array(self._points, dtype=np.float32).reshape(-1, 478, 3)
        self._points = []
        pose = fit_head(points)
        return FaceTrack(
            np.array(self._indices, dtype=np.int64),
            np.array(self._seconds, dtype=np.float64),
            points,
            pose.angles(),
            lip_sync_quality(points, pose, *self._size),
        )

    def _accept(self, found: FaceLandmarks | None, expected: Box) -> FaceLandmarks | None:
        if found is None or found.score < MIN_PRESENCE:
            return None
        if overlap(found.box(), expected) < _MIN_OVERLAP:
            return None
        points = found.points[None]
        return found if shape_error(points, fit_head(points))[0] <= _MAX_SHAPE_ERROR else None

    def _search(self, frame: Frame, expected: Box) -> FaceLandmarks | None:
        candidates = self._landmarker.detector.detect_in(frame, expected)
        candidates.sort(key=lambda d: -overlap(d.box, expected))
        for detection in candidates:
            found = self._accept(self._landmarker.locate(frame, detection), expected)
            if found is not None:
                return found
        return None
