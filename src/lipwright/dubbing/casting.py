"""Prepare each face that speaks: know it, let the engine build its bank, plan its mouth."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any, Final, TypeVar, overload

import numpy as np

from lipwright.dubbing.banks import LANDMARKS, Bank, Banks, KnownPiece, Shelf
from lipwright.dubbing.following import (
    FrameSource,
    Wanted,
    Watch,
    follow,
    frames_to_read,
    joined,
    shifted,
)
from lipwright.dubbing.heap import give_back
from lipwright.dubbing.hearing import Hearing, Said, hear
from lipwright.dubbing.pieces import Part, Repeats, needed_parts
from lipwright.dubbing.placement import find_face
from lipwright.dubbing.types import Identification, Line
from lipwright.errors import LipwrightError
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.types import FaceTrack, IdentifiedFace
from lipwright.media.scratch import Rows
from lipwright.media.types import Frame, VideoInfo
from lipwright.render.articulation import like_the_person, talking_range
from lipwright.render.engine import Engine, KeepingEngine
from lipwright.render.plan import RenderPlan, SpokenPart, usable_weight, window_weight
from lipwright.speech.predict import curve_of

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Speaker:
    """A face, the engine's bank of it, and what its mouth shall do."""

    face_id: str
    track: FaceTrack
    bank: Any
    plan: RenderPlan


ONCE: Final = Repeats()


def cast(
    reader: FrameSource,
    identification: Identification,
    lines: Sequence[Line],
    landmarker: FaceLandmarker | Callable[[], FaceLandmarker],
    engine: Engine,
    progress: Callable[[Frame], None],
    *,
    planned: Callable[[int], None] = lambda count: None,
    repeats: Repeats = ONCE,
    banks: Banks | None = None,
    engine_name: str = "",
    hearing: Hearing | None = None,
) -> list[Speaker]:
    """Prepare every face that has a line, looking only at frames of which nothing is known.

    Parameters
    ----------
    reader
        The video itself, not repeated.
    identification
        Its faces.
    lines
        Checked lines, on the clock of the video as it is repeated.
    landmarker
        What finds, or what makes it; not called if everything is known.
    engine, engine_name
        What renders.
    progress
        Called with every frame that was looked at.
    planned
        Called before with the number of frames, about, that will be.
    repeats
        How the video is repeated.
    banks
        Where what is learned of faces is kept; ``None`` keeps nothing. The result is the same.
    hearing
        What listens to the lines, if it has begun already; ended here.
    """
    keeping = _keeping(engine)
    roles = []
    for face_id in dict.fromkeys(line.face_id for line in lines):
        face = find_face(identification, face_id)
        mine = [line for line in lines if line.face_id == face_id]
        bank = banks.open(face, engine_name, keeping) if banks and keeping else None
        shelf = Shelf(keeping) if keeping else None
        roles.append(_Role(face, mine, needed_parts(face, mine, repeats), bank, shelf))
    with hearing or Hearing() as heard:
        heard.begin([line for role in roles for line in role.lines])
        for role in roles:
            role.recall()
        _look(reader, roles, landmarker, engine, progress, planned)
        for role in roles:
            role.said = [heard.said(line) for line in role.lines]

    def surely(role: _Role, work: Callable[[], T]) -> T:
        try:
            return work()
        except LipwrightError:
            raise  # the sound's fault, or the weights'
        except Exception:
            if not role.recalled:
                raise
            # What was kept was not what it seemed: nothing of it counts.
            log.warning("what was kept of face %s is of no use", role.face.face_id, exc_info=True)
            role.forget()
            _look(reader, [role], landmarker, engine, progress, planned)
            return work()

    give_back()
    found = [surely(role, partial(role.speaker, engine, reader, repeats)) for role in roles]
    return [speaker for speaker in found if speaker is not None]


def _keeping(engine: Engine) -> KeepingEngine | None:
    return engine if isinstance(engine, KeepingEngine) and engine.observer_version else None


def _look(
    reader: FrameSource,
    roles: Sequence[_Role],
    landmarker: FaceLandmarker | Callable[[], FaceLandmarker],
    engine: Engine,
    progress: Callable[[Frame], None],
    planned: Callable[[int], None],
) -> None:
    """Follow the faces where they are not known yet, and keep what was seen."""
    by_face = {id(role.face): role for role in roles}
    wanted = [one for role in roles for one in role.wanted(engine)]
    if wanted:
        planned(frames_to_read(wanted, reader.info))
        finder = landmarker if isinstance(landmarker, FaceLandmarker) else landmarker()
        with closing(follow(reader, wanted, finder, progress)) as followed:
            for one, known in followed:
                by_face[id(one.face)].learn(one.piece, known)
    for role in roles:
        if role.bank is not None:
            role.bank.save()


@dataclass(eq=False)
class _Role:
    """One face's part in this job: its lines, and what is known of it."""

    face: IdentifiedFace
    lines: list[Line]
    parts: list[Part]
    bank: Bank | None
    shelf: Shelf | None
    known: dict[int, KnownPiece] = field(default_factory=dict)
    recalled: bool = False
    said: list[Said] = field(default_factory=list)

    @property
    def pieces(self) -> list[int]:
        return sorted({part.piece for part in self.parts})

    def recall(self) -> None:
        """Take from the bank what it has."""
        for piece in self.pieces if self.bank is not None else ():
            found = self.bank.get(piece) if self.bank is not None else None
            if found is not None:
                self.known[piece] = self._shelved(found)
                self.recalled = True

    def forget(self) -> None:
        """Start again from nothing."""
        for piece in self.pieces if self.bank is not None else ():
            if self.bank is not None:
                self.bank.forget(piece)
        self.known, self.recalled = {}, False

    def wanted(self, engine: Engine) -> list[Wanted]:
        """The pieces to look at. An engine that cannot keep has one observer for all of them."""
        shared = None if self.shelf is not None else engine.observer()
        return [
            Wanted(self.face, piece, shared or Watch(engine))
            for piece in self.pieces
            if piece not in self.known
        ]

    def learn(self, piece: int, known: KnownPiece) -> None:
        known = self.known[piece] = self._shelved(known)
        if self.bank is not None:
            self.bank.add(piece, known)

    def _shelved(self, known: KnownPiece) -> KnownPiece:
        return known if self.shelf is None else self.shelf.put(known)

    def speaker(self, engine: Engine, reader: FrameSource, repeats: Repeats) -> Speaker | None:
        """The face with its bank and plan; ``None`` if it was nowhere to be found."""
        track = self._track(reader.info, repeats)
        if track is None or not len(track.times):
            return None
        plan = plan_lines(track, self.lines, float(1 / reader.info.frame_rate), self.said)
        observers = _Observers([self.known[piece] for piece in self.pieces])
        keeping = _keeping(engine)
        observer = keeping.merge(observers) if keeping else observers[0]
        return Speaker(self.face.face_id, track, engine.prepare(track, observer), plan)

    def _track(self, info: VideoInfo, repeats: Repeats) -> FaceTrack | None:
        """The face's track through all parts; its landmarks are not held in memory."""
        landmarks = Rows((LANDMARKS, 3), np.float32)
        tracks = []
        for part in self.parts:
            track = shifted(
                self.known[part.piece].track,
                part.repeat * info.frame_count,
                part.repeat * (repeats.seconds or Fraction(0)),
            )
            landmarks.add(track.landmarks)
            tracks.append(replace(track, landmarks=np.zeros((0, LANDMARKS, 3), np.float32)))
        return replace(joined(tracks), landmarks=landmarks.array()) if tracks else None


class _Observers(Sequence[Any]):
    """The observers of known pieces, each read when it is asked for."""

    def __init__(self, known: Sequence[KnownPiece]) -> None:
        self._known = known

    def __len__(self) -> int:
        return len(self._known)

    @overload
    def __getitem__(self, at: int) -> Any: ...

    @overload
    def __getitem__(self, at: slice) -> _Observers: ...

    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return _Observers(self._known[at])
        return self._known[at].observer


def plan_lines(
    track: FaceTrack,
    lines: Sequence[Line],
    frame_seconds: float,
    said: Sequence[Said] | None = None,
) -> RenderPlan:
    """Lay the mouth curves of a face's lines onto its frames.

    Parameters
    ----------
    track
        Where the face is.
    lines
        Its lines.
    frame_seconds
        Of the video.
    said
        What was heard in each of the lines, if they were listened to before.
    """
    channels = np.zeros((len(track.times), 6), np.float32)
    weight = np.zeros(len(track.times), np.float32)
    speaking = np.zeros(len(track.times), np.float32)
    parts = []
    own_range = talking_range(track)
    for index, line in enumerate(lines):
        start, end = line.insert_ms / 1000.0, line.end_ms / 1000.0
        inside = (track.times >= start - 1e-6) & (track.times < end - 1e-6)
        if not inside.any():
            continue
        one = hear(line) if said is None else said[index]
        # The model learned from cameras: a frame shows the mouth of the moment it is stamped with.
        curve = curve_of(one.heard, track.times[inside] - start)
        channels[inside] = like_the_person(curve, own_range)
        speaking[inside] = curve.speaking
        parts.append(SpokenPart(start, one.samples))
        weight = np.maximum(weight, window_weight(track.times, start, end, frame_seconds))
    weight *= usable_weight(track)
    parts.sort(key=lambda part: part.start)
    return RenderPlan(track.frame_indices, channels, weight, speaking, tuple(parts))
