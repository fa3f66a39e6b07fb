"""A copy of a finished video with a small mark that everybody sees."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from lipwright.media.audio import read_track
from lipwright.media.decode import VideoReader
from lipwright.media.encode import video_writer
from lipwright.media.movie import SOUND_RATE
from lipwright.media.types import F32, U8

TEXT: Final = "AI-generated"
_HEIGHT: Final = 1 / 26
"""Height of the letters, as a share of the picture's shorter side."""

_OPACITY: Final = 0.75
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX


def watermark(source: Path, output: Path) -> None:
    """Write a copy of a video with `TEXT` in its lower right corner.

    Only the brightness under the letters changes; sound and time stamps stay.

    Parameters
    ----------
    source
        A finished mp4 of ours.
    output
        Where the copy goes.

    Raises
    ------
    FailedError
        It cannot be written.
    """
    with VideoReader(source) as reader:
        info = reader.info
        sound = read_track(source, SOUND_RATE) if info.has_audio else None
        letters: tuple[F32, F32] | None = None
        with video_writer(output, info, sound, synthetic=True) as writer:
            for frame in reader.frames():
                if letters is None:
                    letters = mark_of(frame.width, frame.height)
                writer.write(burn(frame.y, *letters), frame.u, frame.v, frame.pts)


def mark_of(width: int, height: int) -> tuple[F32, F32]:
    """Draw the mark for a picture of this size.

    Returns
    -------
    tuple
        Coverage of the mark and brightness under it, both (height, width) in 0..1.
    """
    letter = max(8.0, min(width, height) * _HEIGHT)
    scale = cv2.getFontScaleFromHeight(_FONT, max(1, round(letter)))
    stroke = max(1, round(letter / 10))
    (length, _), below = cv2.getTextSize(TEXT, _FONT, scale, stroke)
    at = (max(0, width - length - round(letter)), height - round(letter) - below // 2)
    inside = np.zeros((height, width), np.uint8)
    cv2.putText(inside, TEXT, at, _FONT, scale, 255, stroke, cv2.LINE_AA)
    edge = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * stroke + 1, 2 * stroke + 1))
    outline = cv2.dilate(inside, edge)
    cover: F32 = outline * np.float32(_OPACITY / 255)
    bright: F32 = inside * np.float32(1 / 255)
    return cover, bright


def burn(luma: U8, cover: F32, bright: F32) -> U8:
    """Return a luma plane with a mark on it: white letters with a dark edge."""
    rows, columns = np.nonzero(cover)
    if not len(rows):
        return luma
    area = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    marked = luma.copy()
    # 16 to 235 is black to white in limited range, and near enough in full range.
    mark = 16 + 219 * bright[area]
    share = cover[area]
    marked[area] = np.rint(luma[area] * (1 - share) + mark * share).astype(np.uint8)
    return marked
