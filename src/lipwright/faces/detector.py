"""Find faces in a frame: Google's short-range BlazeFace through LiteRT, on a pyramid of tiles.

The network sees 128 x 128 pixels and misses faces smaller than about a tenth of that square, so
wide pictures are also looked at in overlapping square tiles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from lipwright.faces.sampling import sample_rgb
from lipwright.faces.types import Box
from lipwright.media.types import Frame

_SIDE: Final = 128
_KEYPOINTS: Final = 6
_MIN_SCORE: Final = 0.5
_MERGE_IOU: Final = 0.3


@dataclass(frozen=True, eq=False)
class Detection:
    """One detected face.

    Attributes
    ----------
    box
        Around the face, in frame pixels.
    keypoints
        (6, 2) float64, frame pixels: the person's right eye, left eye, nose tip, mouth, right
        ear, left ear.
    score
        Confidence in 0..1.
    """

    box: Box
    keypoints: NDArray[np.float64]
    score: float


class FaceDetector:
    """Runs the detector of a ``face_landmarker.task`` bundle.

    Parameters
    ----------
    model
        Bytes of ``face_detector.tflite``.
    threads
        CPU threads of the network.
    """

    def __init__(self, model: bytes, threads: int = 1) -> None:
        self._net = Interpreter(model_content=model, num_threads=threads)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        outputs = {int(o["shape"][-1]): o["index"] for o in self._net.get_output_details()}
        self._regressors, self._scores = outputs[16], outputs[1]
        self._anchors = _anchors()

    def detect(self, frame: Frame) -> list[Detection]:
        """All faces of a frame, most confident first."""
        factor = max(1, int(min(frame.width, frame.height) / 2 / _SIDE))
        small = _shrink(frame, factor)
        found: list[Detection] = []
        for x, y, side in tiles(small.width, small.height):
            found += self._detect_square(small, x, y, side)
        return _merge([_enlarge(d, factor) for d in found])

    def detect_in(self, frame: Frame, box: Box) -> list[Detection]:
        """Faces in the square twice as wide as a box, around it: look where one was before."""
        side = 2.0 * max(box.width, box.height)
        x, y = (box.x0 + box.x1 - side) / 2.0, (box.y0 + box.y1 - side) / 2.0
        return _merge(self._detect_square(frame, x, y, side))

    def _detect_square(self, frame: Frame, x: float, y: float, side: float) -> list[Detection]:
        scale = side / _SIDE
        shift = scale / 2.0 - 0.5
        to_source = np.array([[scale, 0.0, x + shift], [0.0, scale, y + shift]])
        patch = sample_rgb(frame, to_source, (_SIDE, _SIDE))
        self._net.set_tensor(self._input, (patch / 127.5 - 1.0)[None])
        self._net.invoke()
        logits = np.clip(self._net.get_tensor(self._scores)[0, :, 0], -50.0, 50.0)
        scores = 1.0 / (1.0 + np.exp(-logits))
        keep = np.flatnonzero(scores > _MIN_SCORE)
        if keep.size == 0:
            return []
        raw = self._net.get_tensor(self._regressors)[0, keep].astype(np.float64)
        centers = raw[:, :2] / _SIDE + self._anchors[keep]
        sizes = raw[:, 2:4] / _SIDE
        points = raw[:, 4:].reshape(-1, _KEYPOINTS, 2) / _SIDE + self._anchors[keep][:, None]
        origin = np.array([x, y])
        lows = (centers - sizes / 2) * side + origin
        highs = (centers + sizes / 2) * side + origin
        return [
            Detection(Box(*map(float, (*low, *high))), point * side + origin, float(score))
            for low, high, point, score in zip(lows, highs, points, scores[keep], strict=True)
        ]


def _shrink(frame: Frame, factor: int) -> Frame:
    """The frame with sides divided by a whole number, each pixel the mean of its block."""
    if factor == 1:
        return frame
    y, u, v = (
        np.asarray(
            cv2.resize(
                plane,
                (max(1, plane.shape[1] // factor), max(1, plane.shape[0] // factor)),
                interpolation=cv2.INTER_AREA,
            ),
            dtype=np.uint8,
        )
        for plane in (frame.y, frame.u, frame.v)
    )
    return replace(frame, y=y, u=u, v=v)


def _enlarge(detection: Detection, factor: int) -> Detection:
    """Detection in a shrunk frame, in pixels of the frame itself."""
    box = detection.box
    return Detection(
        Box(box.x0 * factor, box.y0 * factor, box.x1 * factor, box.y1 * factor),
        detection.keypoints * factor,
        detection.score,
    )


def tiles(width: int, height: int) -> list[tuple[float, float, float]]:
    """Squares to look at, as (x, y, side): the whole picture, then closer looks."""
    whole = float(max(width, height))
    short = float(min(width, height))
    squares = [((width - whole) / 2.0, (height - whole) / 2.0, whole)]
    for side in (short, short / 2.0):
        if side < 0.9 * whole:
            squares += [(x, y, side) for y in _spread(height, side) for x in _spread(width, side)]
    return squares


def _spread(length: float, side: float) -> list[float]:
    """Starts of intervals of one side that cover a length with at least a seventh of overlap."""
    if length <= side:
        return [(length - side) / 2.0]
    count = int(np.ceil((length - side) / (0.86 * side))) + 1
    return [float(v) for v in np.linspace(0.0, length - side, count)]


def _anchors() -> NDArray[np.float64]:
    """(896, 2) anchor centres in 0..1: two per cell of a 16 x 16 grid, six per cell of 8 x 8."""
    grids = []
    for cells, repeats in ((16, 2), (8, 6)):
        axis = (np.arange(cells) + 0.5) / cells
        x, y = np.meshgrid(axis, axis)
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1), repeats, axis=0))
    return np.concatenate(grids)


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.width * a.height + b.width * b.height - shared)


def _contained(a: Box, b: Box) -> float:
    """Share of the smaller box that lies in the other: tiles cut faces into partial boxes."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return 0.0
    return width * height / min(a.width * a.height, b.width * b.height)


def _merge(found: list[Detection]) -> list[Detection]:
    """Weighted non-maximum suppression: overlapping boxes become their score-weighted mean."""
    rest = sorted(found, key=lambda d: -d.score)
    merged: list[Detection] = []
    while rest:
        best = rest[0]
        same = [d for d in rest if overlap(best.box, d.box) > _MERGE_IOU]
        rest = [
            d
            for d in rest[1:]
            if overlap(best.box, d.box) <= _MERGE_IOU and _contained(best.box, d.box) < 0.7
        ]
        weights = np.array([d.score for d in same])
        weights /= weights.sum()
        corners = np.array([[d.box.x0, d.box.y0, d.box.x1, d.box.y1] for d in same])
        points = np.array([d.keypoints for d in same])
        merged.append(
            Detection(
                Box(*(float(v) for v in weights @ corners)),
                np.tensordot(weights, points, axes=1),
                best.score,
            )
        )
    return merged
