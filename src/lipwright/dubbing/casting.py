"""Prepare each face that speaks: follow it, let the engine look at it, plan its mouth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np

from lipwright.dubbing.placement import find_face
from lipwright.dubbing.types import Identification, Line
from lipwright.errors import BadInputError
from lipwright.faces.dense import FaceFollower
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.types import FaceTrack
from lipwright.media.audio import read_sound
from lipwright.media.prefetch import prefetched
from lipwright.media.types import Frame, VideoInfo
from lipwright.render.articulation import like_the_person, talking_range
from lipwright.render.engine import Engine
from lipwright.render.plan import RenderPlan, SpokenPart, usable_weight, window_weight
from lipwright.speech.predict import predict_mouth

SPEECH_RATE: Final = 16_000
_CONTEXT_SECONDS: Final = Fraction(1, 2)
"""Frames around a line that are tracked too, so that smoothing has both sides."""


class FrameSource(Protocol):
    """What is needed of a reader: `VideoReader`, or the looped one."""

    info: VideoInfo

    def frames(self, start: Fraction | None = None, end: Fraction | None = None) -> Iterator[Frame]:
        """Yield the frames with ``start <= frame.time < end``."""


@dataclass(frozen=True, eq=False)
class Speaker:
    """A face, the engine's bank of it, and what its mouth shall do."""

    face_id: str
    track: FaceTrack
    bank: Any
    plan: RenderPlan


def cast(
    reader: FrameSource,
    identification: Identification,
    lines: Sequence[Line],
    landmarker: FaceLandmarker,
    engine: Engine,
    progress: Callable[[Frame], None],
) -> list[Speaker]:
    """Prepare every face that has a line, in one pass over the frames around its lines.

    Parameters
    ----------
    reader
        The video.
    identification
        Its faces.
    lines
        Checked lines.
    landmarker, engine
        What finds and what renders.
    progress
        Called with every frame that was looked at.
    """
    by_face: dict[str, list[Line]] = {}
    for line in lines:
        by_face.setdefault(line.face_id, []).append(line)
    start = Fraction(min(line.insert_ms for line in lines), 1000) - _CONTEXT_SECONDS
    end = Fraction(max(line.end_ms for line in lines), 1000) + _CONTEXT_SECONDS
    followers = {
        face_id: (FaceFollower(landmarker, find_face(identification, face_id)), engine.observer())
        for face_id in by_face
    }
    with prefetched(lambda: reader.frames(max(start, Fraction(0)), end)) as frames:
        for frame in frames:
            for follower, observer in followers.values():
                found = follower.add(frame)
                if found is not None:
                    observer.add(frame, found)
            progress(frame)
    speakers = []
    for face_id, (follower, observer) in followers.items():
        track = follower.finish()
        if len(track.times):
            frame_seconds = float(1 / reader.info.frame_rate)
            plan = plan_lines(track, by_face[face_id], frame_seconds)
            speakers.append(Speaker(face_id, track, engine.prepare(track, observer), plan))
    return speakers


def plan_lines(track: FaceTrack, lines: Sequence[Line], frame_seconds: float) -> RenderPlan:
    """Lay the mouth curves of a face's lines onto its frames."""
    channels = np.zeros((len(track.times), 6), np.float32)
    weight = np.zeros(len(track.times), np.float32)
    speaking = np.zeros(len(track.times), np.float32)
    parts = []
    own_range = talking_range(track)
    for line in lines:
        start, end = line.insert_ms / 1000.0, line.end_ms / 1000.0
        inside = (track.times >= start - 1e-6) & (track.times < end - 1e-6)
        if not inside.any():
            continue
        sound = read_sound(line.speech, line.speech_start_ms, line.speech_end_ms, SPEECH_RATE)
        # The model learned from cameras: a frame shows the mouth of the moment it is stamped with.
        mono = sound.mean(1)
        curve = predict_mouth(mono, track.times[inside] - start, line.transcript)
        channels[inside] = like_the_person(curve, own_range)
        speaking[inside] = curve.speaking
        parts.append(SpokenPart(start, mono))
        weight = np.maximum(weight, window_weight(track.times, start, end, frame_seconds))
    weight *= usable_weight(track)
    parts.sort(key=lambda part: part.start)
    return RenderPlan(track.frame_indices, channels, weight, speaking, tuple(parts))


def check_one_face_once(lines: Sequence[Line]) -> None:
    """Refuse lines of one face that overlap: a mouth says one thing at a time."""
    ordered = sorted(enumerate(lines), key=lambda item: (item[1].face_id, item[1].insert_ms))
    for (_, before), (index, line) in pairwise(ordered):
        if before.face_id == line.face_id and line.insert_ms < before.end_ms:
            raise BadInputError(
                "insert",
                "lines_overlap",
                f"face {line.face_id} already speaks until {before.end_ms} ms; "
                f"this line begins at {line.insert_ms} ms",
                index=index,
            )
