"""RGB arrays as frames of a video, readable as often as needed, and back."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import IO, Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.errors import BadInputError
from lipwright.media.color import bgr_to_yuv, to_bgr
from lipwright.media.types import ColorTags, Frame, VideoInfo

TimedFrame = tuple[float, NDArray[np.uint8]]
"""Seconds, and an (H, W, 3) RGB picture."""

_CLOCK: Final = 90_000
_COLOR: Final = ColorTags(primaries=1, transfer=1, matrix=1, range=1)
_USUAL_RATE: Final = Fraction(25)


class Pictures:
    """Frames that were given as arrays; a context manager that frees what it keeps on disk.

    Parameters
    ----------
    given
        Pairs of seconds and picture: something that can be iterated over anew, a function that
        returns a new iterator, or an iterator, which is kept in a temporary file when it is
        read first.
    """

    def __init__(self, given: Iterable[TimedFrame] | Callable[[], Iterable[TimedFrame]]) -> None:
        self._spool: _Spool | None = None
        if callable(given):
            self._again: Callable[[], Iterable[TimedFrame]] = given
        elif iter(given) is given:
            self._spool = _Spool(given)
            self._again = self._spool.read
        else:
            self._again = lambda: given
        self._size: tuple[int, int] | None = None
        self._count = 0
        self._start = self._last = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free what was kept."""
        if self._spool is not None:
            self._spool.close()

    def pairs(
        self, start: Fraction | None = None, end: Fraction | None = None
    ) -> Iterator[tuple[TimedFrame, Frame]]:
        """Yield frames as they were given and as the core takes them.

        Parameters
        ----------
        start, end
            Seconds since the first frame: only frames with ``start <= frame.time < end``.

        Raises
        ------
        BadInputError
            Field ``video``: a picture is of another type or size than the first, or times do
            not ascend.
        """
        zero, last = 0.0, -1.0
        index = -1
        for index, (time, rgb) in enumerate(self._again()):
            self._check(index, time, last, rgb)
            zero = time if index == 0 else zero
            last = time
            pts = round((time - zero) * _CLOCK)
            since = Fraction(pts, _CLOCK)
            if end is not None and since >= end:
                return
            if start is None or since >= start:
                planes = bgr_to_yuv(_even(rgb)[..., ::-1], _COLOR)
                frame = Frame(index, since, pts, planes.y, planes.u, planes.v, _COLOR)
                yield (time, rgb), frame
        if index < 0:
            raise BadInputError("video", "empty", "there are no frames")
        self._count, self._start, self._last = index + 1, zero, last

    def info(self) -> VideoInfo:
        """What the frames are as a video, once they were read to their end."""
        assert self._size is not None
        height, width = self._size
        span = Fraction(round((self._last - self._start) * _CLOCK), _CLOCK)
        rate = _USUAL_RATE
        if span:
            rate = ((self._count - 1) / span).limit_denominator(1001)
        length = span + 1 / rate
        return VideoInfo(
            width=width + width % 2,
            height=height + height % 2,
            frame_rate=rate,
            time_base=Fraction(1, _CLOCK),
            duration_ms=round(length * 1000),
            rotation=0,
            color=_COLOR,
            has_audio=False,
            container="",
            codec="rawvideo",
            size_bytes=0,
            frame_count=self._count,
            duration_pts=round(length * _CLOCK),
        )

    def _check(self, index: int, time: float, last: float, rgb: NDArray[np.uint8]) -> None:
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or not rgb.size:
            raise _wrong(f"picture {index} must be (H, W, 3) uint8; it is {rgb.shape} {rgb.dtype}")
        if self._size is None:
            self._size = rgb.shape[0], rgb.shape[1]
        if rgb.shape[:2] != self._size:
            raise _wrong(f"picture {index} is {rgb.shape[:2]}, the first was {self._size}")
        if not np.isfinite(time) or (index and time <= last):
            raise _wrong(f"times must ascend; picture {index} is at {time} s, after {last} s")


def changed_rgb(rgb: NDArray[np.uint8], before: Frame, after: Frame) -> NDArray[np.uint8]:
    """Take over what an engine changed; all other pixels keep their exact values.

    Parameters
    ----------
    rgb
        (H, W, 3), what was given.
    before, after
        The same picture as planes, and what became of it.
    """
    touched = before.y != after.y
    chroma = (before.u != after.u) | (before.v != after.v)
    # A chroma sample colours its four pixels and, interpolated, those around them.
    spread = cv2.dilate(
        chroma.repeat(2, axis=0).repeat(2, axis=1).astype(np.uint8), np.ones((3, 3), np.uint8)
    )
    rows, columns = np.nonzero(touched | (spread > 0))
    if not len(rows):
        return rgb
    height, width = rgb.shape[:2]
    result = rgb.copy()
    inside = (rows < height) & (columns < width)
    at = rows[inside], columns[inside]
    result[at] = to_bgr(after)[..., ::-1][at]
    return result


class _Spool:
    """The pictures of an iterator, uncompressed in a temporary file without a name."""

    def __init__(self, given: Iterable[TimedFrame]) -> None:
        self._given: Iterator[TimedFrame] = iter(given)
        self._times: list[float] = []
        self._shape: tuple[int, ...] = ()
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="lipwright-")  # noqa: SIM115
        # Whoever never reads the result still gets the space back.
        weakref.finalize(self, self._file.close)

    def read(self) -> Iterator[TimedFrame]:
        """Yield what is kept, then go on with what was not read yet."""
        index = 0
        while index < len(self._times) or self._keep_one():
            size = int(np.prod(self._shape))
            self._file.seek(index * size)
            picture = np.frombuffer(self._file.read(size), np.uint8).reshape(self._shape)
            yield self._times[index], picture
            index += 1

    def _keep_one(self) -> bool:
        time, rgb = next(self._given, (0.0, None))
        if rgb is None:
            return False
        if self._times and rgb.shape != self._shape:
            raise _wrong(f"picture {len(self._times)} is {rgb.shape}, the first was {self._shape}")
        if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8:
            raise _wrong(f"picture {len(self._times)} must be (H, W, 3) uint8")
        self._shape = rgb.shape
        self._file.seek(0, 2)
        self._file.write(np.ascontiguousarray(rgb).data)
        self._times.append(time)
        return True

    def close(self) -> None:
        self._file.close()


def _even(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """4:2:0 needs even sides: the last row and column are repeated."""
    height, width = rgb.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return rgb
    padded = cv2.copyMakeBorder(rgb, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8)


def _wrong(detail: str) -> BadInputError:
    return BadInputError("video", "wrong_format", detail)
