"""An mp4 that is being written: a picture stream on the source's own clock, and its sound."""

from __future__ import annotations

import contextlib
import math
import secrets
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from lipwright.errors import FailedError
from lipwright.media.display import write_matrix
from lipwright.media.provenance import mark
from lipwright.media.sample_reader import SampleReader
from lipwright.media.types import F32, VideoInfo

X264_PRESET: Final = "veryfast"
X264_CRF: Final = 18
X264_MBTREE: Final = "0"
"""Off: with AVX-512, x264's macroblock tree reads memory that nobody wrote, and the same pictures
give other bytes every time."""

SOUND_RATE: Final = 48_000
AAC_BIT_RATE: Final = 192_000
_AAC_FRAME = 1024
_MAX_CLOCK = 10_000_000


class Movie:
    """One mp4, written under a temporary name beside ``path`` until `close` says that it is good.

    Parameters
    ----------
    path, info, audio, synthetic
        As `lipwright.media.encode.video_writer` has them.

    Attributes
    ----------
    picture
        The picture's stream; nothing is encoded by it.
    shift
        What is added to the source's time stamps: those below 0 cannot be stored; then, and only
        then, all of them move.

    Raises
    ------
    FailedError
        ``encode_failed``.
    """

    def __init__(
        self,
        path: Path,
        info: VideoInfo,
        audio: F32 | Iterable[F32] | None,
        *,
        synthetic: bool,
    ) -> None:
        self._path = path
        self._info = info
        self._synthetic = synthetic
        blocks = [audio] if isinstance(audio, np.ndarray) else audio
        self._audio = SampleReader(() if blocks is None else blocks)
        self.shift = max(0, -info.start_pts)
        self._sound_start = round((info.start_pts + self.shift) * info.time_base * SOUND_RATE)
        self._sound_done = 0
        self._part = path.with_name(f".{path.stem[:40]}-{secrets.token_hex(8)}.part")
        try:
            with as_failed():
                self._part.touch(exist_ok=False)
                self._open()
        except BaseException:
            self._part.unlink(missing_ok=True)
            raise

    def _open(self) -> None:
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
            self.picture = self._add_picture()
            self._sound = self._add_sound() if self._audio.begins() else None
        except BaseException:
            self._container.close()
            raise

    def _add_picture(self) -> VideoStream:
        info = self._info
        stream: VideoStream = self._container.add_stream(
            "libx264", rate=info.frame_rate, options=encoder_options(X264_CRF)
        )
        stream.time_base = info.time_base
        # The packets come from elsewhere: this encoder only describes the track.
        set_up(stream.codec_context, info, threads=1)
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

    def mux(self, packet: Packet[VideoStream]) -> None:
        """Append a packet of the picture."""
        self._container.mux(packet)

    def sound_until(self, pts: int) -> None:
        """Write the sound up to a time stamp of the result's picture.

        Sound goes before the picture beside it: the muxer then never has to hold much of either.
        """
        end = pts * self._info.time_base * SOUND_RATE
        self._encode_sound(math.ceil(end) - self._sound_start)

    def _encode_sound(self, until: float) -> None:
        """Encode whole AAC frames up to sample ``until``; the last one takes what is left."""
        if self._sound is None:
            return
        while self._sound_done < until and len(block := self._audio.take(_AAC_FRAME)):
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(block.T, dtype=np.float32), "fltp", "stereo"
            )
            frame.sample_rate = SOUND_RATE
            frame.time_base = Fraction(1, SOUND_RATE)
            frame.pts = self._sound_start + self._sound_done
            for packet in self._sound.encode(frame):
                self._container.mux(packet)
            self._sound_done += len(block)

    def end_sound(self) -> None:
        """Write what is left of the sound."""
        if self._sound is not None:
            self._encode_sound(math.inf)
            for packet in self._sound.encode(None):
                self._container.mux(packet)

    def close(self, *, good: bool) -> None:
        """End the file; unless it is good, nothing is left of it."""
        try:
            self._audio.close()
            with as_failed():
                self._container.close()
                if good:
                    if self._synthetic:
                        mark(self._part)
                    self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)


def encoder_options(crf: int) -> dict[str, str]:
    """Return x264's settings."""
    return {"preset": X264_PRESET, "crf": str(crf), "mbtree": X264_MBTREE}


def stored_size(info: VideoInfo) -> tuple[int, int]:
    """Return width and height of the picture as it is stored, before a player turns it."""
    across = info.rotation % 180 != 0
    return (info.height, info.width) if across else (info.width, info.height)


def set_up(context: CodecContext, info: VideoInfo, threads: int) -> None:
    """Tell an encoder of pictures everything about them."""
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = stored_size(info)
    context.pix_fmt = "yuv420p"
    context.time_base = info.time_base
    context.framerate = info.frame_rate
    # Whole pictures side by side. Slices of one picture, which the bindings ask for by default,
    # leave cores idle and cost bits: measured at 1080p on two cores, a quarter more time and 0.7 %
    # more bytes.
    context.thread_type = "FRAME"
    context.thread_count = threads
    context.sample_aspect_ratio = info.pixel_aspect
    context.color_primaries = info.color.primaries
    context.color_trc = info.color.transfer
    context.colorspace = info.color.matrix
    context.color_range = info.color.range


@contextlib.contextmanager
def as_failed() -> Iterator[None]:
    """Report what FFmpeg or the disk refuse as a failure of the work.

    Raises
    ------
    FailedError
        ``encode_failed``.
    """
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        raise FailedError("encode_failed", f"the result cannot be written: {error}") from error
