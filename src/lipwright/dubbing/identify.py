"""Find the faces of a video that can be lip-synced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lipwright.dubbing.limits import check_video
from lipwright.dubbing.types import (
    NO_LIMITS,
    Identification,
    Limits,
    Progress,
    ProgressSink,
    ignore_progress,
)
from lipwright.faces.intervals import faces_of
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.scan import FaceScan, looks
from lipwright.faces.types import IdentifiedFace
from lipwright.media.decode import VideoReader
from lipwright.media.prefetch import prefetched
from lipwright.media.sparse import SparseFrames, times_ms
from lipwright.media.threads import opencv_in_one_thread
from lipwright.media.types import Frame, VideoInfo
from lipwright.models.store import require

if TYPE_CHECKING:
    from lipwright.dubbing.foresight import Foresight

_REPORT_EVERY = 10
_AHEAD = 16
"""Frames that may lie ready: as many as are decoded while faces are searched for in one."""

_READY = 3
"""Frames that may wait for being followed, beside those since the last look."""


def identify(
    video: Path,
    *,
    limits: Limits = NO_LIMITS,
    progress: ProgressSink = ignore_progress,
    foresight: Foresight | None = None,
) -> Identification:
    """Read a video once and say which faces can be lip-synced when.

    Parameters
    ----------
    video
        mp4 or mov file.
    limits
        What the video may measure; faces that are there for less than the shortest allowed
        overlap are left out.
    progress
        Told how far the work is.
    foresight
        What follows a face on the way.

    Raises
    ------
    BadInputError
        Field ``video``: it cannot be read or breaks a limit.
    FailedError
        The weights could not be fetched.
    """
    with VideoReader(video) as reader:
        check_video(reader.info, limits)
        needed = looks(times_ms(reader))
        if foresight is None:
            sparse = SparseFrames(reader, needed)
        else:
            foresight.begin(reader.info, reader.stamps)
            sparse = SparseFrames(reader, needed, foresight.wants)
        searched = _Searched(reader.info, progress)
        with opencv_in_one_thread(), prefetched(sparse.with_spare, _AHEAD) as frames:
            weights = require("face_landmarker")
            scan = FaceScan(FaceLandmarker(weights), sparse if reader.can_leave_out else None)
            if foresight is None:
                for frame, spare in frames:
                    if not spare:
                        scan.add(frame)
                        searched.at(frame)
                faces = _faces(scan, limits)
            else:
                follower = FaceLandmarker(weights)
                with prefetched(lambda: foresight.steps(frames, scan), _READY) as steps:
                    foresight.follow(steps, follower, searched.at)
                faces = _faces(scan, limits)
                foresight.follow(foresight.rest(faces), follower, searched.at)
                foresight.end()
        progress(Progress("faces", 1.0))
        return Identification(reader.info, faces)


def _faces(scan: FaceScan, limits: Limits) -> tuple[IdentifiedFace, ...]:
    sightings, shortest = scan.finish(), limits.min_overlap_ms
    return tuple(faces_of(sightings) if shortest is None else faces_of(sightings, min_ms=shortest))


class _Searched:
    """Turns frames that were searched into progress."""

    def __init__(self, info: VideoInfo, sink: ProgressSink) -> None:
        self._sink = sink
        self._length = max(1, info.duration_ms)
        self._due = 0

    def at(self, frame: Frame) -> None:
        """Report that a frame is done."""
        if frame.index >= self._due:
            self._due = frame.index + _REPORT_EVERY
            self._sink(Progress("faces", min(1.0, frame.time_ms / self._length)))
