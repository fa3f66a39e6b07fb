"""Pictures of a video, one by one and exact to the frame."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lipwright.errors import BadInputError
from lipwright.media.color import resolve
from lipwright.media.container import MAX_PIXELS
from lipwright.media.display import upright
from lipwright.media.probe import Survey, open_video_file, survey
from lipwright.media.types import U8, ColorTags, Frame, VideoInfo

_MAX_THREADS = 8
_DIRECT = ("yuv420p", "yuvj420p")


class VideoReader:
    """Decodes the picture of one local video file; a context manager.

    ``iter(reader)`` is ``reader.frames()``. Every iteration opens the file anew, so a reader
    can be read as often as needed. Memory does not grow with the video's length, but for 16
    bytes a frame.

    Parameters
    ----------
    path
        Local file.
    any_container
        See `lipwright.media.probe.probe`.
    threads
        Decoder threads; 0 takes what the machine has, at most 8.

    Attributes
    ----------
    info
        What `lipwright.media.probe.probe` says about the file.
    survey
        The same with every picture's time stamp.

    Raises
    ------
    BadInputError
        As `lipwright.media.probe.probe`; while reading, ``damaged`` when more than a tenth of
        the pictures cannot be decoded.
    """

    info: VideoInfo
    survey: Survey

    def __init__(self, path: Path, *, any_container: bool = False, threads: int = 0) -> None:
        self._path = path
        self._any_container = any_container
        self._threads = threads or min(_MAX_THREADS, os.cpu_count() or 1)
        self.survey = survey(path, any_container=any_container)
        self._closed = False
        self.info = self.survey.info

    @property
    def stamps(self) -> NDArray[np.int64]:
        """(N,) `Frame.pts` of every frame; empty where the container does not tell."""
        return self.survey.pts

    @property
    def keys(self) -> NDArray[np.int64]:
        """Frames from which decoding can start, by index, ascending."""
        found = np.searchsorted(self.survey.found_pts, self.survey.keyframes[:, 0])
        return np.unique(found).astype(np.int64)

    @property
    def unreferenced(self) -> NDArray[np.bool_]:
        """(N,) whether no other frame is made from this one; told for H.264 alone."""
        return self.survey.unreferenced

    @property
    def can_leave_out(self) -> bool:
        """Whether frames that no other is made from can be told before they are decoded.

        H.264 marks them; HEVC's marks hold only for one of its layers.
        """
        return self.info.codec == "h264" and len(self.survey.pts) > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End: a running iteration stops at its next frame."""
        self._closed = True

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()

    def frames(
        self,
        start: Fraction | None = None,
        end: Fraction | None = None,
        *,
        wanted: Callable[[int], bool] | None = None,
    ) -> Iterator[Frame]:
        """Yield the frames with ``start <= frame.time < end``, upright, in display order.

        Parameters
        ----------
        start, end
            Seconds since the first frame; ``None`` means the picture's own beginning or end.
        wanted
            Told a frame's index, says whether it must come. Frames that are not wanted are left
            out where no other frame is made from them, which spares decoding them; those that
            come are the same as ever. Only where `can_leave_out`; elsewhere all frames come.

        Yields
        ------
        Frame
            Planes are views into memory that stays valid as long as the views live; never
            write to them. ``index`` and ``pts`` are the same whatever ``start`` is, and ``pts``
            rises strictly.
        """
        first = -(-start // self.info.time_base) + self.info.start_pts if start else None
        stop = -(-end // self.info.time_base) + self.info.start_pts if end is not None else None
        seek = self._seek_point(first)
        leaving_out = wanted if self.can_leave_out else None
        for frame in self._number(self._decode(seek, leaving_out)):
            if self._closed or (stop is not None and frame.pts >= stop):
                return
            if first is None or frame.pts >= first:
                yield frame

    def _seek_point(self, first: int | None) -> int | None:
        """Return the dts of the last keyframe that shows no later than ``first``."""
        keys = self.survey.keyframes
        if first is None or not len(self.survey.pts):
            return None
        reachable = np.flatnonzero(keys[:, 0] <= first)
        if not len(reachable) or reachable[-1] == 0:
            return None
        return int(keys[reachable[-1], 1])

    def _number(self, decoded: Iterator[VideoFrame]) -> Iterator[Frame]:
        """Give every picture its place by its time stamp, the same from wherever one starts."""
        found, fixed = self.survey.found_pts, self.survey.pts
        info = self.info
        planes = _PlaneMaker(info)
        index = -1
        start, pts = info.start_pts, info.start_pts - 1
        usual = max(1, round(1 / (info.frame_rate * info.time_base)))
        for picture in decoded:
            if not len(fixed):
                index += 1
                pts = max(pts + 1, pts + usual if picture.pts is None else picture.pts)
                start = pts if index == 0 else start
            elif picture.pts is None:
                continue
            else:
                index = max(index + 1, int(np.searchsorted(found, picture.pts)))
                if index >= len(fixed):
                    return
                pts = int(fixed[index])
            y, u, v = planes.make(picture)
            yield Frame(index, (pts - start) * info.time_base, pts, y, u, v, info.color)

    def _decode(
        self, seek: int | None, wanted: Callable[[int], bool] | None
    ) -> Iterator[VideoFrame]:
        """Decode from the beginning or from a keyframe's dts; skip what is broken."""
        with open_video_file(self._path, any_container=self._any_container) as container:
            video = _prepared(container, self.survey.stream_index, self._threads)
            if seek is not None:
                container.seek(seek, stream=video, backward=True)
            good = bad = 0
            try:
                for packet in container.demux(video):
                    if wanted is not None and packet.pts is not None:
                        index = int(np.searchsorted(self.survey.found_pts, packet.pts))
                        video.codec_context.skip_frame = "DEFAULT" if wanted(index) else "NONREF"
                    try:
                        pictures = packet.decode()
                    except av.FFmpegError as error:
                        bad += 1
                        if bad > 16 + good // 10:
                            raise _damaged(good + bad) from error
                        continue
                    good += len(pictures) if wanted is None else 1
                    yield from pictures
            except av.FFmpegError as error:
                raise _damaged(good + bad) from error
            if bad * 10 > good:
                raise _damaged(good + bad)


def _prepared(container: InputContainer, index: int, threads: int) -> VideoStream:
    video = container.streams[index]
    assert isinstance(video, VideoStream)
    video.thread_type = "AUTO"
    video.thread_count = threads
    video.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    return video


def _damaged(count: int) -> BadInputError:
    return BadInputError(
        "video", "damaged", f"the picture cannot be decoded, it breaks near frame {count}"
    )


class _PlaneMaker:
    """Turns decoded pictures into upright 8-bit 4:2:0 planes of one size."""

    def __init__(self, info: VideoInfo) -> None:
        self._info = info
        across = info.rotation % 180 != 0
        self._width = info.height if across else info.width
        self._height = info.width if across else info.height
        self._convert = VideoReformatter()

    def make(self, picture: VideoFrame) -> tuple[U8, U8, U8]:
        width, height = self._width, self._height
        same_size = picture.width & ~1 == width and picture.height & ~1 == height
        if picture.format.name not in _DIRECT or not same_size:
            picture = self._reformatted(picture, same_size)
        rotation, mirrored = self._info.rotation, self._info.mirrored
        y = _view(picture, 0, width, height)
        u = _view(picture, 1, width // 2, height // 2)
        v = _view(picture, 2, width // 2, height // 2)
        if not rotation and not mirrored:
            return y, u, v
        return (
            upright(y, rotation, mirrored),
            upright(u, rotation, mirrored),
            upright(v, rotation, mirrored),
        )

    def _reformatted(self, picture: VideoFrame, same_size: bool) -> VideoFrame:
        tags: ColorTags = resolve(self._info.color, self._height)
        rgb = picture.format.is_rgb
        return self._convert.reformat(
            picture,
            width=picture.width if same_size else self._width,
            height=picture.height if same_size else self._height,
            format="yuv420p",
            src_colorspace=None if rgb else tags.matrix,
            dst_colorspace=tags.matrix,
            src_color_range=2 if rgb else tags.range,
            dst_color_range=tags.range,
            threads=1,
        )


def _view(picture: VideoFrame, index: int, width: int, height: int) -> U8:
    plane = picture.planes[index]
    memory: Any = plane
    rows: U8 = np.frombuffer(memory, dtype=np.uint8).reshape(-1, abs(plane.line_size))
    if plane.line_size < 0:
        rows = rows[::-1]
    return rows[:height, :width]
