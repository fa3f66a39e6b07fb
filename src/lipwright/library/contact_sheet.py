"""Before and after on one picture, at the moments that tell most about a lip-sync."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.dubbing.placement import find_face
from lipwright.dubbing.types import Identification, Line
from lipwright.errors import BadInputError
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.mouth_shape import OUTER_CORNERS, OUTER_LOWER, OUTER_UPPER
from lipwright.faces.types import Box
from lipwright.library.curve import mouth_curve
from lipwright.library.sheets import U8, Column, check_picture_name, crop, draw_sheet, save_picture
from lipwright.library.sync import SyncResult
from lipwright.media.color import to_bgr
from lipwright.media.decode import VideoReader
from lipwright.media.types import Frame
from lipwright.models.store import require
from lipwright.speech.types import MouthCurve

MOST_MOMENTS: Final = 8

_WIDTH: Final = 230
_RATE: Final = 25
_APART_S: Final = 0.16
_FACE_ROOM, _MOUTH_ROOM = 1.7, 1.9
_LOOK_S: Final = Fraction(1, 2)


@dataclass(frozen=True)
class Moment:
    """An instant of the video, seconds, the face to look at, and what its mouth shall do."""

    time: float
    face_id: str
    what: str


def contact_sheet(
    video: str | os.PathLike[str], result: SyncResult, image: str | os.PathLike[str]
) -> Path:
    """Draw source, result and the result's mouth, enlarged, at telling moments of each line.

    Parameters
    ----------
    video
        The source that ``result`` was made of.
    result
        What `lipwright.sync` or `lipwright.dub` returned.
    image
        Where the picture goes: ``.png``, ``.jpg`` or ``.jpeg``.

    Returns
    -------
    The path of the picture.

    Raises
    ------
    BadInputError
        Field ``preview``: the name or the folder of the picture cannot be.
    FailedError
        The picture could not be written.
    """
    path = check_picture_name(image)
    moments = telling_moments(result.lines)
    landmarker = FaceLandmarker(require("face_landmarker"))
    columns = []
    with VideoReader(Path(video)) as before, VideoReader(result.path) as after:
        for moment in moments:
            old, new = _frame_at(before, moment.time), _frame_at(after, moment.time)
            if old is None or new is None:
                continue
            face, mouth = _places(landmarker, old, result.identification, moment)
            cells = [_square(old, face), _square(new, face), _strip(new, mouth)]
            who = f", face {moment.face_id}" if len({m.face_id for m in moments}) > 1 else ""
            columns.append(Column(f"{moment.time:.2f} s{who}", moment.what, cells))
    if not columns:
        raise BadInputError("preview", "empty", "there is no picture at the time of the lines")
    save_picture(path, draw_sheet(columns, ("source", "result", "mouth")))
    return path


def telling_moments(lines: Sequence[Line]) -> list[Moment]:
    """When to look: mouths open, closed, rounded, spread and at rest, in order of time.

    At most `MOST_MOMENTS`, shared by the lines, but one for each of them. Where a sound is gone
    its line is looked at three times, evenly spread.
    """
    each = max(1, MOST_MOMENTS // max(1, len(lines)))
    found: list[Moment] = []
    for line in lines[:MOST_MOMENTS]:
        start = line.insert_ms / 1000
        if line.speech.is_file():
            curve = mouth_curve(
                line.speech,
                fps=_RATE,
                transcript=line.transcript,
                speech_start_ms=line.speech_start_ms,
                speech_end_ms=line.speech_end_ms,
            )
            picked = moments_of(curve)
        else:
            length = (line.speech_end_ms - line.speech_start_ms) / 1000
            picked = [(length * k / 4, "") for k in (1, 2, 3)]
        found += [Moment(start + time, line.face_id, what) for time, what in picked[:each]]
    return sorted(found, key=lambda moment: moment.time)


def moments_of(curve: MouthCurve) -> list[tuple[float, str]]:
    """Telling instants of a curve, the most telling first: seconds and what is to be seen."""
    opening, width = curve.values[:, 0], curve.values[:, 1]
    speaking = curve.speaking > 0.5
    closed = speaking & (opening < 0.005)
    # The middle of a closure or a pause, and not where one begins or ends.
    depth = _depth(closed, 3)
    ranked = [
        ("wide open", np.where(speaking, opening, -np.inf), 0.03),
        ("lips closed", depth, 0.1),
        ("rounded", np.where(speaking & (opening > 0.02), -width, -np.inf), 0.01),
        ("spread", np.where(speaking & (opening > 0.02), width, -np.inf), 0.005),
        ("half open", np.where(speaking, -np.abs(opening - 0.08), -np.inf), -0.02),
        ("silence", _depth(curve.speaking <= 0, 9), 0.5),
        ("open again", np.where(speaking, opening, -np.inf), 0.05),
        ("closed again", depth, 0.1),
    ]
    chosen: list[tuple[float, str]] = []
    for what, score, least in ranked:
        free = np.ones(len(score), bool)
        for time, _ in chosen:
            free &= np.abs(curve.times - time) >= _APART_S
        score = np.where(free, score, -np.inf)
        best = int(np.argmax(score)) if len(score) else 0
        if len(score) and score[best] >= least:
            chosen.append((float(curve.times[best]), what))
    return chosen or [(float(curve.times[len(curve.times) // 2]), "")]


def _depth(there: NDArray[np.bool_], reach: int) -> NDArray[np.float64]:
    """(T,) how much of the ``reach`` samples around each is there, where it itself is."""
    return np.convolve(there.astype(np.float64), np.ones(reach) / reach)[
        reach // 2 : reach // 2 + len(there)
    ] * np.asarray(there, np.float64)


def _frame_at(reader: VideoReader, time: float) -> Frame | None:
    """The frame that is shown at a time."""
    begin = max(Fraction(0), Fraction(time).limit_denominator(90_000) - _LOOK_S)
    shown = None
    for frame in reader.frames(begin, begin + 2 * _LOOK_S):
        if shown is not None and float(frame.time) > time + 1e-3:
            break
        shown = frame
    return shown


def _places(
    landmarker: FaceLandmarker, frame: Frame, identification: Identification, moment: Moment
) -> tuple[Box, Box]:
    """The face and its mouth in a frame; guessed from the identification where not found."""
    samples = find_face(identification, moment.face_id).samples
    box = min(samples, key=lambda sample: abs(sample.time_ms - 1000 * moment.time)).box
    for detection in landmarker.detector.detect_in(frame, box):
        found = landmarker.locate(frame, detection)
        if found is not None:
            lips = found.points[[*OUTER_UPPER, *OUTER_LOWER, *OUTER_CORNERS], :2]
            low, high = lips.min(0), lips.max(0)
            return found.box(), Box(*map(float, (*low, *high)))
    x, y = (box.x0 + box.x1) / 2, box.y0 + 0.75 * box.height
    return box, Box(x - box.width / 4, y - box.height / 10, x + box.width / 4, y + box.height / 10)


def _square(frame: Frame, face: Box) -> U8:
    side = min(_FACE_ROOM * max(face.width, face.height), frame.width, frame.height)
    middle = (
        float(np.clip((face.x0 + face.x1) / 2, side / 2, frame.width - side / 2)),
        float(np.clip((face.y0 + face.y1) / 2, side / 2, frame.height - side / 2)),
    )
    return crop(to_bgr(frame), middle, (side, side), _WIDTH)


def _strip(frame: Frame, mouth: Box) -> U8:
    width = _MOUTH_ROOM * mouth.width
    middle = (mouth.x0 + mouth.x1) / 2, (mouth.y0 + mouth.y1) / 2
    return crop(to_bgr(frame), middle, (width, 0.75 * width), _WIDTH)
