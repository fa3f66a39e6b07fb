"""The part of a clip that is used, as an mp4 that the product takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from lipwright.errors import BadInputError
from lipwright.media.audio import read_track
from lipwright.media.decode import VideoReader
from lipwright.media.encode import video_writer
from lipwright.media.movie import SOUND_RATE
from lipwright.media.types import F32

_CUT_CRF: Final = 8
"""Quality of a clip that had to be cut or brought into mp4: as good as lossless."""

Ticker = Callable[[str, int], None]
"""Is told what is being done and which frame it is at."""


def cut(
    clip: Path,
    folder: Path,
    start_ms: int,
    end_ms: int | None,
    tick: Ticker = lambda what, frame: None,
) -> tuple[Path, F32 | None]:
    """Give the clip as an mp4 of just the part that is used, and its sound.

    Parameters
    ----------
    clip
        Video of any container.
    folder
        Where an mp4 goes, if one has to be written.
    start_ms, end_ms
        The part; ``None`` is the end.
    tick
        Told how far the work is.

    Returns
    -------
    The mp4, which is the clip itself where all of an mp4 is used, and (n, 2) float32 at 48 kHz
    as long as the picture, or ``None`` without sound.

    Raises
    ------
    BadInputError
        The clip cannot be read, or ends before the part begins.
    """
    with VideoReader(clip, any_container=True) as reader:
        info = reader.info
        sound = read_track(clip, SOUND_RATE, any_container=True)
        end = info.duration_ms if end_ms is None else min(end_ms, info.duration_ms)
        if end <= start_ms:
            raise BadInputError("clip", "too_short", f"{clip.name} ends before {start_ms} ms")
        if sound is not None:
            length = round(Fraction((end - start_ms) * SOUND_RATE, 1000))
            sound = sound[round(Fraction(start_ms * SOUND_RATE, 1000)) :][:length]
            sound = np.pad(sound, ((0, length - len(sound)), (0, 0)))
        whole = start_ms == 0 and end == info.duration_ms
        if whole and info.container.startswith("mov"):
            return clip, sound
        path = folder / f"{clip.stem}-source.mp4"
        start, stop = Fraction(start_ms, 1000), Fraction(end, 1000)
        first = info.start_pts + -(-start // info.time_base)
        length = int((stop - start) / info.time_base)
        cut = replace(
            info, start_pts=first, duration_pts=length, duration_ms=end - start_ms, frame_count=0
        )
        with video_writer(path, cut, sound, crf=_CUT_CRF) as writer:
            for frame in reader.frames(start, stop):
                writer.write(frame.y, frame.u, frame.v, frame.pts)
                tick("cut the clip", frame.index)
    return path, sound
