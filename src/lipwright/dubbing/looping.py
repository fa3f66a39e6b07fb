"""A video that begins anew at its end until there is room for what shall be said."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.dubbing.pieces import Repeats
from lipwright.dubbing.types import Identification
from lipwright.faces.types import FaceSample, IdentifiedFace
from lipwright.media.decode import VideoReader
from lipwright.media.sample_reader import SampleReader
from lipwright.media.types import F32, Frame, VideoInfo

_SOUND_BLOCK: Final = 1 << 15


def looped_identification(identification: Identification, total_ms: int) -> Identification:
    """The faces of a video that is repeated until it lasts at least ``total_ms``.

    A face keeps its id in every repetition and its interval reaches into the last one.
    """
    video = identification.video
    repeats = _repeats(video, total_ms)
    if repeats == 1:
        return identification
    return Identification(
        replace(video, duration_ms=max(total_ms, video.duration_ms)),
        tuple(_looped_face(face, video, repeats, total_ms) for face in identification.faces),
    )


def repeats_of(video: VideoInfo, total_ms: int) -> Repeats:
    """How a video is repeated to last at least ``total_ms``; once, if it does by itself."""
    if total_ms <= video.duration_ms:
        return Repeats()
    return Repeats(_length(video), _repeats(video, total_ms))


def looped_sound(
    sound: Callable[[], Iterable[F32]], video: VideoInfo, total_ms: int, rate: int
) -> Generator[F32, None, None]:
    """Sound of the repeated video: each repetition begins with its picture's.

    Parameters
    ----------
    sound
        Begins to read the video's own, (n, 2) blocks; called anew for every repetition.
    video
        Its length counts.
    total_ms
        How long the result is.
    rate
        Samples per second.
    """
    length = round(_length(video) * rate)
    missing = round(Fraction(total_ms * rate, 1000))
    while missing > 0:
        reader = SampleReader(sound())
        left = min(length, missing)
        missing -= left
        try:
            while left > 0:
                wanted = min(left, _SOUND_BLOCK)
                block = reader.take(wanted)
                yield np.pad(block, ((0, wanted - len(block)), (0, 0)))
                left -= wanted
        finally:
            reader.close()


class LoopedReader:
    """Reads like a `VideoReader` of the repeated video.

    Parameters
    ----------
    reader
        The video itself.
    total_ms
        How long the result lasts at least; it ends with the first whole frame after that.
    """

    def __init__(self, reader: VideoReader, total_ms: int) -> None:
        self._reader = reader
        self._end = Fraction(total_ms, 1000)
        self._repeats = _repeats(reader.info, total_ms)
        info = reader.info
        frame = 1 / info.frame_rate
        self.info = replace(
            info,
            duration_ms=total_ms,
            duration_pts=round(self._end / info.time_base),
            frame_count=int(-(-self._end // frame)),
        )

    @property
    def stamps(self) -> NDArray[np.int64]:
        """(N,) `Frame.pts` of every frame; empty where the container does not tell."""
        found = self._repeated(self._reader.stamps, self._reader.info.duration_pts)
        stop = self.info.start_pts + int(-(-self._end // self.info.time_base))
        return found[found < stop]

    @property
    def keys(self) -> NDArray[np.int64]:
        """Frames from which decoding can start, by index, ascending."""
        found = self._repeated(self._reader.keys, self._reader.info.frame_count)
        return found[found < len(self.stamps)]

    def _repeated(self, once: NDArray[np.int64], step: int) -> NDArray[np.int64]:
        shifts = np.arange(self._repeats, dtype=np.int64) * step
        return np.asarray((shifts[:, None] + once[None, :]).ravel(), dtype=np.int64)

    def frames(self, start: Fraction | None = None, end: Fraction | None = None) -> Iterator[Frame]:
        """Yield the frames with ``start <= frame.time < end``; see `VideoReader.frames`."""
        info, length = self._reader.info, _length(self._reader.info)
        begin = start or Fraction(0)
        stop = self._end if end is None else min(end, self._end)
        for repeat in range(self._repeats):
            shift = repeat * length
            if shift + length <= begin or shift >= stop:
                continue
            inner = max(Fraction(0), begin - shift)
            for frame in self._reader.frames(inner, min(length, stop - shift)):
                yield replace(
                    frame,
                    index=frame.index + repeat * info.frame_count,
                    time=frame.time + shift,
                    pts=frame.pts + repeat * info.duration_pts,
                )


def _repeats(video: VideoInfo, total_ms: int) -> int:
    return max(1, int(-(-Fraction(total_ms, 1000) // _length(video))))


def _length(video: VideoInfo) -> Fraction:
    """Seconds of one repetition, exact on the stream's own clock where that is known."""
    return video.duration_pts * video.time_base or Fraction(max(1, video.duration_ms), 1000)


def _looped_face(
    face: IdentifiedFace, video: VideoInfo, repeats: int, total_ms: int
) -> IdentifiedFace:
    samples = tuple(
        FaceSample(sample.time_ms + round(repeat * _length(video) * 1000), sample.box)
        for repeat in range(repeats)
        for sample in face.samples
    )
    shift = round((repeats - 1) * _length(video) * 1000)
    # Where the last repetition breaks off before the face comes, the one before counts.
    end = face.end_ms + shift
    if face.start_ms + shift >= total_ms:
        end = face.end_ms + round((repeats - 2) * _length(video) * 1000)
    return replace(face, end_ms=min(end, total_ms), samples=samples)
