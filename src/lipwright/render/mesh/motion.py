"""Where every landmark is, and where it shall be: the old mouth motion out, the new one in."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose, fit_head, reference_head
from lipwright.faces.mouth_shape import mouth_values_of_head
from lipwright.faces.smoothing import Smoothing, smooth
from lipwright.faces.types import FaceTrack
from lipwright.media.scratch import Rows, let_go
from lipwright.render.mesh.basis import mouth_basis, shape_of
from lipwright.render.mesh.lips import inner_gaps, into_the_lips, set_gaps, wanted_gaps
from lipwright.render.mesh.topology import lower_face_weight, ring_motion, with_ring

_LANDMARK_SECONDS: Final = 0.2
_NOISE: Final = (0.008, 0.02)
"""Deviations from the smoothed landmarks, head units: below the first noise, above the second
motion."""

_POSE_SECONDS: Final = 0.36
_JUMP: Final = 0.25
"""Mean way of the landmarks from one frame to the next, in head units, that no head moves."""

_CLOSING: Final = 1.6
"""How soon closing takes its full margin: before the mouth is shut."""

_CLOSED: Final = 0.02
_CLOSED_SHARE: Final = 0.1

_BLOCK: Final = 256
"""Frames that are worked on at once: those of a long video would take much memory."""

_MEDIAN_VALUES: Final = 1 << 20
"""And numbers, where all frames are needed at once."""


@dataclass(frozen=True, eq=False)
class Mouths:
    """Some pictures of a person's mouth.

    Attributes
    ----------
    pose
        The head's frame in each.
    head
        (N, 478, 3), head units: the landmarks.
    values
        (N, 6): the channels of a mouth curve, relative to the person's rest.
    """

    pose: HeadPose
    head: NDArray[np.float64]
    values: NDArray[np.float64]

    def pose_at(self, index: int) -> HeadPose:
        """The head's frame in one of the pictures."""
        part = slice(index, index + 1)
        return HeadPose(self.pose.rotation[part], self.pose.scale[part], self.pose.origin[part])


@dataclass(frozen=True, eq=False)
class OwnMouth(Mouths):
    """What a person's mouth does in the source frame by frame, smoothed, and taken apart.

    Attributes
    ----------
    rest
        (478, 3), head units: this person with lips just closed.
    coefficients
        (N, M): the person's own mouth motion in the modes of `mouth_basis`.
    """

    rest: NDArray[np.float64]
    coefficients: NDArray[np.float64]


def own_mouth(track: FaceTrack) -> OwnMouth:
    """Take a track apart into head, resting face and mouth motion.

    A part of it at a time: only what a frame is, in a few numbers, is held for all of them.
    """
    landmarks = _Landmarks(track)
    pose = _steady(landmarks.pose(), landmarks.times)
    heads = Rows(landmarks.shape, np.float64)
    seen = []
    for begin, end in blocks(len(track.times)):
        some = slice(begin, end)
        part = HeadPose(pose.rotation[some], pose.scale[some], pose.origin[some])
        head = part.to_head(landmarks.rows(begin, end))
        heads.add(head)
        seen.append(mouth_values_of_head(head).astype(np.float64))
    values = np.concatenate(seen)
    head = heads.array()
    rest, rest_values = _closed_rest(head, values)
    return OwnMouth(pose, head, values - rest_values, rest, _coefficients(head, rest))


def blocks(count: int) -> list[tuple[int, int]]:
    """Where parts of so many frames begin and end; none is much shorter than the others."""
    edges = [*range(0, max(1, count - _BLOCK // 2), _BLOCK), count]
    return list(pairwise(edges))


class _Landmarks:
    """Landmarks smoothed where they tremble, as seen where they really move.

    A mouth that snaps open does so within a frame or two; smoothing it would take the lips'
    pixels from where the lips are not, and show teeth between closed ones.
    """

    def __init__(self, track: FaceTrack) -> None:
        self._seen = track.landmarks
        self.shape = track.landmarks.shape[1:]
        self.times = _times_with_breaks(track)
        self._smoothing = Smoothing(self.times, _LANDMARK_SECONDS)

    def rows(self, begin: int, end: int) -> NDArray[np.float64]:
        """Those of some frames."""
        smoothed = self._smoothing.rows(self._seen, begin, end)
        rest = self._seen[begin:end] - smoothed
        let_go(self._seen)
        scale = fit_head(smoothed).scale[:, None]
        size = np.linalg.norm(rest[..., :2], axis=2) / scale
        low, high = _NOISE
        share = np.clip((size - low) / (high - low), 0.0, 1.0)
        rest *= share[..., None]
        smoothed += rest
        return smoothed

    def pose(self) -> HeadPose:
        """The head's frame in all frames."""
        found = [fit_head(self.rows(begin, end)) for begin, end in blocks(len(self.times))]
        return HeadPose(
            np.concatenate([one.rotation for one in found]),
            np.concatenate([one.scale for one in found]),
            np.concatenate([one.origin for one in found]),
        )


def _times_with_breaks(track: FaceTrack) -> NDArray[np.float64]:
    """Times with a second added wherever the face jumps, so that no smoothing reaches across.

    Faces jump where a video is cut or begins anew; what lies on both sides is not one motion.
    """
    jumps = [np.zeros(1, bool)]
    for begin, end in blocks(len(track.times)):
        landmarks = track.landmarks[max(0, begin - 1) : end]
        scale = fit_head(landmarks).scale
        steps = np.abs(np.diff(landmarks[..., :2], axis=0)).mean(axis=(1, 2))
        jumps.append(steps > _JUMP * scale[1:])
        let_go(track.landmarks)
    return np.asarray(track.times + np.cumsum(np.concatenate(jumps).astype(np.float64)))


def _steady(pose: HeadPose, times: NDArray[np.float64]) -> HeadPose:
    """The pose without the landmarks' jitter: heads are heavy and move slowly."""
    rotation = smooth(pose.rotation, times, _POSE_SECONDS)
    u, _, vt = np.linalg.svd(rotation)
    return HeadPose(
        u @ vt,
        smooth(pose.scale, times, _POSE_SECONDS),
        smooth(pose.origin, times, _LANDMARK_SECONDS),
    )


def _closed_rest(
    head: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(478, 3) resting face and its (6,) values; a mouth that never closes is closed by model."""
    opening = values[:, 0]
    closed = opening <= max(_CLOSED, float(np.quantile(opening, _CLOSED_SHARE)))
    rest = _median(head, closed)
    gap = float(mouth_values_of_head(rest[None])[0, 0])
    if gap > _CLOSED:
        rest = rest - gap * shape_of(mouth_basis().opening_direction[None])[0]
    # Lips that rest touch: the landmarks leave a hair's breadth between them.
    rest = set_gaps(rest[None], np.minimum(inner_gaps(rest[None]), 0.0) * 0.0)[0]
    return rest, mouth_values_of_head(rest[None])[0].astype(np.float64)


def _median(head: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(P, 3) median over the chosen of (N, P, 3), for a few points at a time."""
    points = max(1, _MEDIAN_VALUES // (3 * int(chosen.sum())))
    found = []
    for first in range(0, head.shape[1], points):
        some = []
        for begin, end in blocks(len(head)):
            some.append(head[begin:end, first : first + points][chosen[begin:end]])
            let_go(head)
        found.append(np.median(np.concatenate(some), axis=0))
    return np.concatenate(found)


def _coefficients(head: NDArray[np.float64], rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, M): the mouth motion of the lower face in the modes of `mouth_basis`."""
    weight = lower_face_weight(reference_head())[:, None]
    modes = mouth_basis().modes
    found = []
    for begin, end in blocks(len(head)):
        moves = head[begin:end] - rest
        let_go(head)
        moves *= weight
        found.append(moves.reshape(end - begin, -1) @ modes.reshape(len(modes), -1).T)
    return np.concatenate(found)


def target_points(
    own: OwnMouth, index: int, channels: NDArray[np.floating], weight: float
) -> NDArray[np.float64]:
    """Where the mesh shall lie in a frame.

    Parameters
    ----------
    own
        The source's mouth.
    index
        Which of its frames.
    channels
        (6,): the wanted mouth, relative to rest.
    weight
        0 leaves the frame as it is, 1 replaces the mouth's motion entirely.

    Returns
    -------
    (P, 3) pixels, landmarks first and ring points after them.
    """
    head = own.head[index : index + 1]
    wanted = channels.astype(np.float64)[None]
    old = np.tensordot(own.coefficients[index : index + 1], mouth_basis().modes, axes=1)
    target = head + weight * (shape_of(wanted) - old)
    gaps = weight * wanted_gaps(wanted) + (1.0 - weight) * np.maximum(inner_gaps(head), 0.0)
    target = set_gaps(target, gaps)
    whole = with_ring(head) + ring_motion(target - head)
    return np.asarray(own.pose_at(index).to_picture(whole)[0])


def mouths_at(landmarks: NDArray[np.floating], rest: NDArray[np.float64]) -> Mouths:
    """Single pictures of a person's mouth.

    Parameters
    ----------
    landmarks
        (N, 478, 3) pixels.
    rest
        (478, 3) of `OwnMouth`.
    """
    pose = fit_head(landmarks)
    head = pose.to_head(landmarks).astype(np.float64)
    values = mouth_values_of_head(head).astype(np.float64)
    return Mouths(pose, head, values - mouth_values_of_head(rest[None])[0])


def source_points(
    mouths: Mouths, index: int, opening: float, weight: float = 1.0
) -> NDArray[np.float64]:
    """Where the mesh lies in a frame whose pixels are to be taken.

    Parameters
    ----------
    mouths
        The source's mouth.
    index
        Which of its pictures.
    opening
        What that mouth shall be opened to, head units. The further it closes, the further the
        lips' edges are taken from within the lips, so that no tooth is seen between closed ones;
        unchanged it is cut along the very edge.
    weight
        The less is changed, the less may be lost: at 0 nothing is.

    Returns
    -------
    (P, 3) pixels, as `target_points`.
    """
    head = mouths.head[index : index + 1]
    had = max(float(mouths.values[index, 0]), 1e-3)
    closing = weight * float(np.clip(_CLOSING * (1.0 - opening / had), 0.0, 1.0))
    edges = into_the_lips(head) - head
    return np.asarray(mouths.pose_at(index).to_picture(with_ring(head + closing * edges))[0])
