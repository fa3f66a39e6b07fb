"""Joining stretches, copied ones and encoded ones, into one mp4.

Every stretch begins with a picture that refers to nothing before it, and all of its pictures are
shown before the next one's. The pictures' time stamps are the source's own; when each is decoded
is computed anew for the whole track, so it does not matter how far ahead each encoder ran.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import cast

import numpy as np
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lipwright.errors import FailedError
from lipwright.media.avc import ParameterSets, pps_id, read_sps, write_record
from lipwright.media.groups import Groups
from lipwright.media.movie import Movie, as_failed
from lipwright.media.part_file import PartReader
from lipwright.media.probe import open_video_file
from lipwright.media.stretches import Stretch
from lipwright.media.types import F32, VideoInfo


@dataclass(frozen=True, eq=False)
class Source:
    """The video whose packets are copied."""

    path: Path
    stream_index: int
    groups: Groups


class _Packets:
    """Reads the source's packets once, from its beginning to the last that is wanted."""

    def __init__(self, source: Source | None) -> None:
        self._source = source
        self._packets = self._all()
        self._at = 0

    def between(self, first: int, stop: int) -> Iterator[tuple[bool, bytes]]:
        """Yield whether a group begins, and the bytes; to be asked for in order."""
        assert self._source is not None
        groups = self._source.groups
        starts = set(groups.starts.tolist())
        for packet in islice(self._packets, first - self._at, stop - self._at):
            index, self._at = max(first, self._at), max(first, self._at) + 1
            if packet.pts != groups.pts[index]:
                raise FailedError("bad_part", "the source changed while it was read")
            yield index in starts, bytes(packet)
        if self._at != stop:
            raise FailedError("bad_part", "the source changed while it was read")

    def _all(self) -> Generator[Packet[Stream], None, None]:
        assert self._source is not None
        with open_video_file(self._source.path) as container:
            video = container.streams[self._source.stream_index]
            yield from (packet for packet in container.demux(video) if packet.size)

    def close(self) -> None:
        """Let the source go."""
        self._packets.close()


def join(
    path: Path,
    info: VideoInfo,
    stretches: Sequence[tuple[Stretch, Path | None]],
    source: Source | None,
    audio: F32 | Iterable[F32] | None,
    *,
    synthetic: bool,
) -> int:
    """Write the mp4; returns how many pictures it has.

    Parameters
    ----------
    path, info, audio, synthetic
        As `lipwright.media.encode.video_writer` has them.
    stretches
        In order, and for those that were encoded the part (`lipwright.media.part_file`).
    source
        Where the others are copied from.

    Raises
    ------
    FailedError
        ``bad_part`` or ``encode_failed``. Nothing is left at ``path``.
    """
    pieces = [_piece(stretch, part, source) for stretch, part in stretches]
    order = np.concatenate([piece.pts for piece in pieces] or [np.empty(0, np.int64)])
    if not len(order):
        raise FailedError("encode_failed", "no picture was written")
    shown = np.sort(order)
    if (np.diff(shown) <= 0).any() or not _in_turn(pieces):
        raise FailedError("bad_part", "the parts of the result do not fit together")
    movie = Movie(path, info, audio, synthetic=synthetic)
    good = False
    try:
        with as_failed():
            _announce(movie, _all_sets(pieces))
            clock = _Clock(order, shown, info)
            with closing(_Packets(source)) as read:
                packets = chain.from_iterable(piece.packets(read) for piece in pieces)
                for index, (key, data) in enumerate(packets):
                    _mux(movie, clock, index, key, data)
            movie.end_sound()
        good = True
    finally:
        try:
            movie.close(good=good)
        except FailedError:
            if good:
                raise
    return len(order)


class _Clock:
    """When each picture is shown, decoded, and for how long it stays.

    A picture is decoded when the one is shown that is ``delay`` places before it in the order of
    decoding; ``delay`` is the least that never decodes a picture after it is shown.
    """

    def __init__(self, order: NDArray[np.int64], shown: NDArray[np.int64], info: VideoInfo) -> None:
        rank = np.searchsorted(shown, order)
        places = np.arange(len(order))
        delay = int((places - rank).max())
        steps = np.diff(shown)
        usual = max(1, round(1 / (info.frame_rate * info.time_base)))
        before = int(steps[0]) if len(steps) else usual
        lead = int(shown[0]) - before * np.arange(delay, 0, -1)
        self.pts = order
        self.time_base = info.time_base
        self.dts = np.concatenate([lead, shown])[: len(order)]
        end = info.start_pts + info.duration_pts
        last = end - int(shown[-1])
        stayed = int(steps[-1]) if len(steps) else usual
        # An unknown length: as long as the picture before.
        last = last if 0 < last <= 10 * stayed else stayed
        self.durations = np.concatenate([steps, [last]])[rank]
        self.ends = np.concatenate([shown[1:], [shown[-1] + last]])
        # The track is as long as the picture, so that players compute the source's rate: B frames
        # and uneven stamps otherwise leave the sum of the stored steps a few ticks off.
        length = int(self.ends[-1]) - int(shown[0]) - int(self.dts[-1] - self.dts[0])
        if length > 0 and int(order[-1]) + length <= int(self.ends[-1]) + usual // 8:
            self.durations[-1] = length


def _mux(movie: Movie, clock: _Clock, index: int, key: bool, data: bytes) -> None:
    movie.sound_until(int(clock.ends[index]) + movie.shift)
    packet = cast("Packet[VideoStream]", Packet(data))
    packet.stream = movie.picture
    packet.time_base = clock.time_base
    packet.pts = int(clock.pts[index]) + movie.shift
    packet.dts = int(clock.dts[index]) + movie.shift
    packet.duration = int(clock.durations[index])
    packet.is_keyframe = key
    movie.mux(packet)


def _announce(movie: Movie, sets: ParameterSets) -> None:
    """Write the streams' parameter sets into the track's description instead of the encoder's."""
    context = movie.picture.codec_context
    context.open()
    context.extradata = write_record(sets)


@dataclass(frozen=True, eq=False)
class _Copied:
    """A stretch of the source's own packets."""

    source: Source
    first: int
    stop: int

    @property
    def sets(self) -> ParameterSets:
        return self.source.groups.sets

    @property
    def pts(self) -> NDArray[np.int64]:
        return self.source.groups.pts[self.first : self.stop]

    def packets(self, source: _Packets) -> Iterator[tuple[bool, bytes]]:
        return source.between(self.first, self.stop)


@dataclass(frozen=True, eq=False)
class _Encoded:
    """A stretch of our encoder's packets."""

    part: PartReader

    @property
    def sets(self) -> ParameterSets:
        return self.part.sets

    @property
    def pts(self) -> NDArray[np.int64]:
        return np.array(self.part.pts, dtype=np.int64)

    def packets(self, source: _Packets) -> Iterator[tuple[bool, bytes]]:
        for _, key, data in self.part.packets():
            yield key, data


def _piece(stretch: Stretch, part: Path | None, source: Source | None) -> _Copied | _Encoded:
    if not stretch.copied:
        if part is None:
            raise FailedError("bad_part", "a part of the result is missing")
        return _Encoded(PartReader(part))
    if source is None or stretch.stop is None:
        raise FailedError("bad_part", "there is nothing to copy from")
    return _Copied(source, stretch.first, stretch.stop)


def _in_turn(pieces: Sequence[_Copied | _Encoded]) -> bool:
    """Whether every piece is over before the next begins."""
    last: int | None = None
    for piece in pieces:
        pts = piece.pts
        if len(pts) and last is not None and int(pts.min()) <= last:
            return False
        last = int(pts.max()) if len(pts) else last
    return True


def _all_sets(pieces: Sequence[_Copied | _Encoded]) -> ParameterSets:
    """All parameter sets, each once; raises where two of them have the same number."""
    sps = tuple(dict.fromkeys(one for piece in pieces for one in piece.sets.sps))
    pps = tuple(dict.fromkeys(one for piece in pieces for one in piece.sets.pps))
    numbers = [read_sps(one).id for one in sps], [pps_id(one) for one in pps]
    if any(len(set(kind)) != len(kind) for kind in numbers):
        raise FailedError("bad_part", "the parts were encoded in different ways")
    return ParameterSets(sps, pps)
