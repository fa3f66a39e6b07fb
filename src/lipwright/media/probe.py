"""What a video file is, told by its content and never by its name."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lipwright.errors import BadInputError
from lipwright.media.avc import length_size, serves_no_other
from lipwright.media.container import (
    MAX_PIXELS,
    MOV,
    boxes_of,
    check_complete,
    kind_of,
    open_media,
)
from lipwright.media.display import read_matrix
from lipwright.media.types import ColorTags, VideoInfo

_MAX_SAMPLES = 20_000_000
_MAX_FAILURES = 64
_RATES = (1_000, 768_000)  # sound outside is a lie of the header, and resampling it a trap
_RGB_MATRIX = 0
_UNSPECIFIED = 2


@dataclass(frozen=True, eq=False)
class Survey:
    """Everything one pass over a video's packets tells; 17 bytes of memory a frame.

    Attributes
    ----------
    info
        What callers see.
    stream_index
        The video stream among the container's streams.
    found_pts
        (N,) time stamps as stored, in display order; empty when the container lacks some.
    pts
        (N,) the same, made to rise strictly where the file repeats one.
    keyframes
        (K, 2) pts and dts of the pictures that decoding can start from, in file order.
    unreferenced
        (N,) whether no other picture is made from this one; told for H.264 alone.
    """

    info: VideoInfo
    stream_index: int
    found_pts: NDArray[np.int64]
    pts: NDArray[np.int64]
    keyframes: NDArray[np.int64]
    unreferenced: NDArray[np.bool_]


def probe(path: Path, *, any_container: bool = False) -> VideoInfo:
    """Say what a local video file is, or why it cannot be used.

    Reads every packet's header once and decodes one picture, so it costs about as much as
    reading the file.

    Parameters
    ----------
    path
        A local file. Nothing but this file is ever opened.
    any_container
        Take every container that FFmpeg reads by itself instead of mp4 and mov alone; for
        training data, never for files from strangers.

    Raises
    ------
    BadInputError
        Field ``video``; reason ``not_a_video``, ``wrong_container``, ``no_video_stream``,
        ``truncated``, ``damaged``, ``picture_too_large`` or ``unsupported_codec``.
    """
    return survey(path, any_container=any_container).info


def check_decodable(path: Path, *, field: str = "video") -> None:
    """Raise when an mp4 or mov file lacks some of the samples that its header promises.

    Reads only box headers and the sample index.

    Raises
    ------
    BadInputError
        ``truncated``, ``not_a_video``, ``wrong_container`` or ``damaged``.
    """
    with open_video_file(path, any_container=False, field=field):
        pass


def open_video_file(
    path: Path, *, any_container: bool = False, field: str = "video"
) -> InputContainer:
    """Open a file that ought to be mp4 or mov and has all its samples.

    Raises
    ------
    BadInputError
        As `check_decodable`.
    """
    kind = kind_of(path)
    if kind != "mov":
        if any_container:
            return open_media(path, None, field)
        raise _wrong_kind(kind, field)
    boxes = boxes_of(path)
    if not boxes.has_index:
        if boxes.has_media or boxes.media_cut:
            raise BadInputError(
                field, "truncated", "the file is cut off: its index (moov) is missing"
            )
        raise BadInputError(field, "not_a_video", "the file is an mp4 without content")
    if boxes.index_cut:
        raise BadInputError(field, "truncated", "the file is cut off within its index (moov)")
    container = open_media(path, "mov", field)
    try:
        if sum(len(stream.index_entries) for stream in container.streams) > _MAX_SAMPLES:
            raise BadInputError(field, "damaged", "the index of the file is absurdly large")
        check_complete(path, container, boxes, field)
    except BaseException:
        container.close()
        raise
    return container


def video_stream(container: InputContainer) -> VideoStream | None:
    """Return the moving picture of a container; cover art is none."""
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
    ]
    marked = [stream for stream in streams if stream.disposition & Disposition.default]
    return next(iter(marked or streams), None)


def audio_stream(container: InputContainer) -> AudioStream | None:
    """Return the sound track that a player would choose, if FFmpeg can decode it."""
    streams = [
        stream
        for stream in container.streams.audio
        if stream.codec_context is not None
        and _RATES[0] <= stream.codec_context.sample_rate <= _RATES[1]
    ]
    marked = [stream for stream in streams if stream.disposition & Disposition.default]
    return next(iter(marked or streams), None)


def survey(path: Path, *, any_container: bool = False) -> Survey:
    """Read a video's packets once; see `probe` for what it raises."""
    with open_video_file(path, any_container=any_container) as container:
        video = video_stream(container)
        if video is None:
            raise BadInputError("video", "no_video_stream", "the file has no video stream")
        if video.codec_context is None:
            raise BadInputError(
                "video", "unsupported_codec", "the picture's codec is not one FFmpeg can decode"
            )
        _check_size(video.codec_context.width, video.codec_context.height)
        found = _Packets(video, audio_stream(container))
        found.read(container)
        if found.frame is None:
            raise BadInputError("video", "damaged", "no picture of the video can be decoded")
        return _conclude(path, container, video, found)


class _Packets:
    """What the one pass collects."""

    def __init__(self, video: VideoStream, audio: AudioStream | None) -> None:
        self.video = video
        self.audio = audio
        self.frame: VideoFrame | None = None
        self.has_audio = False
        self.pts = array("q")
        self.keyframes = array("q")
        self.unreferenced = array("b")
        h264 = video.codec_context.name == "h264"
        self._length_size = length_size(bytes(video.codec_context.extradata or b"")) if h264 else 0
        self.end: int | None = None
        self.complete = True
        self._failures: dict[int, int] = {}
        video.thread_count = 1  # one picture is wanted, soon
        video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}

    def read(self, container: InputContainer) -> None:
        streams = [self.video] if self.audio is None else [self.video, self.audio]
        try:
            for packet in container.demux(streams):
                if packet.stream_index == self.video.index:
                    self._take_video(packet)
                elif not self.has_audio:
                    self.has_audio = self._first(packet) is not None
        except av.FFmpegError as error:
            raise BadInputError(
                "video", "damaged", f"the file cannot be read to its end: {error.strerror}"
            ) from error

    def _take_video(self, packet: Any) -> None:
        if self.frame is None:
            self.frame = self._first(packet)
        if packet.size == 0 or packet.is_discard:
            return
        if packet.pts is None:
            self.complete = False
            return
        self.pts.append(packet.pts)
        self.unreferenced.append(serves_no_other(memoryview(packet), self._length_size))
        end = packet.pts + (packet.duration or 0)
        self.end = end if self.end is None else max(self.end, end)
        if packet.is_keyframe and packet.dts is not None:
            self.keyframes.extend((packet.pts, packet.dts))

    def _first(self, packet: Any) -> Any:
        """Decode until something comes out; give a stream up that keeps failing."""
        if self._failures.get(packet.stream_index, 0) > _MAX_FAILURES:
            return None
        try:
            return next(iter(packet.decode()), None)
        except (av.FFmpegError, ValueError):
            self._failures[packet.stream_index] = self._failures.get(packet.stream_index, 0) + 1
            return None


def _conclude(path: Path, container: InputContainer, video: VideoStream, found: _Packets) -> Survey:
    frame = found.frame
    assert frame is not None
    _check_size(frame.width, frame.height)
    time_base = video.time_base or Fraction(1, 90_000)
    stored = np.frombuffer(found.pts, dtype=np.int64) if len(found.pts) else _EMPTY
    order = np.argsort(stored, kind="stable")
    stamps = stored[order]
    # Strictly rising: each stamp is at least one tick after the one before it.
    steps = np.arange(len(stamps), dtype=np.int64)
    pts = np.maximum.accumulate(stamps - steps) + steps
    start = int(pts[0]) if len(pts) else 0
    last = int(pts[-1]) if len(pts) else 0
    rate = video.average_rate or video.guessed_rate
    usual = int(np.median(np.diff(pts))) if len(pts) > 1 else 0
    end = found.end or 0
    if end - last <= usual // 4:  # no length of its own: B frames and VFR can lose the last one
        end = last + (usual or max(1, round(1 / (time_base * (rate or 25)))))
    declared = start + (video.duration or 0)
    if last < declared and abs(declared - end) <= usual // 2:
        end = declared  # jitter hides in the packets' own lengths, not in their sum
    elif last + usual // 4 < declared < end:
        end = declared  # with B frames, a packet's length may be another picture's
    if len(pts):
        counted = len(pts) / ((end - start) * time_base)
        if not rate or abs(rate / counted - 1) > Fraction(1, 50):
            rate = counted
    rotation, mirrored = read_matrix(_display_matrix(frame))
    width, height = frame.width & ~1, frame.height & ~1
    if rotation % 180:
        width, height = height, width
    aspect = video.sample_aspect_ratio
    info = VideoInfo(
        width=width,
        height=height,
        frame_rate=Fraction(rate or 25),
        time_base=time_base,
        duration_ms=round((end - start) * time_base * 1000),
        rotation=rotation,
        color=color_tags(frame, video),
        has_audio=found.has_audio,
        container=MOV if container.format.name == "mov" else container.format.name,
        codec=video.codec_context.name,
        size_bytes=path.stat().st_size,
        frame_count=len(pts) if found.complete else 0,
        start_pts=start,
        duration_pts=end - start,
        mirrored=mirrored,
        pixel_aspect=Fraction(aspect) if aspect else Fraction(1),
    )
    keyframes = np.array(found.keyframes, dtype=np.int64).reshape(-1, 2)
    if not found.complete:
        stamps = pts = _EMPTY
        order = order[:0]
    unreferenced = np.array(found.unreferenced, dtype=bool)[order]
    return Survey(info, video.index, stamps, pts, keyframes, unreferenced)


_EMPTY: NDArray[np.int64] = np.empty(0, dtype=np.int64)


def color_tags(frame: VideoFrame, video: VideoStream) -> ColorTags:
    """Return the tags of the planes that this room hands out for a stream of such frames."""
    context = video.codec_context
    primaries = _tag(frame.color_primaries, context.color_primaries)
    transfer = _tag(frame.color_trc, context.color_trc)
    matrix = _tag(frame.colorspace, context.colorspace)
    span = int(frame.color_range) or int(context.color_range)
    if frame.format.name.startswith("yuvj"):
        span = 2
    if frame.format.is_rgb or matrix == _RGB_MATRIX:
        # Pixels become planes here, by the matrix that `color.resolve` assumes for no tag.
        matrix, span = _UNSPECIFIED, 1
    return ColorTags(primaries, transfer, matrix, span)


def _tag(*found: int) -> int:
    return next((int(tag) for tag in found if int(tag) != _UNSPECIFIED), _UNSPECIFIED)


def _display_matrix(frame: VideoFrame) -> bytes:
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    return b"" if data is None else bytes(data)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadInputError(
            "video",
            "picture_too_large",
            f"the picture has {width}x{height} pixels, the limit is {MAX_PIXELS} in all",
        )


def _wrong_kind(kind: str, field: str) -> BadInputError:
    if kind == "empty":
        return BadInputError(field, "not_a_video", "the file is empty")
    if kind in ("unknown", "image", "png", "jpeg", "gif", "webp", "pdf", "zip", "hls playlist"):
        found = "" if kind == "unknown" else f", it is {kind}"
        return BadInputError(field, "not_a_video", f"the file is not an mp4 or mov video{found}")
    if kind in ("mp3", "aac", "wav", "flac", "aiff", "amr"):
        return BadInputError(field, "no_video_stream", f"the file is sound ({kind}), not a video")
    return BadInputError(
        field, "wrong_container", f"the container must be mp4 or mov, the file is {kind}"
    )
