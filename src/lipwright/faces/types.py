"""The values that the faces room hands out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Box:
    """Axis-parallel rectangle in pixels of the upright picture; x1 and y1 are exclusive."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Horizontal extent in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Vertical extent in pixels."""
        return self.y1 - self.y0


@dataclass(frozen=True)
class FaceSample:
    """Where a face was seen at one sampled instant of its interval."""

    time_ms: int
    box: Box


@dataclass(frozen=True)
class IdentifiedFace:
    """One face through one stretch of the video in which it can be lip-synced.

    Attributes
    ----------
    face_id
        Small number as a string, unique in the video, in order of appearance.
    start_ms, end_ms
        The stretch on the video's clock. The end may be late by a frame or two, never early.
    image_jpeg
        JPEG picture of the face at its best frame.
    samples
        Where it was, in time order; enough to find the same face again.
    """

    face_id: str
    start_ms: int
    end_ms: int
    image_jpeg: bytes
    samples: tuple[FaceSample, ...]


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """One face, frame by frame.

    Attributes
    ----------
    frame_indices
        (N,) int64, ascending: the frames in which the face is there.
    times
        (N,) float64, seconds since the video's first frame.
    landmarks
        (N, 478, 3) float32: x, y in pixels of the upright picture, z in the same scale.
    pose
        (N, 3) float32: yaw, pitch, roll in degrees.
    quality
        (N,) float32 in 0..1: how well the face can be lip-synced in that frame; 0 means leave
        the frame alone.
    shown_frames
        (N,) int64: the frames of the file itself that these are, where a video is repeated;
        ``None`` where it is not.
    """

    frame_indices: NDArray[np.int64]
    times: NDArray[np.float64]
    landmarks: NDArray[np.float32]
    pose: NDArray[np.float32]
    quality: NDArray[np.float32]
    shown_frames: NDArray[np.int64] | None = None

    @property
    def frames_in_file(self) -> NDArray[np.int64]:
        """(N,) the frames of the file itself."""
        return self.frame_indices if self.shown_frames is None else self.shown_frames
