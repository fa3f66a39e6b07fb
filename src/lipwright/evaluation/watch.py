"""What a file's face does: an independent look at it, frame by frame, as a player shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.evaluation.view import Viewpoints, viewpoints
from lipwright.faces.dense import FaceFollower
from lipwright.faces.head import HeadPose, fit_head
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.mouth_shape import (
    INNER_CORNERS,
    INNER_LOWER,
    INNER_UPPER,
    OUTER_CORNERS,
    OUTER_LOWER,
    OUTER_UPPER,
    mouth_values_of_head,
)
from lipwright.faces.quality import USABLE, lip_sync_quality
from lipwright.faces.types import IdentifiedFace
from lipwright.faces.whereabouts import Whereabouts
from lipwright.media.color import to_bgr
from lipwright.media.decode import VideoReader
from lipwright.media.prefetch import prefetched
from lipwright.media.types import U8, Frame
from lipwright.models.store import require

LIPS: Final = (
    *(*OUTER_CORNERS, *OUTER_UPPER, *OUTER_LOWER),
    *(*INNER_CORNERS, *INNER_UPPER, *INNER_LOWER),
)
"""Landmarks of the outer and of the inner contour, corners included."""

_PICTURE_SIDE: Final = 448
_PICTURE_QUALITY: Final = 93


class Picture(NamedTuple):
    """A head for people to look at: a JPEG, and left, top, right, bottom of its mouth in 0..1."""

    jpeg: bytes
    mouth: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Seen:
    """One face of one file.

    Attributes
    ----------
    times
        (T,) float64, seconds since the first frame.
    there
        (T,) bool: the face is in the frame, and in a position to be lip-synced.
    points
        (T, 478, 3) float32, pixels; NaN where there is no face.
    pose
        The head's frame, fitted frame by frame.
    values
        (T, 6) float64, absolute mouth values (`lipwright.faces.mouth_shape`); NaN without a face.
    lips
        (T, 40, 2) float64, head units: `LIPS` from the front; NaN without a face.
    patches
        (T, h, w) uint8: luma of the mouth, held still; 0 without a face.
    pictures
        The head, frame by frame, if they were asked for; ``None`` without a face.
    """

    times: NDArray[np.float64]
    there: NDArray[np.bool_]
    points: NDArray[np.float32]
    pose: HeadPose
    values: NDArray[np.float64]
    lips: NDArray[np.float64]
    patches: U8
    pictures: tuple[Picture | None, ...]

    @property
    def opening(self) -> NDArray[np.float64]:
        """(T,) inner-lip opening, head units; NaN without a face."""
        return self.values[:, 0]

    @property
    def step(self) -> float:
        """Usual seconds from one frame to the next."""
        return float(np.median(np.diff(self.times))) if len(self.times) > 1 else 0.04


def watch(
    video: Path,
    face: IdentifiedFace,
    views: Viewpoints | None = None,
    *,
    pictures: bool = False,
    progress: Callable[[int], None] = lambda index: None,
) -> tuple[Seen, Viewpoints]:
    """Look at one face of a file, in one pass.

    Parameters
    ----------
    video
        mp4 or mov file.
    face
        Whom to look at.
    views
        Where the mouth is held still; those of the source, so that a result is looked at from
        the same place. ``None`` for the source itself.
    pictures
        Keep a picture of every frame.
    progress
        Told the index of each frame.

    Returns
    -------
    What was seen, and the viewpoints that were used.
    """
    follower = FaceFollower(_landmarker(), Whereabouts(face).at)
    times: list[float] = []
    points: list[NDArray[np.float32]] = []
    crops: list[tuple[U8, int, int] | None] = []
    patches: list[U8] = []
    heads: list[Picture | None] = []
    size = (0, 0)
    with (
        VideoReader(video) as reader,
        prefetched(lambda: reader.frames()) as frames,
    ):
        for at, frame in enumerate(frames):
            found = follower.add(frame)
            size = (frame.width, frame.height)
            times.append(float(frame.time))
            seen = found.points if found is not None else np.full((478, 3), np.nan, np.float32)
            points.append(seen)
            if views is None:
                crops.append(_mouth_crop(frame, seen))
            else:
                patches.append(views.patch(frame.y, at))
            if pictures:
                heads.append(_picture(frame, seen if views is None else views.points(at)))
            progress(frame.index)
    track = np.array(points, dtype=np.float32).reshape(-1, 478, 3)
    there = np.isfinite(track[:, 0, 0])
    pose = fit_head(np.where(np.isfinite(track), track, track[there][0] if there.any() else 0.0))
    if views is None:
        views = viewpoints(track, there, np.array(times))
        patches = [views.cropped_patch(crop, at) for at, crop in enumerate(crops)]
    values = np.full((len(track), 6), np.nan)
    lips = np.full((len(track), len(LIPS), 2), np.nan)
    if there.any():
        head = pose.to_head(track)[there]
        values[there] = mouth_values_of_head(head)
        lips[there] = head[:, list(LIPS), :2]
        there &= lip_sync_quality(track, pose, *size) >= USABLE
    stacked = np.array(patches) if patches else np.zeros((0, 2, 2), np.uint8)
    seen_face = Seen(np.array(times), there, track, pose, values, lips, stacked, tuple(heads))
    return seen_face, views


@cache
def _landmarker() -> FaceLandmarker:
    return FaceLandmarker(require("face_landmarker"))


def _mouth_crop(frame: Frame, points: NDArray[np.float32]) -> tuple[U8, int, int] | None:
    """Luma around the mouth in the picture's own pixels, its left and its top."""
    if not np.isfinite(points[0, 0]):
        return None
    lips = points[list(LIPS), :2]
    eyes = float(np.linalg.norm(points[263, :2] - points[33, :2]))
    low = np.clip(np.floor(lips.min(0) - 0.6 * eyes).astype(int), 0, None)
    high = np.ceil(lips.max(0) + 0.6 * eyes).astype(int)
    crop = frame.y[low[1] : max(high[1], 0), low[0] : max(high[0], 0)]
    return (crop.copy(), int(low[0]), int(low[1])) if crop.size else None


def _picture(frame: Frame, points: NDArray[np.float32]) -> Picture | None:
    """The head and some room around it."""
    if not np.isfinite(points[0, 0]):
        return None
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    middle, half = (low + high) / 2.0, 0.6 * float((high - low).max())
    left, top = (max(0, int(v)) // 2 * 2 for v in middle - half)
    right = min(frame.width, int(middle[0] + half)) // 2 * 2
    bottom = min(frame.height, int(middle[1] + half)) // 2 * 2
    if right - left < 8 or bottom - top < 8:
        return None
    part = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    planes = Frame(
        frame.index,
        frame.time,
        frame.pts,
        frame.y[top:bottom, left:right],
        frame.u[part],
        frame.v[part],
        frame.color,
    )
    bgr = to_bgr(planes, lines=frame.height)
    shrink = _PICTURE_SIDE / max(bgr.shape[:2])
    if shrink < 1.0:
        small = cv2.resize(bgr, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        bgr = np.asarray(small, dtype=np.uint8)
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _PICTURE_QUALITY])
    lips = points[list(LIPS), :2]
    centre, reach = (lips.min(0) + lips.max(0)) / 2.0, 0.75 * float(np.ptp(lips[:, 0]))
    corners = np.array([centre - reach, centre + reach]) - [left, top]
    box = np.clip(corners / [right - left, bottom - top], 0.0, 1.0).ravel()
    return Picture(bytes(data), (float(box[0]), float(box[1]), float(box[2]), float(box[3])))
