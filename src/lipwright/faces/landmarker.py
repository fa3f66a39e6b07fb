"""478 face landmarks from Google's ``face_landmarker.task`` bundle, through LiteRT."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from lipwright.faces.detector import Detection, FaceDetector
from lipwright.faces.sampling import sample_rgb
from lipwright.faces.types import Box
from lipwright.media.types import Frame

_SIDE: Final = 256
_MARGIN: Final = 1.5
"""The landmark network was trained on squares half again as large as the face."""

MIN_PRESENCE: Final = 0.5
"""Below this score there is no face in the region."""

RIGHT_EYE_OUTER: Final = 33
LEFT_EYE_OUTER: Final = 263


@dataclass(frozen=True)
class Region:
    """Square that the landmark network looks at: centre and side in pixels, turn in radians."""

    x: float
    y: float
    side: float
    angle: float


@dataclass(frozen=True, eq=False)
class FaceLandmarks:
    """Landmarks of one face in one frame.

    Attributes
    ----------
    points
        (478, 3) float32: x, y in frame pixels (pixel centres at integers), z in the same scale,
        smaller is nearer to the camera.
    score
        The network's confidence, 0..1, that there is a face in the region.
    """

    points: NDArray[np.float32]
    score: float

    def box(self) -> Box:
        """The smallest box around all points."""
        low, high = self.points[:, :2].min(0), self.points[:, :2].max(0)
        return Box(float(low[0]), float(low[1]), float(high[0]), float(high[1]))


class FaceLandmarker:
    """Detector and landmark network of one bundle. Not thread-safe: one per thread.

    Parameters
    ----------
    bundle
        Path of ``face_landmarker.task``.
    threads
        CPU threads of each network.
    """

    def __init__(self, bundle: Path, threads: int = 1) -> None:
        with zipfile.ZipFile(bundle) as archive:
            detector = archive.read("face_detector.tflite")
            model = archive.read("face_landmarks_detector.tflite")
        self.detector = FaceDetector(detector, threads)
        self._net = Interpreter(model_content=model, num_threads=threads)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        outputs = {tuple(o["shape"]): o["index"] for o in self._net.get_output_details()}
        self._points = outputs[(1, 1, 1, 1434)]
        self._presence = outputs[(1, 1, 1, 1)]

    def detect(self, frame: Frame) -> list[Detection]:
        """All faces of a frame, most confident first; see `FaceDetector.detect`."""
        return self.detector.detect(frame)

    def landmarks(self, frame: Frame, region: Region) -> FaceLandmarks:
        """Landmarks of the face in a region."""
        scale = region.side / _SIDE
        cos, sin = scale * np.cos(region.angle), scale * np.sin(region.angle)
        middle = (_SIDE - 1) / 2.0
        to_source = np.array(
            [
                [cos, -sin, region.x - (cos - sin) * middle],
                [sin, cos, region.y - (sin + cos) * middle],
            ]
        )
        patch = sample_rgb(frame, to_source, (_SIDE, _SIDE))
        self._net.set_tensor(self._input, (patch / 255.0)[None])
        self._net.invoke()
        raw = self._net.get_tensor(self._points).reshape(478, 3).astype(np.float64)
        presence = float(self._net.get_tensor(self._presence).ravel()[0])
        # The network counts from the patch's corner, warpAffine from its first pixel's centre.
        flat = (raw[:, :2] - 0.5) @ to_source[:, :2].T + to_source[:, 2]
        points = np.column_stack([flat, raw[:, 2] * scale]).astype(np.float32)
        return FaceLandmarks(points, 1.0 / (1.0 + float(np.exp(-np.clip(presence, -50, 50)))))

    def follow(self, frame: Frame, last: FaceLandmarks) -> FaceLandmarks:
        """Landmarks of a face that was at ``last`` in the frame before."""
        return self.landmarks(frame, region_of_landmarks(last.points))

    def locate(self, frame: Frame, detection: Detection) -> FaceLandmarks | None:
        """Landmarks of a detected face, or ``None`` where the detector was wrong.

        A rough look tells whether there is a face; a second, well-placed look measures it.
        """
        rough = self.landmarks(frame, region_of_detection(detection))
        if rough.score < MIN_PRESENCE:
            return None
        fine = self.follow(frame, rough)
        return fine if fine.score >= MIN_PRESENCE else None


def region_of_detection(detection: Detection) -> Region:
    """Region for a detected face, upright along its eyes."""
    right, left = detection.keypoints[0], detection.keypoints[1]
    box = detection.box
    return Region(
        (box.x0 + box.x1) / 2.0,
        (box.y0 + box.y1) / 2.0,
        _MARGIN * max(box.width, box.height),
        float(np.arctan2(left[1] - right[1], left[0] - right[0])),
    )


def region_of_landmarks(points: NDArray[np.float32]) -> Region:
    """Region for a face with known landmarks (478, 3)."""
    eyes = points[LEFT_EYE_OUTER, :2] - points[RIGHT_EYE_OUTER, :2]
    angle = float(np.arctan2(eyes[1], eyes[0]))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    upright = points[:, :2].astype(np.float64) @ turn.T
    low, high = upright.min(0), upright.max(0)
    center = ((low + high) / 2.0) @ turn
    return Region(float(center[0]), float(center[1]), _MARGIN * float((high - low).max()), angle)
