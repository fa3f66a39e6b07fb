"""Read a video without the frames that nobody needs, and read those again that turn out needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from fractions import Fraction
from typing import Final

import numpy as np

from lipwright.media.decode import VideoReader
from lipwright.media.types import Frame

_ALLOWANCE: Final = 100
"""Frames that may be read again beyond those that were left out, before all are read at once."""


class SparseFrames:
    """The frames that must come and those that others are made from; the rest on demand.

    About half of the frames of usual H.264 serve no other frame. Getting one of them later means
    reading from the key frame before it; where that has cost more than leaving frames out has
    spared, none are left out any more.

    Parameters
    ----------
    reader
        Of the video; must stay open.
    needed
        Frames that must come, by index.
    also
        Asked of a frame that would be left out, whether somebody else needs it (`with_spare`).
    """

    def __init__(
        self,
        reader: VideoReader,
        needed: Collection[int],
        also: Callable[[int], bool] = lambda index: False,
    ) -> None:
        self._reader = reader
        self._needed = frozenset(needed)
        self._also = also
        self._keys = reader.keys
        # Each is written by one thread only: frames may be read in another one than asked for.
        self._left_out = np.zeros(len(reader.stamps), bool)
        self._spare = np.zeros(len(reader.stamps), bool)
        self._spared = 0
        self._read_again = 0
        self._thrifty = True

    def frames(self) -> Iterator[Frame]:
        """Yield frames in display order, each with its place among all frames."""
        return (frame for frame, spare in self.with_spare() if not spare)

    def with_spare(self) -> Iterator[tuple[Frame, bool]]:
        """Yield frames as `frames` does, and among them those that only others need, marked."""
        due = 0
        for frame in self._reader.frames(wanted=self._wanted):
            spare = frame.index < len(self._spare) and bool(self._spare[frame.index])
            if not spare:
                self._spared += frame.index - due
                due = frame.index + 1
            yield frame, spare
        # The end counts, also where its last needed frame is broken.
        for frame in self.between(due, len(self._left_out)):
            yield frame, False

    def time_before(self, index: int) -> Fraction:
        """Time of the frame before frame ``index`` (at least 1), s."""
        return self._time(index - 1)

    def between(self, first: int, end: int) -> Iterator[Frame]:
        """Yield all frames with ``first <= frame.index < end``, if any of them was left out."""
        if not self._left_out[first:end].any():
            return  # what is missing is broken
        earlier = self._keys[self._keys <= first]
        self._read_again += end - (int(earlier[-1]) if len(earlier) else 0)
        if self._read_again > self._spared + _ALLOWANCE:
            self._thrifty = False
        stop = self._time(end) if end < len(self._reader.stamps) else None
        yield from self._reader.frames(
            self._time(first), stop, wanted=lambda index: first <= index < end
        )

    def _wanted(self, index: int) -> bool:
        if not self._thrifty or index in self._needed:
            return True
        if index >= len(self._left_out):
            return False
        self._left_out[index] = True
        if not self._also(index):
            return False
        self._spare[index] = self._reader.unreferenced[index]
        return True

    def _time(self, index: int) -> Fraction:
        info = self._reader.info
        return (int(self._reader.stamps[index]) - info.start_pts) * info.time_base


def times_ms(reader: VideoReader) -> list[int]:
    """Time of every frame in whole ms; empty where the container does not tell."""
    since = reader.stamps.astype(np.float64) - reader.info.start_pts
    return [int(time) for time in np.rint(since * float(reader.info.time_base * 1000))]
