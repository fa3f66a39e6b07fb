"""Writing the finished mp4: H.264 picture on the source's own clock, AAC sound beside it."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lipwright.errors import FailedError
from lipwright.media.display import stored
from lipwright.media.movie import AAC_BIT_RATE as AAC_BIT_RATE
from lipwright.media.movie import SOUND_RATE as SOUND_RATE
from lipwright.media.movie import X264_CRF as X264_CRF
from lipwright.media.movie import X264_MBTREE as X264_MBTREE
from lipwright.media.movie import X264_PRESET as X264_PRESET
from lipwright.media.movie import Movie, as_failed, stored_size
from lipwright.media.types import F32, U8, VideoInfo


class VideoWriter:
    """Writes one mp4; a context manager.

    The file gets the source's size, time stamps, time base, rotation and colour tags. It is
    written under a temporary name beside ``path`` and moved there when the block ends well;
    when the block ends with an exception nothing is left behind.

    Parameters
    ----------
    path
        Where the file goes. An existing file is replaced.
    info
        What the source is.
    audio
        (n, 2) float32 at 48 kHz; sample 0 sounds with the first frame. ``None`` writes no
        sound track. Written as it is: neither padded nor cut to the picture.
    threads
        Encoder threads; 0 lets x264 choose.
    synthetic
        Whether the file says, for machines, that a part of it is synthetic
        (`lipwright.media.provenance`).
    crf
        x264's constant rate factor: lower is better and larger.

    Raises
    ------
    FailedError
        ``encode_failed``.
    """

    def __init__(
        self,
        path: Path,
        info: VideoInfo,
        audio: F32 | None = None,
        *,
        threads: int = 0,
        synthetic: bool = False,
        crf: int = X264_CRF,
    ) -> None:
        self._info = info
        self._waiting: VideoFrame | None = None
        self._waiting_pts = 0
        self._spare: VideoFrame | None = None
        self._last_step = 0
        self._first_dts: int | None = None
        self._movie = Movie(path, info, audio, synthetic=synthetic, threads=threads, crf=crf)

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
                    self._finish()
                good = True
        finally:
            try:
                self._movie.close(good=good)
            except FailedError:
                if good:
                    raise  # otherwise the first exception is the one to hear of

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
        before = self._waiting
        stamp = pts + self._movie.shift
        if before is not None and stamp <= self._waiting_pts:
            raise ValueError(f"time stamp {pts} does not rise")
        picture = self._spare or VideoFrame(*stored_size(info), "yuv420p")
        self._spare = None
        fill(picture, (y, u, v), info)
        if before is not None:
            # A picture's length is known only when the next one comes.
            self._last_step = stamp - self._waiting_pts
            with as_failed():
                self._encode(before, self._waiting_pts, self._last_step)
            self._spare = before
        self._waiting, self._waiting_pts = picture, stamp

    def _encode(self, picture: VideoFrame, pts: int, duration: int) -> None:
        picture.pts = pts
        picture.duration = duration
        picture.time_base = self._info.time_base
        self._movie.sound_until(pts + duration)
        for packet in self._movie.picture.encode(picture):
            self._mux_picture(packet)

    def _mux_picture(self, packet: Packet[VideoStream]) -> None:
        if self._first_dts is None:
            self._first_dts = packet.dts
        self._movie.mux(packet)

    def _finish(self) -> None:
        if self._waiting is None:
            raise FailedError("encode_failed", "no picture was written")
        info = self._info
        last = info.start_pts + info.duration_pts + self._movie.shift - self._waiting_pts
        usual = self._last_step or max(1, round(1 / (info.frame_rate * info.time_base)))
        # A block that stopped early, or an unknown length: as long as the picture before.
        last = last if 0 < last <= 10 * usual else usual
        self._encode(self._waiting, self._waiting_pts, last)
        packets = self._movie.picture.encode(None)
        if packets:
            self._settle(packets[-1], self._waiting_pts + last, usual)
        for packet in packets:
            self._mux_picture(packet)
        self._movie.end_sound()

    def _settle(self, packet: Packet[VideoStream], end: int, usual: int) -> None:
        """Make the track as long as the picture, so that players compute the source's rate.

        B frames and uneven stamps otherwise leave the sum of the stored steps a few ticks off.
        """
        if self._first_dts is None or packet.dts is None or packet.pts is None:
            return
        start = self._info.start_pts + self._movie.shift
        length = end - start - (packet.dts - self._first_dts)
        if length > 0 and packet.pts + length <= end + usual // 8:
            packet.duration = length


def fill(picture: VideoFrame, planes: tuple[U8, U8, U8], info: VideoInfo) -> None:
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
