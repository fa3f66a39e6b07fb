"""What went otherwise than asked, in sentences for people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from lipwright.dubbing.casting import Speaker
from lipwright.dubbing.types import Line

LOUD: Final = "the mixed sound was louder than full scale: limited"

_LEAST_SECONDS: Final = 0.2
"""Shorter absences are faded over and not worth a word."""


def warnings_of(speakers: Sequence[Speaker], lines: Sequence[Line], limited: bool) -> list[str]:
    """Say where faces could not speak, and whether the sound was limited."""
    said = [LOUD] if limited else []
    by_face = {speaker.face_id: speaker for speaker in speakers}
    for line in lines:
        start, end = line.insert_ms / 1000.0, line.end_ms / 1000.0
        speaker = by_face.get(line.face_id)
        if speaker is None:
            said.append(f"face {line.face_id} was not found{_span(start, end)}: passed through")
        else:
            said += _absences(speaker, start, end)
    return said


def _absences(speaker: Speaker, start: float, end: float) -> list[str]:
    times = speaker.track.times
    # A slow film shows each frame for longer.
    least = max(_LEAST_SECONDS, 1.5 * float(np.median(np.diff(times)))) if len(times) > 1 else 0.0
    said = []
    # Where the track has no frames the face was not seen at all.
    edges = [start, *times[(times >= start) & (times < end)].tolist(), end]
    for before, after in pairwise(edges):
        if after - before > least:
            said.append(f"face {speaker.face_id} not found{_span(before, after)}: passed through")
    away = (speaker.track.quality <= 0.0) & (times >= start) & (times < end)
    turns = np.flatnonzero(np.diff(np.concatenate([[0], away.astype(np.int8), [0]])))
    for first, last in zip(turns[::2], turns[1::2], strict=True):
        begin, stop = float(times[first]), float(times[min(last, len(times) - 1)])
        if stop - begin > least:
            said.append(
                f"face {speaker.face_id} turned away or too small{_span(begin, stop)}: "
                "passed through"
            )
    return said


def _span(start: float, end: float) -> str:
    return f" from {start:.1f} s to {end:.1f} s"
