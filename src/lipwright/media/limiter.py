"""Turning peaks down to a ceiling, block by block: the same samples however the blocks are cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from lipwright.media.types import F32

CEILING = float(np.float32(10 ** (-1 / 20)))
"""Highest sample where anything was mixed: -1 dBFS, the headroom that EBU R 128 keeps for what
lossy coding adds to peaks."""
REACH_MS = 15

Marked = tuple[F32, NDArray[np.bool_]]
"""(n, 2) samples, and (n,) which of them exceed the ceiling and shall not."""


class Limiter:
    """Turns peaks down, and as little else as can be.

    The gain follows the lowest gain needed within `REACH_MS` either side, smoothed by a
    triangle of the same reach: every value averaged at a peak is low enough for that peak, so
    the ceiling holds exactly, and the gain has neither steps nor corners to hear. Peaks whose
    gains could touch share one stretch; everything between is left alone.

    Parameters
    ----------
    rate
        Samples per second.

    Attributes
    ----------
    limited
        Whether there were any peaks in what was passed on so far.
    """

    def __init__(self, rate: int) -> None:
        self._reach = max(1, rate * REACH_MS // 1000)
        self.limited = False
        self._samples: F32 = np.zeros((0, 2), np.float32)
        self._over: NDArray[np.bool_] = np.zeros(0, bool)
        self._gain: _Gain | None = None
        self._told = 0
        self._last = 0
        """Of the samples that wait: how many the gain was told of, and which is the last peak of
        the stretch as far as that is known (below 0: one that was passed on)."""

    def passed(self, blocks: Iterable[Marked]) -> Iterator[F32]:
        """Yield all samples again, in blocks of any length."""
        for samples, over in blocks:
            self._samples = np.concatenate([self._samples, samples])
            self._over = np.concatenate([self._over, over])
            yield from self._ready(ended=False)
        yield from self._ready(ended=True)

    def _ready(self, *, ended: bool) -> Iterator[F32]:
        """What does not depend on samples that are still to come."""
        while len(self._samples):
            if self._gain is None:
                before = 0 if ended else 2 * self._reach
                peaks = np.flatnonzero(self._over)
                if not len(peaks):
                    yield self._taken(max(0, len(self._samples) - before))
                    return
                yield self._taken(max(0, int(peaks[0]) - 2 * self._reach))
                self._gain, self.limited = _Gain(self._reach), True
                self._told, self._last = 0, int(self._over.argmax())
            end = self._end(ended=ended)
            yield self._turned_down(end)
            if end is None:
                return
            self._gain = None

    def _end(self, *, ended: bool) -> int | None:
        """Where the stretch that has begun ends; ``None``: not in what is known yet."""
        reach = self._reach
        peaks = np.flatnonzero(self._over)
        peaks = np.concatenate([[self._last], peaks[peaks > self._last]])
        breaks = np.flatnonzero(np.diff(peaks) > 4 * reach)
        self._last = int(peaks[breaks[0]] if len(breaks) else peaks[-1])
        if not len(breaks) and not ended and self._last + 4 * reach >= len(self._over):
            return None
        return min(self._last + 2 * reach + 1, len(self._samples))

    def _turned_down(self, end: int | None) -> F32:
        """Pass on the stretch as far as its gain is known, or to its end."""
        assert self._gain is not None
        until = max(self._told, len(self._samples) if end is None else end)
        needed = np.ones(until - self._told, np.float32)
        peaks = np.flatnonzero(self._over[self._told : until])
        needed[peaks] = CEILING / np.abs(self._samples[self._told + peaks]).max(axis=1)
        self._told = until
        gain = self._gain.after(needed)
        if end is not None:
            gain = np.concatenate([gain, self._gain.rest()])[:end]
        peaks = np.flatnonzero(self._over[: len(gain)])
        out = self._taken(len(gain)) * gain[:, None]
        # What float rounding leaves above the ceiling, by a hair.
        out[peaks] = np.clip(out[peaks], -CEILING, CEILING)
        return out

    def _taken(self, count: int) -> F32:
        """Pass on some samples of those that wait."""
        taken, self._samples = self._samples[:count], self._samples[count:]
        self._over = self._over[count:]
        self._told -= count
        self._last -= count
        return taken


class _Gain:
    """The gain of one stretch, from its beginning on; it knows it later by twice the reach."""

    def __init__(self, reach: int) -> None:
        before = np.ones(reach, np.float32)
        self._needed: F32 = before
        self._size = 2 * reach + 1
        # Average with a triangle: two boxes in a row.
        self._first, self._second = _Box(reach + 1), _Box(reach + 1)
        self._first.after(before.astype(np.float64))

    def after(self, needed: F32) -> F32:
        """The next gains, told what the next samples need."""
        return self._smooth(self._lowest(needed))

    def rest(self) -> F32:
        """The gains that are left when there are no more samples."""
        beyond = np.ones(self._size // 2, np.float32)
        return self._smooth(np.concatenate([self._lowest(beyond), beyond]))

    def _lowest(self, needed: F32) -> F32:
        values = np.concatenate([self._needed, needed])
        self._needed = values[-self._size + 1 :]
        return _lowest(values, self._size)

    def _smooth(self, lowest: F32) -> F32:
        first = self._first.after(lowest.astype(np.float64))
        return self._second.after(first).astype(np.float32)


class _Box:
    """A running mean of some width over values that come block by block."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._sums = np.zeros(1)

    def after(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The means that the next values complete."""
        width = self._width
        # Added one after the other, as if all were known at once.
        more = np.cumsum(np.concatenate([self._sums[-1:], values]))[1:]
        sums = np.concatenate([self._sums, more])
        self._sums = sums[-width:]
        return np.asarray((sums[width:] - sums[:-width]) / width)


def _lowest(values: F32, size: int) -> F32:
    """Smallest of each ``size`` values in a row; doubling makes it log time."""
    if len(values) < size:
        return values[:0]
    have = 1
    while have < size:
        step = min(have, size - have)
        values = np.minimum(values[:-step], values[step:])
        have += step
    return values
