"""Where the pictures of a video can be taken over as they are, without decoding them.

A group begins with a picture at which a decoder starts afresh (IDR) and refers to nothing outside
itself. Copied groups and newly encoded pictures can then follow each other in one track, if the
source is one of the streams that can safely be joined with what our encoder makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from lipwright.errors import BadInputError
from lipwright.media.avc import (
    IDR_SLICE,
    PPS,
    SLICE,
    SPS,
    ParameterSets,
    read_record,
    read_sps,
    split_lengths,
)
from lipwright.media.container import MOV
from lipwright.media.index import UnusualIndexError, check_index
from lipwright.media.probe import Survey, open_video_file

_FORMATS = ("yuv420p", "yuvj420p")
_HARMLESS = {SLICE, IDR_SLICE, 6, SPS, PPS, 9, 12}
"""Slices, messages, parameter sets, delimiters, filling. Others belong to rarer things."""


class NotJoinableError(Exception):
    """The source's pictures cannot be copied; says why, as the end of a sentence."""


@dataclass(frozen=True, eq=False)
class Groups:
    """The pictures of a source whose packets may be copied; the order is that of decoding.

    Attributes
    ----------
    sets
        The source's parameter sets.
    pts
        (N,) time stamps.
    clean
        (N + 1,) whether the first so many packets are the first so many pictures, too: only there
        can copying end.
    starts
        (K,) pictures with which a group begins, ascending; only there can copying begin.
    delay
        By how many pictures decoding must run ahead of showing.
    """

    sets: ParameterSets
    pts: NDArray[np.int64]
    clean: NDArray[np.bool_]
    starts: NDArray[np.int64]
    delay: int


def find_groups(path: Path, survey: Survey) -> Groups:
    """Read a video's packets and say where it can be copied.

    Parameters
    ----------
    path
        The file.
    survey
        What was found out about it.

    Raises
    ------
    NotJoinableError
        Nowhere.
    BadInputError
        The file cannot be read.
    """
    info = survey.info
    if info.codec != "h264":
        raise NotJoinableError(f"the video is {info.codec}, not H.264")
    if info.container != MOV:
        raise NotJoinableError("the container is not mp4")
    if not len(survey.pts):
        raise NotJoinableError("some pictures have no time stamps")
    if not np.array_equal(survey.pts, survey.found_pts):
        raise NotJoinableError("time stamps repeat")
    try:
        check_index(path)
    except UnusualIndexError as error:
        raise NotJoinableError(str(error)) from error
    with open_video_file(path) as container:
        video = container.streams[survey.stream_index]
        sets = _sets(video, survey)
        packets = _Packets(sets)
        try:
            for packet in container.demux(video):
                packets.take(packet)
        except av.FFmpegError as error:
            raise BadInputError(
                "video", "damaged", f"the file cannot be read to its end: {error.strerror}"
            ) from error
    return packets.groups(survey)


def _sets(video: Any, survey: Survey) -> ParameterSets:
    context = video.codec_context
    if context.codec_tag != "avc1":
        raise NotJoinableError(f"the video is stored as {context.codec_tag!r}, not as 'avc1'")
    if context.pix_fmt not in _FORMATS:
        raise NotJoinableError(f"the pictures are {context.pix_fmt}, not 8-bit 4:2:0")
    try:
        sets = read_record(bytes(context.extradata or b""))
        found = [read_sps(one) for one in sets.sps]
        ids = sets.ids
    except ValueError as error:
        raise NotJoinableError(str(error)) from error
    if len(found) != 1 or not sets.pps:
        raise NotJoinableError("there is not exactly one sequence parameter set")
    if len(ids & set(range(32))) > 31:
        raise NotJoinableError("every number of parameter sets is taken")
    one, info = found[0], survey.info
    size = (info.height, info.width) if info.rotation % 180 else (info.width, info.height)
    if (one.width, one.height) != size or (context.width, context.height) != size:
        raise NotJoinableError("the picture has an odd side")
    if one.chroma != 1 or one.depth != 8:
        raise NotJoinableError("the pictures are not 8-bit 4:2:0")
    if not one.progressive:
        raise NotJoinableError("the video is interlaced")
    # Extended profile, and what of Baseline no other profile knows, few decoders can do.
    if one.profile not in (66, 77, 100) or (one.profile == 66 and not one.constraints & 0x40):
        raise NotJoinableError("its H.264 profile is a rare one")
    if not one.within_level:
        raise NotJoinableError("it refers to more pictures than its level allows")
    return sets


class _Packets:
    """Collects what matters of each packet."""

    def __init__(self, sets: ParameterSets) -> None:
        self._sets = sets
        self._known = {*sets.sps, *sets.pps}
        self._pts: list[int] = []
        self._whole: list[bool] = []
        self._positions: set[int] = set()

    def take(self, packet: Any) -> None:
        if packet.size == 0:
            return
        if packet.is_discard:
            raise NotJoinableError("its edit list leaves pictures out")
        if packet.is_corrupt or packet.pts is None:
            raise NotJoinableError("a packet is damaged")
        if packet.has_sidedata("new_extradata"):
            raise NotJoinableError("its parameter sets change")
        self._positions.add(packet.pos)
        self._pts.append(packet.pts)
        self._whole.append(self._is_idr(bytes(packet)))

    def _is_idr(self, data: bytes) -> bool:
        kinds = set()
        try:
            for begin, end in split_lengths(data):
                kind = data[begin] & 31
                kinds.add(kind)
                if kind not in _HARMLESS:
                    raise NotJoinableError(f"it has NAL units of type {kind}")
                if kind in (SPS, PPS) and data[begin:end] not in self._known:
                    raise NotJoinableError("its parameter sets change")
        except ValueError as error:
            raise NotJoinableError(str(error)) from error
        if not kinds & {SLICE, IDR_SLICE} or kinds >= {SLICE, IDR_SLICE}:
            raise NotJoinableError("a packet is not one picture")
        return IDR_SLICE in kinds

    def groups(self, survey: Survey) -> Groups:
        pts = np.array(self._pts, dtype=np.int64)
        if len(self._positions) != len(pts) or not np.array_equal(np.sort(pts), survey.pts):
            raise NotJoinableError("its edit list shows pictures more than once")
        rank = np.searchsorted(survey.pts, pts)
        clean = np.concatenate([[-1], np.maximum.accumulate(rank)]) == np.arange(len(pts) + 1) - 1
        starts = np.flatnonzero(np.array(self._whole) & clean[:-1])
        delay = int(np.max(np.arange(len(pts)) - rank, initial=0))
        return Groups(self._sets, pts, clean, starts, delay)
