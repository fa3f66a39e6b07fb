"""Follow one identified face frame by frame through a stretch of the video."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.detector import overlap
from lipwright.faces.head import fit_head, shape_error
from lipwright.faces.landmarker import MIN_PRESENCE, FaceLandmarker, FaceLandmarks
from lipwright.faces.quality import lip_sync_quality
from lipwright.faces.shots import ShotDetector
from lipwright.faces.types import Box, FaceTrack, IdentifiedFace
from lipwright.media.types import Frame

_MIN_OVERLAP: Final = 0.25
_MAX_SHAPE_ERROR: Final = 0.13
_MAX_SAMPLE_GAP_MS: Final = 1_500


class FaceFollower:
    """Feed it every frame of a stretch in order; it finds the face again whenever it is lost.

    Parameters
    ----------
    landmarker
        The networks; used from the calling thread only.
    face
        The face to follow. Its samples say where it was seen; a face elsewhere is another person.
    """

    def __init__(self, landmarker: FaceLandmarker, face: IdentifiedFace) -> None:
        self._landmarker = landmarker
        self._face = face
        self._times = np.array([s.time_ms for s in face.samples], dtype=np.float64)
        self._boxes = np.array([[s.box.x0, s.box.y0, s.box.x1, s.box.y1] for s in face.samples])
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
        """The track over all frames that showed the face."""
        points = np.array(self._points, dtype=np.float32).reshape(-1, 478, 3)
        pose = fit_head(points)
        return FaceTrack(
            np.array(self._indices, dtype=np.int64),
            np.array(self._seconds, dtype=np.float64),
            points,
            pose.angles(),
            lip_sync_quality(points, pose, *self._size),
        )

    def _expected(self, time_ms: int) -> Box | None:
        """Where the face should be, or ``None`` outside its interval."""
        if not self._face.start_ms <= time_ms < self._face.end_ms:
            return None
        after = int(np.searchsorted(self._times, time_ms))
        near = [i for i in (after - 1, after) if 0 <= i < len(self._times)]
        if min(abs(self._times[i] - time_ms) for i in near) > _MAX_SAMPLE_GAP_MS:
            return None
        corners = [np.interp(time_ms, self._times, self._boxes[:, k]) for k in range(4)]
        return Box(*map(float, corners))

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
