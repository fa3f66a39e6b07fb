"""The faces of a video on one picture: who is where, under which number."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from lipwright.dubbing.types import Identification
from lipwright.errors import BadInputError
from lipwright.faces.types import Box, IdentifiedFace
from lipwright.library.sheets import (
    U8,
    Column,
    check_picture_name,
    draw_sheet,
    save_picture,
    write_on,
)
from lipwright.media.color import to_bgr
from lipwright.media.decode import VideoReader

MOST_FACES: Final = 12
_WIDTH: Final = 320
_COLORS: Final = ((90, 220, 90), (70, 170, 255), (255, 190, 60), (220, 110, 230), (80, 230, 240))


def face_sheet(
    video: str | os.PathLike[str],
    identification: Identification,
    image: str | os.PathLike[str],
) -> Path:
    """Draw a frame from the middle of each face's time, with boxes and numbers.

    Parameters
    ----------
    video
        The file that ``identification`` is about.
    identification
        What `lipwright.identify` returned; of many faces the first `MOST_FACES` are shown.
    image
        Where the picture goes: ``.png``, ``.jpg`` or ``.jpeg``.

    Returns
    -------
    The path of the picture.

    Raises
    ------
    BadInputError
        Field ``preview``: its name or folder cannot be, or there is no face to show.
    FailedError
        The picture could not be written.
    """
    path = check_picture_name(image)
    columns = []
    with VideoReader(Path(video)) as reader:
        for face in identification.faces[:MOST_FACES]:
            sample = face.samples[len(face.samples) // 2]
            frame = next(reader.frames(Fraction(sample.time_ms, 1000)), None)
            if frame is None:
                continue
            picture = _shown(to_bgr(frame), identification, sample.time_ms)
            when = f"{face.start_ms / 1000:.2f} to {face.end_ms / 1000:.2f} s"
            columns.append(Column(f"face {face.face_id}", when, [picture]))
    if not columns:
        raise BadInputError("preview", "empty", "there is no face to show")
    save_picture(path, draw_sheet(columns, ("",)))
    return path


def _shown(bgr: U8, identification: Identification, time_ms: int) -> U8:
    scale = _WIDTH / bgr.shape[1]
    height = max(1, round(bgr.shape[0] * scale))
    small: U8 = np.asarray(
        cv2.resize(bgr, (_WIDTH, height), interpolation=cv2.INTER_AREA), np.uint8
    )
    for number, face in enumerate(identification.faces):
        box = _box_at(face, time_ms)
        if box is None:
            continue
        color = _COLORS[number % len(_COLORS)]
        low = round(box.x0 * scale), round(box.y0 * scale)
        high = round(box.x1 * scale), round(box.y1 * scale)
        cv2.rectangle(small, low, high, color, 2, cv2.LINE_AA)
        write_on(small, face.face_id, low[0] + 4, max(14, low[1] - 5), color)
    return small


def _box_at(face: IdentifiedFace, time_ms: int) -> Box | None:
    if not face.start_ms <= time_ms < face.end_ms:
        return None
    return min(face.samples, key=lambda sample: abs(sample.time_ms - time_ms)).box
