"""Which pieces of a video's timeline must be known of a face before it can speak.

The timeline is divided into pieces of fixed length, and a face is followed in each piece anew,
with a short run-up. What is seen of a piece then depends on nothing but the video, the face and
the piece's number: pieces can be kept, looked for one by one, and put together in any order, and
the result is the same to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from lipwright.dubbing.types import Line
from lipwright.faces.types import IdentifiedFace
from lipwright.media.types import VideoInfo

PIECE_SECONDS: Final = 2
"""A shorter piece would pay for its run-up more often, a longer one would make short lines in long
videos look at more frames than they need. The face's whole interval is not followed at first use:
looking costs about half of what decoding and encoding do, so a line of 3 s in a video of 60 s would
spend more on frames that it does not need than on everything else; a later line follows only what
is missing."""

CONTEXT_SECONDS: Final = Fraction(1, 2)
"""Frames around a line that must be known too, so that smoothing has both sides."""

LEAST_PIECES: Final = 5
"""A face is known from this many pieces, if it is there for so long: who says two seconds of a
clip of ten should do so with the mouth that the other eight show."""

RUN_UP_FRAMES: Final = 4
"""Frames before a piece in which the landmarks settle. Measured on real clips: after four, a piece
begins within 0.001 inter-ocular distances of where it would if the face had been followed without
a break, a twentieth of the landmarks' own noise; without any, within 0.007."""

_EDGE_SECONDS: Final = Fraction(1, 10)
"""Intervals are in whole ms, frames are not."""


@dataclass(frozen=True, order=True)
class Part:
    """A piece in one repetition of the video; repetition 0 is the video itself."""

    repeat: int
    piece: int


@dataclass(frozen=True)
class Repeats:
    """How the video is repeated, if it is.

    Attributes
    ----------
    seconds
        Exact length of one repetition; ``None`` for a video that is not repeated.
    count
        How many there are.
    """

    seconds: Fraction | None = None
    count: int = 1

    def folded(self, start: Fraction, end: Fraction) -> Iterator[tuple[int, Fraction, Fraction]]:
        """Say which stretches of which repetitions a stretch of the whole is made of."""
        if self.seconds is None:
            yield 0, start, end
            return
        for repeat in range(self.count):
            shift = repeat * self.seconds
            inner = max(start - shift, Fraction(0)), min(end - shift, self.seconds)
            if inner[0] < inner[1]:
                yield repeat, *inner


def needed_parts(face: IdentifiedFace, lines: Iterable[Line], repeats: Repeats) -> list[Part]:
    """The parts that a face's lines need, in order of time.

    They cover the lines with their context, and as much more of the face as it takes to know it.
    """
    first, last = _present(face)
    found: set[Part] = set()
    for line in lines:
        start = Fraction(line.insert_ms, 1000) - CONTEXT_SECONDS
        end = Fraction(line.end_ms, 1000) + CONTEXT_SECONDS
        for repeat, inner_start, inner_end in repeats.folded(max(start, Fraction(0)), end):
            pieces = _pieces(max(inner_start, first), min(inner_end, last))
            found |= {Part(repeat, piece) for piece in pieces}
    return sorted(found | _evidence(found, _pieces(max(first, Fraction(0)), last)))


def _pieces(begin: Fraction, end: Fraction) -> range:
    if begin >= end:
        return range(0)
    return range(int(begin // PIECE_SECONDS), math.ceil(end / PIECE_SECONDS))


def _evidence(needed: set[Part], there: range) -> set[Part]:
    """Further pieces of the face, the nearest first, until there are `LEAST_PIECES`."""
    if not needed:
        return set()
    known = {part.piece for part in needed}
    nearest = {
        piece: min(needed, key=lambda part: (abs(part.piece - piece), part))
        for piece in there
        if piece not in known
    }
    order = sorted(nearest, key=lambda piece: (abs(piece - nearest[piece].piece), piece))
    return {Part(nearest[p].repeat, p) for p in order[: max(0, LEAST_PIECES - len(known))]}


def seconds_of(piece: int) -> tuple[Fraction, Fraction]:
    """Where a piece begins and ends."""
    return Fraction(piece * PIECE_SECONDS), Fraction((piece + 1) * PIECE_SECONDS)


def with_run_up(piece: int, face: IdentifiedFace, info: VideoInfo) -> tuple[Fraction, Fraction]:
    """The frames to look at for a piece, as seconds: its own while the face is there, and a few."""
    begin, end = seconds_of(piece)
    first, last = _present(face)
    return max(begin - RUN_UP_FRAMES / info.frame_rate, first, Fraction(0)), min(end, last)


def runs(stretches: Sequence[tuple[Fraction, Fraction]]) -> list[tuple[Fraction, Fraction]]:
    """Stretches that touch or overlap, joined, in order: each is read in one go."""
    joined: list[tuple[Fraction, Fraction]] = []
    for begin, end in sorted(stretches):
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return joined


def _present(face: IdentifiedFace) -> tuple[Fraction, Fraction]:
    start = Fraction(face.start_ms, 1000) - _EDGE_SECONDS
    return start, Fraction(face.end_ms, 1000) + _EDGE_SECONDS
