"""Pictures of a video, one by one and exact to the frame."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from lipwright.media.types import Frame, VideoInfo


class VideoReader:
    """Decodes the picture of one local video file; a context manager.

    ``iter(reader)`` is ``reader.frames()``. One iteration at a time; each starts anew, so a
    reader can be read as often as needed. Memory does not grow with the video's length.

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

    Raises
    ------
    BadInputError
        As `lipwright.media.probe.probe`; while reading, ``damaged`` when much of the picture
        cannot be decoded.
    """

    info: VideoInfo

    def __init__(self, path: Path, *, any_container: bool = False, threads: int = 0) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Close the file."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Frame]:
        return self.frames()

    def frames(self, start: Fraction | None = None, end: Fraction | None = None) -> Iterator[Frame]:
        """Yield the frames with ``start <= frame.time < end``, upright, in display order.

        Parameters
        ----------
        start, end
            Seconds since the first frame; ``None`` means the picture's own beginning or end.

        Yields
        ------
        Frame
            Planes are views into memory that stays valid as long as the views live; never
            write to them. ``index`` and ``pts`` are the same whatever ``start`` is, and ``pts``
            rises strictly.
        """
        raise NotImplementedError
