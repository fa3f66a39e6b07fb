"""Save one picture that shows a source beside what lipwright made of it.

    python demo/compare.py source.mp4 result.mp4 picture.png

Four rows of the same moments: source, result, and the mouths of both enlarged. The moments are
one of rest, and then those at which the result's mouth is most open or most closed, in turn.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.landmarker import FaceLandmarker, FaceLandmarks
from lipwright.faces.mouth_shape import mouth_values
from lipwright.media.color import to_bgr
from lipwright.media.decode import VideoReader
from lipwright.media.types import Frame
from lipwright.models.store import require

COLUMNS = 6
WIDTH = 280
_MOUTH_FIELD = 2.1
"""Width of the enlarged part, in widths of the mouth."""
_CORNERS = (61, 291)

Picture = NDArray[np.uint8]


def save_comparison(source: Path, result: Path, picture: Path) -> None:
    """Write the comparison of two videos of equal length and size as a PNG."""
    openings = mouth_openings(result)
    moments = choose_moments(openings)
    landmarker = FaceLandmarker(require("face_landmarker"))
    rows: list[list[Picture]] = [[], [], [], []]
    for before, after in zip(frames_at(source, moments), frames_at(result, moments), strict=True):
        face = first_face(landmarker, before)
        for frame, whole, mouth in ((before, 0, 2), (after, 1, 3)):
            image = np.asarray(to_bgr(frame), np.uint8)
            height = round(WIDTH * image.shape[0] / image.shape[1])
            rows[whole].append(resized(image, WIDTH, height))
            rows[mouth].append(mouth_of(image, face) if face is not None else blank())
    labels = ("source", "result", "source", "result")
    bands = [labelled(np.hstack(row), label) for row, label in zip(rows, labels, strict=True)]
    header = times_header(moments, openings)
    cv2.imwrite(str(picture), np.vstack([header, *bands]))


def mouth_openings(video: Path) -> NDArray[np.float64]:
    """Inner-lip opening in each frame, NaN where there is no face; first column is time in s."""
    landmarker = FaceLandmarker(require("face_landmarker"))
    measured = []
    with VideoReader(video) as reader:
        for frame in reader:
            face = first_face(landmarker, frame)
            opening = np.nan if face is None else float(mouth_values(face.points[None])[0, 0])
            measured.append((float(frame.time), opening))
    return np.array(measured)


def choose_moments(openings: NDArray[np.float64]) -> list[int]:
    """Frame numbers: one near the beginning, then the mouth at its widest and closed in turn."""
    count = len(openings)
    moments = [round(0.08 * count)]
    parts = np.array_split(np.arange(round(0.18 * count), round(0.85 * count)), COLUMNS - 1)
    for number, part in enumerate(parts):
        opening = np.nan_to_num(openings[part, 1])
        extreme = opening.argmax() if number % 2 == 0 else opening.argmin()
        moments.append(int(part[extreme]))
    return moments


def frames_at(video: Path, indices: list[int]) -> list[Frame]:
    """Decode some frames of a video."""
    with VideoReader(video) as reader:
        return [frame for frame in reader if frame.index in indices]


def first_face(landmarker: FaceLandmarker, frame: Frame) -> FaceLandmarks | None:
    """Landmarks of the surest face of a frame."""
    for detection in landmarker.detect(frame):
        found = landmarker.locate(frame, detection)
        if found is not None:
            return found
    return None


def mouth_of(image: Picture, face: FaceLandmarks) -> Picture:
    """The mouth, enlarged to a column's width."""
    left, right = face.points[list(_CORNERS), :2].astype(np.float64)
    x, y = (left + right) / 2
    half = _MOUTH_FIELD / 2 * float(np.hypot(*(right - left)))
    height = round(WIDTH * 0.75)
    scale = WIDTH / (2 * half)
    matrix = np.array([[scale, 0, WIDTH / 2 - scale * x], [0, scale, height * 0.45 - scale * y]])
    cut = cv2.warpAffine(image, matrix, (WIDTH, height), flags=cv2.INTER_CUBIC)
    return np.asarray(cut, np.uint8)


def blank() -> Picture:
    """Stand in for the mouth of a frame without a face."""
    return np.zeros((round(WIDTH * 0.75), WIDTH, 3), np.uint8)


def resized(image: Picture, width: int, height: int) -> Picture:
    """Scale a picture down."""
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def labelled(band: Picture, label: str) -> Picture:
    """Put a narrow strip with a word, bottom to top, left of a row."""
    strip = np.full((24, band.shape[0], 3), 255, np.uint8)
    write(strip, label, (8, 17))
    turned = cv2.rotate(strip, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return np.hstack([np.asarray(turned, np.uint8), band])


def times_header(moments: list[int], openings: NDArray[np.float64]) -> Picture:
    """A strip that says when each column is."""
    strip = np.full((26, 24 + COLUMNS * WIDTH, 3), 255, np.uint8)
    for column, index in enumerate(moments):
        write(strip, f"{openings[index, 0]:.2f} s", (24 + column * WIDTH + 8, 18))
    return strip


def write(image: Picture, text: str, at: tuple[int, int]) -> None:
    """Write small dark letters."""
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (60, 60, 60), 1, cv2.LINE_AA)


if __name__ == "__main__":
    save_comparison(*(Path(argument) for argument in sys.argv[1:4]))
