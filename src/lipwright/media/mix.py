"""Putting speech onto the original sound without clipping."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lipwright.media.limiter import CEILING as CEILING
from lipwright.media.limiter import REACH_MS as REACH_MS
from lipwright.media.limiter import Limiter, Marked
from lipwright.media.sample_reader import SampleReader
from lipwright.media.types import F32

BLOCK: Final = 1 << 15
"""Samples that are mixed at once; the result does not depend on it."""


class SpokenLine(NamedTuple):
    """One line to mix in; a plain tuple of the same three will do.

    ``samples`` is (n,), (n, 1) or (n, 2) float32 at the mix's rate, ``insert_sample`` where its
    sample 0 goes, ``volume`` a factor of 0 to 2.
    """

    samples: F32
    insert_sample: int
    volume: float


class StreamedLine(NamedTuple):
    """One line whose sound is read only while it is mixed in.

    ``blocks`` begins to read (n, 1) or (n, 2) float32; ``length`` is how many samples that are.
    """

    blocks: Callable[[], Iterable[F32]]
    length: int
    insert_sample: int
    volume: float


class Mix(NamedTuple):
    """The mixed sound, (n, 2) float32, and whether the limiter had to turn it down anywhere."""

    samples: F32
    limited: bool


class Mixing:
    """The original sound and the lines, each at its volume, summed, and the peaks limited.

    Parameters
    ----------
    original
        (n, 2) float32 blocks.
    lines
        What is said; parts outside the result are cut.
    original_volume
        Factor on ``original``, 0 to 2.
    total_samples
        Length of the result, or what it has at least.
    whole
        Whether an original that is longer is taken whole, and not cut.
    rate
        Samples per second; only the limiter's times depend on it.

    Raises
    ------
    ValueError
        A volume outside 0 to 2.
    """

    def __init__(
        self,
        original: Iterable[F32],
        lines: Sequence[StreamedLine],
        original_volume: float,
        total_samples: int,
        *,
        whole: bool = False,
        rate: int = 48_000,
    ) -> None:
        if not 0 <= original_volume <= 2 or any(not 0 <= line.volume <= 2 for line in lines):
            raise ValueError("volumes go from 0 to 2")
        self._original = original
        self._lines = [line for line in lines if line.volume > 0]
        self._volume = original_volume
        self._total, self._whole = total_samples, whole
        self._limiter = Limiter(rate)

    @property
    def limited(self) -> bool:
        """Whether the limiter had to turn down anything that was read up to now."""
        return self._limiter.limited

    def blocks(self) -> Iterator[F32]:
        """Mix; (n, 2) float32 blocks. To be called once.

        Where nothing exceeds `CEILING` it is the plain sum; where no line sounds and the
        original's volume is 1, the original's own samples, bit for bit, but for the 30 ms before
        and after a line that had to be turned down at its very edge.
        """
        with closing(self._summed()) as summed:
            yield from self._limiter.passed(summed)

    def _summed(self) -> Generator[Marked, None, None]:
        readers: dict[int, SampleReader] = {}
        original = SampleReader(self._original)
        at = 0
        try:
            while True:
                wanted = BLOCK if self._whole else min(BLOCK, self._total - at)
                kept = original.take(wanted)
                # Only where the original ends it is known that the whole does not go on for it.
                end = at + len(kept)
                if len(kept) < wanted:
                    end = min(at + wanted, max(end, self._total))
                if end <= at:
                    return
                yield self._block(at, end, kept, readers)
                at = end
        finally:
            for reader in (original, *readers.values()):
                reader.close()

    def _block(self, at: int, end: int, kept: F32, readers: dict[int, SampleReader]) -> Marked:
        out = np.zeros((end - at, 2), np.float32)
        marked = np.full(end - at, self._volume != 1)
        if self._volume > 0:
            out[: len(kept)] = kept
        if self._volume != 1:
            out[: len(kept)] *= np.float32(self._volume)
        for index, line in enumerate(self._lines):
            first, stop = max(at, line.insert_sample), min(end, line.insert_sample + line.length)
            if first >= stop:
                continue
            if index not in readers:
                readers[index] = SampleReader(line.blocks())
                readers[index].take(first - line.insert_sample)
            part = readers[index].take(stop - first)
            some = slice(first - at, first - at + len(part))
            out[some] += np.float32(line.volume) * part
            marked[first - at : stop - at] = True
            if stop == line.insert_sample + line.length:
                readers[index].close()
        return out, _over(out, marked)


def mix(
    original: F32 | None,
    lines: Sequence[SpokenLine] | Sequence[tuple[F32, int, float]],
    original_volume: float,
    total_samples: int,
    *,
    rate: int = 48_000,
) -> Mix:
    """`Mixing` of sounds that are in memory.

    Parameters
    ----------
    original
        (m, 2) float32 or ``None`` for silence; cut or filled with silence to ``total_samples``.
    lines, original_volume, total_samples, rate
        As `Mixing` has them.

    Raises
    ------
    ValueError
        A volume outside 0 to 2.
    """
    spoken = [_in_memory(*line) for line in lines]
    first = [] if original is None else [original]
    mixing = Mixing(first, spoken, original_volume, total_samples, rate=rate)
    return Mix(np.concatenate([np.zeros((0, 2), np.float32), *mixing.blocks()]), mixing.limited)


def _in_memory(samples: F32, insert: int, volume: float) -> StreamedLine:
    columns = samples if samples.ndim == 2 else samples[:, None]
    return StreamedLine(lambda: [columns], len(columns), insert, volume)


def _over(out: F32, marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where either channel exceeds the ceiling and is marked."""
    if not marked.any():
        return marked
    return np.asarray(marked & (np.abs(out).max(axis=1) > CEILING))
