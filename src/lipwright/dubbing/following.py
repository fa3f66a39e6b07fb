"""Follow faces through the pieces of a video that are not known yet, reading no other frames."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, Protocol

import numpy as np

from lipwright.dubbing.banks import KnownPiece
from lipwright.dubbing.pieces import runs, seconds_of, with_run_up
from lipwright.faces.dense import FaceFollower
from lipwright.faces.landmarker import FaceLandmarker, FaceLandmarks
from lipwright.faces.types import Box, FaceTrack, IdentifiedFace
from lipwright.faces.whereabouts import Whereabouts
from lipwright.media.prefetch import prefetched
from lipwright.media.threads import opencv_in_one_thread
from lipwright.media.types import Frame, VideoInfo
from lipwright.render.engine import Engine, Observer

_AHEAD: Final = 3
"""Frames whose landmarks are known before the engine's observers look at them."""


class FrameSource(Protocol):
    """What is needed of a reader: `VideoReader`, or the looped one."""

    @property
    def info(self) -> VideoInfo:
        """What the video is."""

    def frames(self, start: Fraction | None = None, end: Fraction | None = None) -> Iterator[Frame]:
        """Yield the frames with ``start <= frame.time < end``."""


@dataclass(frozen=True)
class Wanted:
    """A piece of a face that is to be looked at, and the observer that shall look."""

    face: IdentifiedFace
    piece: int
    observer: Any


class Watch:
    """An engine's observer, made when its piece begins and not held any more when it has ended."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._observer: Observer | None = None

    def add(self, frame: Frame, face: FaceLandmarks) -> None:
        """Let the engine's observer look."""
        if self._observer is None:
            self._observer = self._engine.observer()
        self._observer.add(frame, face)

    def end(self) -> Observer:
        """Hand the observer over."""
        observer, self._observer = self._observer or self._engine.observer(), None
        return observer


def follow(
    reader: FrameSource,
    wanted: Sequence[Wanted],
    landmarker: FaceLandmarker,
    looked: Callable[[Frame], None],
) -> Generator[tuple[Wanted, KnownPiece], None, None]:
    """Follow faces through pieces, each stretch of the video read once.

    Parameters
    ----------
    reader
        The video itself, not repeated.
    wanted
        What to look at. Pieces that share an observer are shown to it in the order of time.
    landmarker
        What finds.
    looked
        Called with every frame after it was looked at.

    Yields
    ------
    Each piece once it is done.
    """
    waiting = [PieceFollower(one, landmarker, reader.info) for one in wanted]
    for begin, end in runs([(one.begin, one.end) for one in waiting]):
        mine = [one for one in waiting if begin <= one.begin < end]
        with (
            opencv_in_one_thread(),
            prefetched(_frames(reader, begin, end)) as frames,
            prefetched(_finding(frames, mine), _AHEAD) as found,
        ):
            # Landmarks are found a little ahead of what the engine's observers look at.
            for frame, faces in found:
                for one, face in zip(mine, faces, strict=True):
                    one.observe(frame, face)
                looked(frame)
                for one in [one for one in mine if frame.time >= one.end and not one.finished]:
                    yield one.wanted, one.finish()
        for one in [one for one in mine if not one.finished]:
            yield one.wanted, one.finish()


def frames_to_read(wanted: Sequence[Wanted], info: VideoInfo) -> int:
    """About how many frames `follow` will read."""
    stretches = runs([with_run_up(one.piece, one.face, info) for one in wanted])
    return round(sum(end - begin for begin, end in stretches) * info.frame_rate)


def joined(tracks: Sequence[FaceTrack]) -> FaceTrack:
    """One track of several that follow each other."""
    repeated = any(track.shown_frames is not None for track in tracks)
    return FaceTrack(
        np.concatenate([track.frame_indices for track in tracks]),
        np.concatenate([track.times for track in tracks]),
        np.concatenate([track.landmarks for track in tracks]),
        np.concatenate([track.pose for track in tracks]),
        np.concatenate([track.quality for track in tracks]),
        np.concatenate([track.frames_in_file for track in tracks]) if repeated else None,
    )


def shifted(track: FaceTrack, frames: int, seconds: Fraction) -> FaceTrack:
    """The same track in a later repetition of the video."""
    if not frames:
        return track
    return replace(
        track,
        frame_indices=track.frame_indices + frames,
        times=track.times + float(seconds),
        shown_frames=track.frames_in_file,
    )


def _frames(reader: FrameSource, begin: Fraction, end: Fraction) -> Callable[[], Iterator[Frame]]:
    return lambda: reader.frames(begin, end)


_Found = tuple[Frame, list[FaceLandmarks | None]]


def _finding(
    frames: Iterator[Frame], followers: Sequence[PieceFollower]
) -> Callable[[], Iterator[_Found]]:
    """Look for the face of every piece in every frame."""
    return lambda: ((frame, [one.find(frame) for one in followers]) for frame in frames)


class PieceFollower:
    """Follows a face through its piece, run-up included.

    Parameters
    ----------
    wanted
        The piece.
    landmarker
        What finds.
    info
        Of the video.
    expected
        Where the face should be, if the samples of ``wanted.face`` do not tell.
    """

    def __init__(
        self,
        wanted: Wanted,
        landmarker: FaceLandmarker,
        info: VideoInfo,
        expected: Callable[[int], Box | None] | None = None,
    ) -> None:
        self.wanted = wanted
        self.begin, self.end = with_run_up(wanted.piece, wanted.face, info)
        self._own, _ = seconds_of(wanted.piece)
        self._follower = FaceFollower(landmarker, expected or Whereabouts(wanted.face).at)
        self._observer: Observer = wanted.observer
        self.finished = False

    def find(self, frame: Frame) -> FaceLandmarks | None:
        """Look for the face in the next frame, if that is one of the piece."""
        return self._follower.add(frame) if self.begin <= frame.time < self.end else None

    def observe(self, frame: Frame, found: FaceLandmarks | None) -> None:
        """Let the engine's observer see what was found."""
        if found is not None and frame.time >= self._own:
            self._observer.add(frame, found)

    def finish(self) -> KnownPiece:
        """What is known of the piece now."""
        self.finished = True
        track = self._follower.finish()
        own = track.times >= float(self._own) - 1e-9
        piece = FaceTrack(
            track.frame_indices[own],
            track.times[own],
            track.landmarks[own],
            track.pose[own],
            track.quality[own],
        )
        observer = self.wanted.observer
        return KnownPiece(piece, observer.end() if isinstance(observer, Watch) else observer)
