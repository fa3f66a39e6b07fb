"""Guess, before a video's faces are known, where one of them will have to be followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from lipwright.dubbing.foresight import Foresight
from lipwright.dubbing.hearing import Hearing
from lipwright.dubbing.pieces import Repeats, needed_parts
from lipwright.dubbing.types import Line
from lipwright.faces.types import IdentifiedFace
from lipwright.library.cues import Cue
from lipwright.library.sound import Sound
from lipwright.media.types import VideoInfo
from lipwright.render.engine import KeepingEngine, load_engine

_ARRAY: Final = Path()
"""In place of a file that is not written yet."""


def foresee(
    cues: Sequence[Cue], lengths: Mapping[Path, int], engine: str, hearing: Hearing
) -> Foresight | None:
    """What may follow a face while the video is identified; ``None`` where it would not pay.

    Parameters
    ----------
    cues
        What shall be said. Where they name several faces, nobody knows whom to follow.
    lengths
        Of the sound files, ms.
    engine
        The name of what renders.
    hearing
        Begins to listen when the video's length is known.
    """
    renders = load_engine(engine)
    if not isinstance(renders, KeepingEngine) or not renders.observer_version:
        return None
    if any(one.face != other.face for one, other in pairwise(cues)):
        return None

    def pieces(info: VideoInfo) -> list[int]:
        lines = _lines(cues, lengths, info)
        hearing.begin([line for line in lines if line.speech != _ARRAY])
        face = IdentifiedFace("", 0, info.duration_ms, b"", ())
        return [part.piece for part in needed_parts(face, lines, Repeats())]

    return Foresight(renders, pieces)


def _lines(cues: Sequence[Cue], lengths: Mapping[Path, int], info: VideoInfo) -> list[Line]:
    """The lines if one face were there from the first frame to the last."""
    lines: list[Line] = []
    for cue in cues:
        speech = _ARRAY if isinstance(cue.speech, Sound) else Path(cue.speech)
        whole = cue.speech.duration_ms if isinstance(cue.speech, Sound) else lengths[speech]
        at = max([0, *(line.end_ms for line in lines)]) if cue.at_ms is None else cue.at_ms
        end = cue.speech_end_ms
        if end is None:
            end = min(whole, cue.speech_start_ms + info.duration_ms - at)
        lines.append(Line("", speech, cue.speech_start_ms, end, at, transcript=cue.transcript))
    return lines
