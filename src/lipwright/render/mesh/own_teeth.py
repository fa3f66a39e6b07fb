"""Find a person's own upper teeth where the source shows them, and cut them out as a layer.

Teeth are the bright, colourless pixels between the lips. The frame that shows most of them is
kept, straightened into the head's own frame, so that they can be put back rigidly to the skull
in every other frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose
from lipwright.media.types import Frame
from lipwright.render.mesh.layers import (
    ABOVE,
    HALF_WIDTH,
    PIXELS_PER_UNIT,
    Layer,
    canvas_size,
    layer,
)
from lipwright.render.mesh.lips import inner_outline

ANCHOR: Final = np.array([0.0, 1.22, -0.25])
"""Middle of the canvas on which candidates are kept, head units: where mouths usually are."""

_MIN_OPENING: Final = 0.05
_MAX_YAW: Final = 25.0
_LOOK_EVERY: Final = 3
_MIN_CONTRAST: Final = 35.0
"""Levels between the teeth and the dark behind them, or else there is nothing to cut out."""

_MIN_WIDTH: Final = 0.22
_MIN_HEIGHT: Final = 0.035
_GROW_UP: Final = 0.10
_UPPER_SHARE: Final = 0.35
_TALLEST: Final = 1.3
_SHORTER_ASIDE: Final = 0.5
_SOFT_PIXELS: Final = 1.6


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A straightened mouth: (H, W, 3) picture, (H, W) what is between the lips, and how good."""

    yuv: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    score: float


class TeethHunter:
    """Looks at frames and remembers the one that shows the upper teeth best."""

    def __init__(self) -> None:
        self._best: _Candidate | None = None
        self._seen = 0

    def add(self, frame: Frame, pose: HeadPose, head: NDArray[np.float64], opening: float) -> None:
        """Look at one frame; cheap unless the mouth is open.

        Parameters
        ----------
        frame
            The frame.
        pose
            The head's frame in it.
        head
            (478, 3), head units: the landmarks.
        opening
            Between the inner lips, head units.
        """
        if opening < _MIN_OPENING or abs(float(pose.angles()[0, 0])) > _MAX_YAW:
            return
        self._seen += 1
        if self._best is not None and self._seen % _LOOK_EVERY:
            return
        candidate = _candidate(frame, pose, head)
        if self._best is None or candidate.score > self._best.score:
            self._best = candidate

    def upper_layer(self, meeting: NDArray[np.float64]) -> Layer | None:
        """The person's upper teeth on a canvas around ``meeting``, or ``None``.

        Parameters
        ----------
        meeting
            (3,), head units: the middle of the canvas.
        """
        if self._best is None:
            return None
        cut = _cut_out(self._best)
        if cut is None:
            return None
        shift = (ANCHOR - meeting)[:2] * PIXELS_PER_UNIT
        move = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
        moved = cv2.warpAffine(cut.picture, move, canvas_size(), flags=cv2.INTER_LINEAR)
        return Layer(np.asarray(moved, dtype=np.float32))


def _candidate(frame: Frame, pose: HeadPose, head: NDArray[np.float64]) -> _Candidate:
    """Straighten the mouth of one frame and say where its teeth are."""
    rotation, scale, origin = pose.rotation[0], float(pose.scale[0]), pose.origin[0]
    step = scale / PIXELS_PER_UNIT * rotation[:2, :2]
    corner = ANCHOR + np.array([-HALF_WIDTH, -ABOVE, 0.0]) + 0.5 / PIXELS_PER_UNIT
    to_picture = np.column_stack([step, scale * rotation[:2] @ corner + origin[:2]])
    size = canvas_size()
    yuv = np.dstack([_sample(plane, to_picture, size, half) for plane, half in _planes(frame)])
    outline = inner_outline(head)[:, :2] - (ANCHOR[:2] - np.array([HALF_WIDTH, ABOVE]))
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(mask, [np.rint(outline * PIXELS_PER_UNIT).astype(np.int32)], 1)
    inside = mask > 0
    return _Candidate(yuv, inside, _shown_above(_toothness(yuv, inside), inside))


def _shown_above(teeth: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    """How much of the teeth lies in the upper half of the mouth."""
    rows = np.arange(len(inside))[:, None]
    middle = np.where(inside, rows, 0).sum(0) / np.maximum(inside.sum(0), 1)
    return float((teeth * (rows <= middle)).sum())


def _planes(frame: Frame) -> tuple[tuple[NDArray[np.uint8], bool], ...]:
    return (frame.y, False), (frame.u, True), (frame.v, True)


def _sample(
    plane: NDArray[np.uint8], to_picture: NDArray[np.float64], size: tuple[int, int], half: bool
) -> NDArray[np.uint8]:
    move = to_picture.copy()
    if half:
        move[:, :2] /= 2.0
        move[:, 2] = (move[:, 2] + 0.5) / 2.0 - 0.5
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    seen = cv2.warpAffine(plane, move, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, dtype=np.uint8)


def _toothness(picture: NDArray[np.uint8], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(H, W) in 0..1: bright and less red than the lips around, inside the lips."""
    ring = (cv2.dilate(inside.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0) & ~inside
    if inside.sum() < 100 or ring.sum() < 100:
        return np.zeros(inside.shape, np.float32)
    yuv = picture.astype(np.float32)
    luma, red = yuv[..., 0], yuv[..., 2] - 128.0
    dark, bright = np.quantile(luma[inside], [0.05, 0.95])
    # Teeth may fill the whole opening: then the dark to compare with is the lips.
    dark = min(float(dark), float(np.quantile(luma[ring], 0.25)))
    if bright - dark < _MIN_CONTRAST:
        return np.zeros(inside.shape, np.float32)
    lip_red = max(4.0, float(np.median(red[ring])))
    light = np.clip((luma - dark) / (bright - dark) * 2.2 - 0.55, 0.0, 1.0)
    pale = np.clip((1.05 * lip_red - red) / (0.35 * lip_red), 0.0, 1.0)
    return np.asarray(light * pale * inside, dtype=np.float32)


def _cut_out(best: _Candidate) -> Layer | None:
    """The upper row of teeth, grown upwards under the lip, as a layer; ``None`` if too little."""
    teeth = cv2.GaussianBlur(_toothness(best.yuv, best.inside), (0, 0), 1.2)
    height, width = teeth.shape
    tops, bottoms = np.full(width, -1.0), np.full(width, -1.0)
    lip = best.inside.argmax(0)
    lowest = height - 1 - best.inside[::-1].argmax(0)
    for column in np.flatnonzero(teeth.max(0) > 0.5):
        rows = np.flatnonzero(teeth[:, column] > 0.5)
        if rows[0] - lip[column] > _UPPER_SHARE * (lowest[column] - lip[column]):
            continue  # lower teeth, or the wet lower lip
        breaks = np.flatnonzero(np.diff(rows) > 2)
        end = rows[breaks[0]] if len(breaks) else rows[-1]
        tops[column], bottoms[column] = rows[0], end
    columns = np.flatnonzero(tops >= 0)
    if len(columns) < _MIN_WIDTH * PIXELS_PER_UNIT:
        return None
    usual = float(np.median((bottoms - tops)[columns]))
    if usual < _MIN_HEIGHT * PIXELS_PER_UNIT:
        return None
    # Teeth get shorter, seen from the front, towards the corners.
    across = 2.0 * (columns - columns[0]) / (columns[-1] - columns[0]) - 1.0
    tallest = _TALLEST * usual * (1.0 - _SHORTER_ASIDE * across**2)
    bottoms[columns] = np.minimum(bottoms[columns], tops[columns] + tallest)
    # Beside the teeth the mouth's own dark corners belong to the picture as well, as far down as
    # the teeth beside them reach.
    mouth = np.flatnonzero(best.inside.any(0))
    span = np.arange(mouth[0], mouth[-1] + 1)
    first, last = int(span[0]), int(span[-1])
    top = _smooth_line(np.interp(span, columns, tops[columns]), 25)
    bottom = _smooth_line(np.interp(span, columns, bottoms[columns]), 11)
    bottom = np.minimum(bottom, lowest[span])
    top = np.minimum(top, bottom - 2.0)
    rows = np.arange(height, dtype=np.float32)[:, None]
    x = np.arange(width, dtype=np.float32)
    top_all = np.interp(x, span, top).astype(np.float32)
    bottom_all = np.interp(x, span, bottom).astype(np.float32)
    below = np.clip((bottom_all - rows) / _SOFT_PIXELS + 0.5, 0.0, 1.0)
    above = np.clip((rows - top_all + _GROW_UP * PIXELS_PER_UNIT) / 6.0, 0.0, 1.0)
    side = np.clip((np.minimum(x - first, last - x)) / 6.0, 0.0, 1.0)
    alpha = below * above * side
    # Under the lip the teeth go on as they were seen a little below its edge.
    source_row = np.clip(np.maximum(rows, top_all + 5.0), 0, bottom_all - 1.0)
    grid_x = np.broadcast_to(x, (height, width)).astype(np.float32)
    picture = best.yuv.astype(np.float32)
    filled = cv2.remap(picture, grid_x, source_row.astype(np.float32), cv2.INTER_LINEAR)
    return layer(np.asarray(filled, dtype=np.float32), alpha)


def _smooth_line(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """Running median, then mean, with the ends held."""
    half = window // 2
    padded = np.pad(values, half, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, window)
    middle = np.pad(np.median(windows, axis=1), 1, mode="edge")
    return np.asarray(np.convolve(middle, np.ones(3) / 3.0, mode="valid"))
