"""Find the faces of a video that can be lip-synced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
from lipwright.faces.scan import looks, scan
from lipwright.media.decode import VideoReader
from lipwright.media.prefetch import prefetched
from lipwright.media.sparse import SparseFrames, times_ms
from lipwright.media.threads import opencv_in_one_thread
from lipwright.media.types import Frame, VideoInfo
from lipwright.models.store import require

_REPORT_EVERY = 10
_AHEAD = 16
"""Frames that may lie ready: as many as are decoded while faces are searched for in one."""


def identify(
    video: Path, *, limits: Limits = NO_LIMITS, progress: ProgressSink = ignore_progress
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

    Raises
    ------
    BadInputError
        Field ``video``: it cannot be read or breaks a limit.
    FailedError
        The weights could not be fetched.
    """
    with VideoReader(video) as reader:
        check_video(reader.info, limits)
        sparse = SparseFrames(reader, looks(times_ms(reader)))
        with opencv_in_one_thread(), prefetched(sparse.frames, _AHEAD) as frames:
            landmarker = FaceLandmarker(require("face_landmarker"))
            left_out = sparse if reader.can_leave_out else None
            sightings = scan(_reporting(frames, reader.info, progress), landmarker, left_out)
        shortest = limits.min_overlap_ms
        faces = faces_of(sightings) if shortest is None else faces_of(sightings, min_ms=shortest)
        return Identification(reader.info, tuple(faces))


def _reporting(frames: Iterator[Frame], info: VideoInfo, progress: ProgressSink) -> Iterator[Frame]:
    due = 0
    for frame in frames:
        if frame.index >= due:
            due = frame.index + _REPORT_EVERY
            progress(Progress("faces", min(1.0, frame.time_ms / max(1, info.duration_ms))))
        yield frame
    progress(Progress("faces", 1.0))
