"""What a finished file's mouth does, seen by an independent look at it as a player shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.landmarker import FaceLandmarker, FaceLandmarks
from lipwright.faces.mouth_shape import mouth_values
from lipwright.media.decode import VideoReader
from lipwright.models.store import require

MAX_LAG_FRAMES = 6


@dataclass(frozen=True, eq=False)
class SeenMouth:
    """Mouth values of the largest face, frame by frame.

    ``times`` (T,) seconds, ``values`` (T, 6) absolute head units; frames without a face are NaN.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float32]


def watch(video: Path, *, any_container: bool = False) -> SeenMouth:
    """Measure the mouth of the largest face of a file."""
    landmarker = FaceLandmarker(require("face_landmarker"))
    times: list[float] = []
    points: list[NDArray[np.float32]] = []
    last: FaceLandmarks | None = None
    with VideoReader(video, any_container=any_container) as reader:
        for frame in reader.frames():
            last = landmarker.follow(frame, last) if last is not None else None
            if last is None or last.score < 0.5:
                found = sorted(landmarker.detect(frame), key=lambda d: -d.box.width)
                last = landmarker.locate(frame, found[0]) if found else None
            times.append(float(frame.time))
            nothing = np.full((478, 3), np.nan, np.float32)
            points.append(last.points if last is not None else nothing)
    seen = np.array(points)
    values = np.full((len(seen), 6), np.nan, np.float32)
    there = np.isfinite(seen[:, 0, 0])
    if there.any():
        values[there] = mouth_values(seen[there])
    return SeenMouth(np.array(times), values)


def correlation_and_lag(
    made: NDArray[np.floating], true: NDArray[np.floating], frame_seconds: float
) -> tuple[float, float, float]:
    """Pearson correlation at lag 0, the best one, and the lag of the best in ms.

    A positive lag means that the made mouth moves later than the true one. The lag is refined
    below a frame by a parabola through the best three.
    """
    scores = np.array(
        [_shifted(made, true, lag) for lag in range(-MAX_LAG_FRAMES, MAX_LAG_FRAMES + 1)]
    )
    best = int(scores.argmax())
    offset = 0.0
    if 0 < best < len(scores) - 1:
        left, middle, right = scores[best - 1 : best + 2]
        offset = 0.5 * (left - right) / (left - 2 * middle + right)
    lag_ms = (best + offset - MAX_LAG_FRAMES) * frame_seconds * 1000.0
    return float(scores[MAX_LAG_FRAMES]), float(scores[best]), lag_ms


def _shifted(made: NDArray[np.floating], true: NDArray[np.floating], lag: int) -> float:
    """Correlation of made[t + lag] with true[t]."""
    a = made[max(0, lag) : len(made) + min(0, lag)]
    b = true[max(0, -lag) : len(true) + min(0, -lag)]
    count = min(len(a), len(b))
    a, b = a[:count], b[:count]
    good = np.isfinite(a) & np.isfinite(b)
    return float(np.corrcoef(a[good], b[good])[0, 1])
