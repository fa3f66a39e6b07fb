"""Sound that comes in blocks of any length, taken in blocks of the length that is wanted."""

from __future__ import annotations

from collections.abc import Generator, Iterable

import numpy as np

from lipwright.media.types import F32


class SampleReader:
    """Takes as many samples as are wanted from blocks of any length.

    Parameters
    ----------
    blocks
        (n, channels) each; if a generator, it is closed at the end.
    """

    def __init__(self, blocks: Iterable[F32]) -> None:
        self._blocks = iter(blocks)
        self._left: F32 = np.zeros((0, 2), np.float32)

    def begins(self) -> bool:
        """Whether there is anything (more) to take."""
        while not len(self._left):
            following = next(self._blocks, None)
            if following is None:
                return False
            self._left = following
        return True

    def take(self, count: int) -> F32:
        """The next samples; fewer only where there are no more."""
        parts: list[F32] = []
        missing = count
        while missing > 0 and self.begins():
            parts.append(self._left[:missing])
            self._left = self._left[missing:]
            missing -= len(parts[-1])
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.zeros((0, 2), np.float32)

    def close(self) -> None:
        """Read no more."""
        self._left = self._left[:0]
        if isinstance(self._blocks, Generator):
            self._blocks.close()
