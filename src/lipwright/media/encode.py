"""Writing the finished mp4: H.264 picture on the source's own clock, AAC sound beside it."""

from __future__ import annotations

import contextlib
import math
import secrets
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lipwright.errors import FailedError
from lipwright.media.display import stored, write_matrix
from lipwright.media.provenance import mark
from lipwright.media.types import F32, U8, VideoInfo

X264_PRESET = "veryfast"
X264_CRF = 18
X264_MBTREE = "0"
"""Off: with AVX-512, x264's macroblock tree reads memory that nobody wrote, and the same pictures
give other bytes every time."""

SOUND_RATE = 48_000
AAC_BIT_RATE = 192_000
_AAC_FRAME = 1024
_MAX_CLOCK = 10_000_000


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
        self._path = path
        self._synthetic = synthetic
        self._crf = crf
        self._info = info
        self._audio = audio if audio is not None and len(audio) else None
        # Stamps below 0 cannot be stored; then, and only then, all of them move.
        self._shift = max(0, -info.start_pts)
        self._sound_start = round((info.start_pts + self._shift) * info.time_base * SOUND_RATE)
        self._sound_done = 0
        self._waiting: VideoFrame | None = None
        self._waiting_pts = 0
        self._spare: VideoFrame | None = None
        self._last_step = 0
        self._first_dts: int | None = None
        self._part = path.with_name(f".{path.stem[:40]}-{secrets.token_hex(8)}.part")
        try:
            with _as_failed():
                self._part.touch(exist_ok=False)
                self._open(threads)
        except BaseException:
            self._part.unlink(missing_ok=True)
            raise

    def _open(self, threads: int) -> None:
        time_base = self._info.time_base
        clock = math.lcm(time_base.denominator, SOUND_RATE)
        self._container = av.open(
            str(self._part.absolute()),
            "w",
            format="mp4",
            container_options={
                "movflags": "+faststart",
                "video_track_timescale": str(time_base.denominator),
                # Edit lists count in this clock: both tracks must fall on its ticks exactly.
                "movie_timescale": str(clock if clock <= _MAX_CLOCK else time_base.denominator),
            },
        )
        try:
            self._video = self._add_picture(threads)
            self._sound = None if self._audio is None else self._add_sound()
        except BaseException:
            self._container.close()
            raise

    def _add_picture(self, threads: int) -> VideoStream:
        info = self._info
        stream: VideoStream = self._container.add_stream(
            "libx264",
            rate=info.frame_rate,
            options={"preset": X264_PRESET, "crf": str(self._crf), "mbtree": X264_MBTREE},
        )
        across = info.rotation % 180 != 0
        stream.width = info.height if across else info.width
        stream.height = info.width if across else info.height
        stream.pix_fmt = "yuv420p"
        stream.time_base = info.time_base
        context = stream.codec_context
        context.time_base = info.time_base
        context.thread_count = threads
        context.sample_aspect_ratio = info.pixel_aspect
        context.color_primaries = info.color.primaries
        context.color_trc = info.color.transfer
        context.colorspace = info.color.matrix
        context.color_range = info.color.range
        if info.rotation or info.mirrored:
            stream.set_display_matrix(write_matrix(info.rotation, info.mirrored))
        return stream

    def _add_sound(self) -> AudioStream:
        stream: AudioStream = self._container.add_stream("aac", rate=SOUND_RATE)
        stream.layout = "stereo"
        stream.format = "fltp"
        stream.codec_context.bit_rate = AAC_BIT_RATE
        stream.time_base = Fraction(1, SOUND_RATE)
        return stream

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            with _as_failed():
                try:
                    if kind is None:
                        self._finish()
                finally:
                    self._container.close()
                if kind is None:
                    if self._synthetic:
                        mark(self._part)
                    self._part.replace(self._path)
        except Exception:
            if kind is None:
                raise  # otherwise the block's own exception is the one to hear of
        finally:
            self._part.unlink(missing_ok=True)

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
        if before is not None and pts + self._shift <= self._waiting_pts:
            raise ValueError(f"time stamp {pts} does not rise")
        picture = self._spare or VideoFrame(self._video.width, self._video.height, "yuv420p")
        self._spare = None
        # x264 took its own copy, but a reference may linger in FFmpeg's queue.
        picture.make_writable()
        for index, plane in enumerate((y, u, v)):
            turned = stored(plane, info.rotation, info.mirrored)
            _rows(picture, index)[: turned.shape[0], : turned.shape[1]] = turned
        if before is not None:
            # A picture's length is known only when the next one comes.
            self._last_step = pts + self._shift - self._waiting_pts
            with _as_failed():
                self._encode(before, self._waiting_pts, self._last_step)
            self._spare = before
        self._waiting, self._waiting_pts = picture, pts + self._shift

    def _encode(self, picture: VideoFrame, pts: int, duration: int) -> None:
        picture.pts = pts
        picture.duration = duration
        picture.time_base = self._info.time_base
        # Sound first, up to this picture: the muxer then never has to hold much of either.
        end = (pts + duration) * self._info.time_base * SOUND_RATE
        self._encode_sound(math.ceil(end) - self._sound_start)
        for packet in self._video.encode(picture):
            self._mux_picture(packet)

    def _mux_picture(self, packet: Packet[VideoStream]) -> None:
        if self._first_dts is None:
            self._first_dts = packet.dts
        self._container.mux(packet)

    def _encode_sound(self, until: int) -> None:
        """Encode whole AAC frames up to sample ``until``; the last one takes what is left."""
        if self._sound is None or self._audio is None:
            return
        while self._sound_done < min(until, len(self._audio)):
            block = self._audio[self._sound_done : self._sound_done + _AAC_FRAME]
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(block.T, dtype=np.float32), "fltp", "stereo"
            )
            frame.sample_rate = SOUND_RATE
            frame.time_base = Fraction(1, SOUND_RATE)
            frame.pts = self._sound_start + self._sound_done
            for packet in self._sound.encode(frame):
                self._container.mux(packet)
            self._sound_done += len(block)

    def _finish(self) -> None:
        if self._waiting is None:
            raise FailedError("encode_failed", "no picture was written")
        info = self._info
        last = info.start_pts + info.duration_pts + self._shift - self._waiting_pts
        usual = self._last_step or max(1, round(1 / (info.frame_rate * info.time_base)))
        # A block that stopped early, or an unknown length: as long as the picture before.
        last = last if 0 < last <= 10 * usual else usual
        self._encode(self._waiting, self._waiting_pts, last)
        packets = self._video.encode(None)
        if packets:
            self._settle(packets[-1], self._waiting_pts + last, usual)
        for packet in packets:
            self._mux_picture(packet)
        if self._sound is not None and self._audio is not None:
            self._encode_sound(len(self._audio))
            for packet in self._sound.encode(None):
                self._container.mux(packet)

    def _settle(self, packet: Packet[VideoStream], end: int, usual: int) -> None:
        """Make the track as long as the picture, so that players compute the source's rate.

        B frames and uneven stamps otherwise leave the sum of the stored steps a few ticks off.
        """
        if self._first_dts is None or packet.dts is None or packet.pts is None:
            return
        start = self._info.start_pts + self._shift
        length = end - start - (packet.dts - self._first_dts)
        if length > 0 and packet.pts + length <= end + usual // 8:
            packet.duration = length


def _rows(picture: VideoFrame, index: int) -> U8:
    plane: Any = picture.planes[index]
    rows: U8 = np.frombuffer(plane, dtype=np.uint8).reshape(-1, plane.line_size)
    return rows


@contextlib.contextmanager
def _as_failed() -> Any:
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        raise FailedError("encode_failed", f"the result cannot be written: {error}") from error
