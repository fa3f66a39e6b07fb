"""Follow the face that will most likely speak while the video's faces are still being identified.

Identifying a video reads its frames, and following a face through it reads them again. Where one
face plainly is the one, a single reading does: the scan for faces tells every half second where it
was, and up to there it can be followed. What comes of it counts only where following by the
finished identification would have come to the same, to the last bit: each piece remembers where
its face was expected in every frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.dubbing.banks import Bank, Banks, KnownPiece, Shelf
from lipwright.dubbing.following import PieceFollower, Wanted, Watch
from lipwright.dubbing.pieces import with_run_up
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.scan import FaceScan, Sighting
from lipwright.faces.types import Box, IdentifiedFace
from lipwright.faces.whereabouts import Whereabouts
from lipwright.media.types import Frame, VideoInfo
from lipwright.render.engine import KeepingEngine

_PLAINLY: Final = 2.0
"""The face that is followed covers at least so many times the area of any other."""

_KEPT_MS: Final = 1_100
"""A face that is found may have been there since the last search, a second ago."""

_MOST_BYTES: Final = 256_000_000
"""Of frames that wait for the scan: where a second takes more, nothing is followed ahead."""


@dataclass(frozen=True, eq=False)
class Step:
    """A frame in which a face can be followed, or one that was searched for faces just now.

    Attributes
    ----------
    frame
        The frame.
    face
        The face to follow, as far as it is known by now; ``None`` after a search.
    anew
        Whether it is another face than in the step before.
    """

    frame: Frame
    face: IdentifiedFace | None = None
    anew: bool = False


class Foresight:
    """Follows a face through pieces of a video during the one reading that identifies it.

    Parameters
    ----------
    engine
        Whose observers look on.
    pieces
        Told what the video is, says in which pieces (`lipwright.dubbing.pieces`) a face would be
        wanted that is there throughout.
    """

    def __init__(self, engine: KeepingEngine, pieces: Callable[[VideoInfo], Sequence[int]]) -> None:
        self._engine = engine
        self._pieces = pieces
        self._shelf = Shelf(engine)
        self._needed: NDArray[np.bool_] = np.zeros(0, bool)
        self._given_up = False
        self._waiting: deque[Frame] = deque()
        self._sighting: Sighting | None = None
        self._face: IdentifiedFace | None = None
        self._anew = True
        self._open: list[_Followed] = []
        self._done: dict[int, tuple[_Followed, KnownPiece]] = {}

    def begin(self, info: VideoInfo, stamps: NDArray[np.int64]) -> None:
        """Get to know the video; to be called first.

        Parameters
        ----------
        info
            What it is.
        stamps
            (N,) `Frame.pts` of every frame; nothing is followed without them.
        """
        self._info = info
        self._stamps = stamps
        anybody = IdentifiedFace("", 0, info.duration_ms, b"", ())
        self._left = sorted(set(self._pieces(info)))
        self._needed = np.zeros(len(stamps), bool)
        frame_bytes = info.width * info.height * 3 // 2
        self._given_up = frame_bytes * info.frame_rate * _KEPT_MS > _MOST_BYTES * 1000
        for piece in self._left:
            first, last = (
                info.start_pts + int(time / info.time_base)
                for time in with_run_up(piece, anybody, info)
            )
            self._needed |= (stamps >= first) & (stamps <= last)

    def wants(self, index: int) -> bool:
        """Whether a frame is needed."""
        return not self._given_up and index < len(self._needed) and bool(self._needed[index])

    def steps(self, frames: Iterable[tuple[Frame, bool]], scan: FaceScan) -> Iterator[Step]:
        """Search for faces, and hand out where the plainest one can be followed by now.

        Parameters
        ----------
        frames
            Frames in order. Those that are marked are not shown to the scan.
        scan
            What looks for faces; it is not finished here.
        """
        last = -1
        for frame, spare in frames:
            if frame.index > last and self.wants(frame.index):
                self._waiting.append(frame)
            last = max(last, frame.index)
            if not spare:
                scan.add(frame)
                yield Step(frame)
                yield from self._after_look(scan.present, frame.time_ms)

    def rest(self, faces: Sequence[IdentifiedFace]) -> Iterator[Step]:
        """Hand out the frames that are left when the faces are known."""
        for face in faces:
            if self._face is not None and set(self._face.samples) <= set(face.samples):
                yield from (self._step(frame, face) for frame in self._waiting)
                self._waiting.clear()

    def follow(
        self,
        steps: Iterable[Step],
        landmarker: FaceLandmarker,
        searched: Callable[[Frame], None],
    ) -> None:
        """Follow the face through what `steps` or `rest` hands out.

        Parameters
        ----------
        steps
            All that are handed out, in order.
        landmarker
            What finds; another one than the scan's, which may be at work at the same time.
        searched
            Called with every frame that was searched for faces.
        """
        where: tuple[IdentifiedFace, Whereabouts] | None = None
        for step in steps:
            frame, face = step.frame, step.face
            if face is None:
                searched(frame)
                continue
            if step.anew:
                self._open = []
            if where is None or where[0] is not face:
                where = face, Whereabouts(face)
            self._begin_pieces(frame, face, landmarker)
            for one in self._open:
                one.add(frame, where[1])
            for one in [one for one in self._open if frame.time >= one.follower.end]:
                self._end(one)

    def end(self) -> None:
        """All frames were handed out: what is followed now goes to the end of the video."""
        if self._face is not None:
            for one in list(self._open):
                self._end(one)
        self._open = []
        self._waiting.clear()

    def take(self, face: IdentifiedFace) -> dict[int, KnownPiece]:
        """Hand over the pieces that are known of a face."""
        fitting = [piece for piece, (one, _) in self._done.items() if one.fits(face)]
        return {piece: self._done.pop(piece)[1] for piece in fitting}

    def _after_look(self, present: Sequence[Sighting], now_ms: int) -> Iterator[Step]:
        chosen = None if self._given_up else _plainest(present)
        if present and chosen is None:
            # Whoever it will be, it is a guess: better no frame is read for nothing.
            self._given_up = True
        if chosen is not self._sighting:
            self._sighting, self._face, self._anew = chosen, None, True
        if chosen is None:
            until = now_ms - _KEPT_MS
            while self._waiting and (self._given_up or self._waiting[0].time_ms < until):
                self._waiting.popleft()
            return
        if self._face is None or len(self._face.samples) != len(chosen.samples):
            samples = tuple(chosen.samples)
            self._face = IdentifiedFace("", chosen.start_ms, chosen.end_ms, b"", samples)
        until = chosen.samples[-1].time_ms
        while self._waiting and self._waiting[0].time_ms <= until:
            yield self._step(self._waiting.popleft(), self._face)

    def _step(self, frame: Frame, face: IdentifiedFace) -> Step:
        anew, self._anew = self._anew, False
        return Step(frame, face, anew)

    def _begin_pieces(self, frame: Frame, face: IdentifiedFace, landmarker: FaceLandmarker) -> None:
        index, info = frame.index, self._info
        before = Fraction(-1)
        if index:
            before = (int(self._stamps[index - 1]) - info.start_pts) * info.time_base
        face = replace(face, end_ms=info.duration_ms)
        while self._left:
            begin, _ = with_run_up(self._left[0], face, info)
            if begin > frame.time:
                return
            piece = self._left.pop(0)
            if before < begin:  # otherwise some of its frames were not to be had
                wanted = Wanted(face, piece, Watch(self._engine))
                self._open.append(_Followed(wanted, landmarker, info))

    def _end(self, one: _Followed) -> None:
        self._open.remove(one)
        known = self._shelf.put(one.follower.finish())
        self._done[one.follower.wanted.piece] = one, known


class _Followed:
    """A piece, and where its face was expected in each of its frames."""

    def __init__(self, wanted: Wanted, landmarker: FaceLandmarker, info: VideoInfo) -> None:
        self.follower = PieceFollower(wanted, landmarker, info, self._at)
        self._info = info
        self._where: Whereabouts | None = None
        self._expected: list[tuple[int, Box | None]] = []

    def add(self, frame: Frame, where: Whereabouts) -> None:
        self._where = where
        self.follower.observe(frame, self.follower.find(frame))

    def fits(self, face: IdentifiedFace) -> bool:
        """Whether following this face would have been the same."""
        begin, _ = with_run_up(self.follower.wanted.piece, face, self._info)
        where = Whereabouts(face)
        return begin == self.follower.begin and all(
            where.at(time) == expected for time, expected in self._expected
        )

    def _at(self, time_ms: int) -> Box | None:
        assert self._where is not None
        found = self._where.at(time_ms)
        self._expected.append((time_ms, found))
        return found


def _plainest(present: Sequence[Sighting]) -> Sighting | None:
    """The one face that is much larger than any other; ``None`` if there is none."""
    areas = {one: _area(one.samples[-1].box) for one in present}
    ranked = sorted(present, key=lambda one: -areas[one])
    if len(ranked) > 1 and areas[ranked[0]] < _PLAINLY * areas[ranked[1]]:
        return None
    return ranked[0] if ranked else None


def _area(box: Box) -> float:
    return box.width * box.height


@dataclass(frozen=True, eq=False)
class ForeseenBanks:
    """What is kept of a video's faces, and what was foreseen of them.

    Attributes
    ----------
    foresight
        After its end.
    engine_name
        As its engine is registered.
    banks
        What is kept; ``None`` if nothing is.
    """

    foresight: Foresight
    engine_name: str
    banks: Banks | None

    def open(self, face: IdentifiedFace, engine_name: str, engine: KeepingEngine) -> Bank:
        """Return what is known of a face; what was foreseen is handed over once."""
        bank = self.banks.open(face, engine_name, engine) if self.banks is not None else None
        pieces = self.foresight.take(face) if engine_name == self.engine_name else {}
        if bank is not None:
            for piece, known in pieces.items():
                bank.add(piece, known)
        return _ForeseenBank(pieces, bank)


@dataclass(frozen=True, eq=False)
class _ForeseenBank:
    pieces: dict[int, KnownPiece]
    bank: Bank | None

    def get(self, piece: int) -> KnownPiece | None:
        found = self.pieces.get(piece)
        return found if found is not None or self.bank is None else self.bank.get(piece)

    def forget(self, piece: int) -> None:
        self.pieces.pop(piece, None)
        if self.bank is not None:
            self.bank.forget(piece)

    def add(self, piece: int, known: KnownPiece) -> None:
        if self.bank is not None:
            self.bank.add(piece, known)

    def save(self) -> None:
        if self.bank is not None:
            self.bank.save()
