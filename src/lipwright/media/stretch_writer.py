"""Encoding one stretch of a result: an x264 run of its own, from a fresh start to a closed end."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from av.codec.context import CodecContext, Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from lipwright.media.avc import PPS, SPS, ParameterSets, split_start_codes, with_lengths
from lipwright.media.display import stored
from lipwright.media.movie import X264_CRF, as_failed, encoder_options, set_up, stored_size
from lipwright.media.part_file import PartWriter
from lipwright.media.types import U8, VideoInfo

_MAX_THREADS: Final = 16


def usual_threads() -> int:
    """Return how many encoder threads suit this machine."""
    return min(_MAX_THREADS, max(1, (os.cpu_count() or 1) * 3 // 2))


class StretchWriter:
    """Writes one part (`lipwright.media.part_file`); a context manager.

    The same pictures, time stamps and settings give the same bytes, on whatever machine.

    Parameters
    ----------
    path
        Where the part goes. When the block ends with an exception nothing is left.
    info
        What the source is.
    threads
        Encoder threads. x264's choices depend on how many there are, so whoever plans says how
        many, and every worker takes as many.
    number
        Of the parameter sets: one that the source does not use, 0 to 31.
    crf
        x264's constant rate factor.

    Raises
    ------
    FailedError
        ``encode_failed``.
    """

    def __init__(
        self,
        path: Path,
        info: VideoInfo,
        *,
        threads: int,
        number: int = 0,
        crf: int = X264_CRF,
    ) -> None:
        self._path = path
        self._info = info
        self._last: int | None = None
        self._spare: VideoFrame | None = None
        with as_failed():
            self._encoder = _encoder(info, threads, number, crf)
            units = split_start_codes(bytes(self._encoder.extradata or b""))
            self._file = path.open("wb")
        self._part = PartWriter(self._file, _sets(units))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        good = False
        try:
            if kind is None:
                with as_failed():
                    if self._last is not None:
                        self._encode(None)
                    self._part.end()
                    self._file.close()
                good = True
        finally:
            self._file.close()
            if not good:
                self._path.unlink(missing_ok=True)

    def write(self, y: U8, u: U8, v: U8, pts: int) -> None:
        """Append one upright picture.

        Parameters
        ----------
        y, u, v
            Planes as `lipwright.media.types.Frame` has them, ``info.height`` rows; copied
            before the call returns, any strides.
        pts
            `Frame.pts`; rises strictly.

        Raises
        ------
        ValueError
            Planes of another size, or ``pts`` that does not rise.
        FailedError
            ``encode_failed``.
        """
        info = self._info
        if y.shape != (info.height, info.width):
            raise ValueError(f"picture is {y.shape}, not {(info.height, info.width)}")
        if self._last is not None and pts <= self._last:
            raise ValueError(f"time stamp {pts} does not rise")
        picture = self._spare or VideoFrame(*stored_size(info), "yuv420p")
        _fill(picture, (y, u, v), info)
        picture.pts = pts
        picture.time_base = info.time_base
        with as_failed():
            self._encode(picture)
        self._spare, self._last = picture, pts

    def _encode(self, picture: VideoFrame | None) -> None:
        for packet in self._encoder.encode(picture):
            assert packet.pts is not None
            # Parameter sets are announced once for the whole track.
            units = [
                unit for unit in split_start_codes(bytes(packet)) if unit[0] & 31 not in (SPS, PPS)
            ]
            self._part.add(packet.pts, bool(packet.is_keyframe), with_lengths(units))


def _encoder(info: VideoInfo, threads: int, number: int, crf: int) -> VideoCodecContext:
    encoder = CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    set_up(encoder, info, threads)
    encoder.flags |= Flags.global_header
    encoder.options = {**encoder_options(crf), "x264-params": f"sps-id={number}"}
    encoder.open()
    return encoder


def _fill(picture: VideoFrame, planes: tuple[U8, U8, U8], info: VideoInfo) -> None:
    """Write upright planes into a picture as it is stored."""
    # x264 took its own copy, but a reference may linger in FFmpeg's queue.
    picture.make_writable()
    for index, plane in enumerate(planes):
        turned = stored(plane, info.rotation, info.mirrored)
        _rows(picture, index)[: turned.shape[0], : turned.shape[1]] = turned


def _rows(picture: VideoFrame, index: int) -> U8:
    plane: Any = picture.planes[index]
    rows: U8 = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
    return rows


def _sets(units: list[bytes]) -> ParameterSets:
    return ParameterSets(
        tuple(unit for unit in units if unit[0] & 31 == SPS),
        tuple(unit for unit in units if unit[0] & 31 == PPS),
    )
