"""Find what passes in front of the lower face: a hand, a microphone, hair.

Skin changes its place but hardly its colour. Where a spot of the face suddenly has another colour
than it has in the rest of the clip, and its neighbours as well, something is in front of it. What
is there all the time, or has the very colour of the skin behind it, is not found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import reference_head
from lipwright.faces.landmarker import FaceLandmarks
from lipwright.faces.mouth_shape import INNER_CORNERS, INNER_LOWER, INNER_UPPER
from lipwright.media.types import Frame
from lipwright.render.mesh.patches import OUTER_OUTLINE
from lipwright.render.mesh.planes import Box, halved

_UPPER_FACE: Final = (10, 67, 297, 109, 338, 151, 9, 8, 6, 4, 50, 280, 101, 330, 117, 346)
"""Landmarks from the forehead down to the cheeks, by which changes of the light are known."""

_FROM_HEIGHT: Final = 0.72
_SPOTS: Final = 80
_SPOT: Final = 0.022
_NEIGHBOURS: Final = 7
_AGREEING: Final = 0.55
_RED: Final = (6.0, 6.0)
_LIGHT: Final = (30.0, 20.0)
"""How many levels of chroma and of luma off begin to count, and how many more count in full."""

_AROUND_MOUTH: Final = 0.3
_HIDDEN: Final = (0.25, 0.45)
"""Shares of the spots around the mouth between which a mouth goes from seen to hidden."""

_COVER: Final = 0.3
_WEIGHTS: Final = np.array([0.5, 1.0, 1.0], np.float32)
_FADE_FRAMES: Final = 3
_BLOCK: Final = 256
_AT_ONCE: Final = 8
"""Frames, and landmarks of all frames, that are looked at together: for a long video, all of them
at once would take much memory."""


@dataclass(frozen=True, eq=False)
class Occlusion:
    """What was in front of a face.

    Attributes
    ----------
    covered
        (N, S) in 0..1: frames and spots.
    hidden
        (N,) in 0..1: how much of the mouth could not be seen, faded in time.
    """

    covered: NDArray[np.float32]
    hidden: NDArray[np.float32]


class SkinWatcher:
    """Remembers the colours of the lower face frame by frame."""

    def __init__(self) -> None:
        self._colors: list[NDArray[np.float32]] = []
        self._indices: list[int] = []

    def seen(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(n,) frames and (n, W, 3) colours of `watched_landmarks`."""
        colors = np.array(self._colors, np.float32).reshape(-1, len(watched_landmarks()), 3)
        return np.array(self._indices, np.int64), colors

    @classmethod
    def of(cls, indices: NDArray[np.int64], colors: NDArray[np.float32]) -> SkinWatcher:
        """One that has seen this."""
        watcher = cls()
        watcher._indices, watcher._colors = [int(i) for i in indices], list(colors)
        return watcher

    def add(self, frame: Frame, face: FaceLandmarks, scale: float) -> None:
        """Look at one frame; ``scale`` is pixels per head unit."""
        spots = face.points[watched_landmarks(), :2]
        self._colors.append(_means(frame, spots, max(1.0, _SPOT * scale)))
        self._indices.append(frame.index)

    def occlusion(self, frame_indices: NDArray[np.int64]) -> Occlusion:
        """What was in front of the face in (N,) frames of the file."""
        count, spots = len(frame_indices), len(spot_landmarks())
        covered = np.zeros((count, spots), np.float32)
        at = {index: i for i, index in enumerate(self._indices)}
        rows = [i for i, index in enumerate(frame_indices) if int(index) in at]
        if rows:
            covered[rows] = _covered([self._colors[at[int(frame_indices[i])]] for i in rows])
        around = covered[:, _around_mouth()].mean(1) if count else np.zeros(0, np.float32)
        hidden = np.clip((around - _HIDDEN[0]) / (_HIDDEN[1] - _HIDDEN[0]), 0.0, 1.0)
        return Occlusion(covered, _faded(hidden.astype(np.float32)))


def in_front(
    covered: NDArray[np.float32],
    points: NDArray[np.floating],
    scale: float,
    frame: Frame,
    box: Box,
) -> NDArray[np.float32] | None:
    """Find the pixels of what is in front: near covered spots, and of their colour.

    Parameters
    ----------
    covered
        (S,) of this frame.
    points
        (P, 2 or 3) mesh points of the frame as it is, pixels.
    scale
        Pixels per head unit.
    frame
        The frame as it is.
    box
        The rectangle to say it for.

    Returns
    -------
    (h, w) in 0..1, or ``None`` if there is nothing.
    """
    found = covered > 0.5
    if not found.any():
        return None
    left, top, right, bottom = box
    spots = points[spot_landmarks(), :2].astype(np.float32)
    colors = _means(frame, spots, max(1.0, _SPOT * scale)) * _WEIGHTS
    half = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    luma = halved(frame.y[top:bottom, left:right].astype(np.float32))
    picture = np.dstack([luma, frame.u[half], frame.v[half]]).astype(np.float32) * _WEIGHTS
    foreign = _distance(picture, colors[found])
    free = np.full(luma.shape, 255, np.uint8)
    for x, y in (spots[found] - [left, top]) / 2.0:
        cv2.circle(free, (round(float(x)), round(float(y))), 1, 0, -1)
    away = cv2.distanceTransform(free, cv2.DIST_L2, 3) * 2.0 / scale
    skin = _distance(picture, _only_skin(colors, found))
    hit = ((foreign < skin) & (away < _COVER)).astype(np.uint8) * 255
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    whole = cv2.dilate(cv2.morphologyEx(cv2.medianBlur(hit, 5), cv2.MORPH_CLOSE, around), around)
    soft = cv2.GaussianBlur(whole, (0, 0), 1.0).astype(np.float32) / np.float32(255.0)
    size = (right - left, bottom - top)
    return np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def _only_skin(colors: NDArray[np.float32], found: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The colours of spots that are free, without those that only seem to be."""
    free = colors[~found]
    if not len(free):
        return free
    usual = np.median(free, axis=0)
    to_foreign = ((free[:, None] - colors[found][None]) ** 2).sum(2).min(1)
    return np.asarray(free[((free - usual) ** 2).sum(1) <= to_foreign])


def _distance(picture: NDArray[np.float32], colors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(h, w) squared distance of each pixel's colour to the nearest of (C, 3) colours."""
    nearest = np.full(picture.shape[:2], np.inf, np.float32)
    for color in colors:
        nearest = np.minimum(nearest, ((picture - color) ** 2).sum(2))
    return nearest


def _covered(colors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """(N, S) from N times (W, 3) colours."""
    usual = np.concatenate(
        [
            np.median(np.array([color[some : some + _AT_ONCE] for color in colors]), axis=0)
            for some in range(0, len(watched_landmarks()), _AT_ONCE)
        ]
    )
    parts = [colors[begin : begin + _BLOCK] for begin in range(0, len(colors), _BLOCK)]
    agreed = np.concatenate([_odd(np.array(part) - usual) for part in parts])
    found = np.empty(agreed.shape, np.float32)
    for begin in range(0, len(agreed), _BLOCK):
        end = min(begin + _BLOCK, len(agreed))
        before, after = np.arange(begin, end) - 1, np.arange(begin, end) + 1
        steady = [agreed[np.maximum(before, 0)], agreed[begin:end]]
        steady.append(agreed[np.minimum(after, len(agreed) - 1)])
        found[begin:end] = np.median(np.stack(steady), axis=0) > _AGREEING
    return found


def _odd(change: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, S) how much spots and their neighbours differ, of (N, W, 3) from their usual colours."""
    spots = len(spot_landmarks())
    # A lamp, a cloud or the camera changes the whole face alike.
    change = change[:, :spots] - np.median(change[:, spots:], axis=1, keepdims=True)
    light = (np.abs(change[..., 0]) - _LIGHT[0]) / _LIGHT[1]
    red = (np.hypot(change[..., 1], change[..., 2]) - _RED[0]) / _RED[1]
    odd = np.clip(np.maximum(light, red), 0.0, 1.0)
    return np.asarray(odd[:, _neighbours()].mean(2), dtype=np.float32)


def _faded(hidden: NDArray[np.float32]) -> NDArray[np.float32]:
    """Hidden a little before and after, so that nothing pops."""
    if not hidden.any():
        return hidden
    reach = 2 * _FADE_FRAMES + 1
    wide = cv2.dilate(hidden.reshape(1, -1), np.ones((1, reach), np.uint8))
    soft = cv2.blur(wide, (reach, 1), borderType=cv2.BORDER_REPLICATE)
    return np.maximum(np.asarray(soft, dtype=np.float32).reshape(-1), hidden)


def _means(frame: Frame, spots: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """(S, 3) mean Y, U, V of nine pixels around each spot."""
    grid = np.array([(dx, dy) for dy in (-1, 0, 1) for dx in (-1, 0, 1)], np.float32) * radius
    at = np.rint(spots[:, None] + grid).astype(np.int64)
    x = np.clip(at[..., 0], 0, frame.width - 1)
    y = np.clip(at[..., 1], 0, frame.height - 1)
    half_x = np.minimum(x // 2, frame.u.shape[1] - 1)
    half_y = np.minimum(y // 2, frame.u.shape[0] - 1)
    luma = frame.y[y, x].mean(1)
    chroma = [plane[half_y, half_x].mean(1) for plane in (frame.u, frame.v)]
    return np.stack([luma, *chroma], 1).astype(np.float32)


@cache
def spot_landmarks() -> NDArray[np.int64]:
    """(S,) landmarks of the lower face, spread evenly, none between the lips."""
    head = reference_head()[:468]
    between = [*INNER_CORNERS, *INNER_UPPER, *INNER_LOWER]
    usable = np.setdiff1d(np.flatnonzero(head[:, 1] > _FROM_HEIGHT), between)
    chosen = [int(usable[0])]
    away = np.full(len(usable), np.inf)
    while len(chosen) < min(_SPOTS, len(usable)):
        last = head[chosen[-1], :2]
        away = np.minimum(away, np.linalg.norm(head[usable, :2] - last, axis=1))
        chosen.append(int(usable[int(away.argmax())]))
    return np.array(sorted(chosen), dtype=np.int64)


@cache
def watched_landmarks() -> NDArray[np.int64]:
    """(W,) the spots, and behind them some of the upper face."""
    return np.concatenate([spot_landmarks(), np.array(_UPPER_FACE, np.int64)])


@cache
def _neighbours() -> NDArray[np.int64]:
    """(S, K) each spot and those next to it."""
    at = reference_head()[spot_landmarks(), :2]
    away = np.linalg.norm(at[:, None] - at[None], axis=2)
    return np.asarray(np.argsort(away, axis=1)[:, :_NEIGHBOURS])


@cache
def _around_mouth() -> NDArray[np.int64]:
    """The spots on and around the lips."""
    head = reference_head()
    at, rim = head[spot_landmarks(), :2], head[OUTER_OUTLINE, :2]
    away = np.linalg.norm(at[:, None] - rim[None], axis=2).min(1)
    return np.flatnonzero(away < _AROUND_MOUTH)
