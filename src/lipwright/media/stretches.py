"""Which pictures of a result are copied and which are encoded, and in how many runs.

Copying begins where a group begins and ends anywhere between two pictures that nothing reaches
across. What is encoded is divided into runs of about ten seconds at places that depend on nothing
but the video and what changes in it: whoever encodes a run, wherever, gets the same bytes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.media.groups import Groups

RUN_SECONDS: Final = 10
"""About as long as x264 goes without a key frame by itself, so that cutting costs no bytes."""

_REACH: Final = 0.3
"""How far from its tenth second a run may end, as a part of it."""

LEAST_COPIED_SECONDS: Final = 1
"""A shorter stretch of copies between encoded ones costs more in new beginnings than it saves."""


@dataclass(frozen=True)
class Stretch:
    """Pictures ``first`` to ``stop`` - 1, in the order in which they are shown.

    ``stop`` is ``None`` where it is not known how many there are: to the end.
    """

    first: int
    stop: int | None
    copied: bool


def plan_stretches(
    count: int,
    changed: NDArray[np.bool_],
    rate: float,
    groups: Groups | None,
    keys: NDArray[np.int64],
) -> tuple[Stretch, ...]:
    """Divide a result into stretches.

    Parameters
    ----------
    count
        How many pictures there are; 0 where that is not known.
    changed
        (count,) which of them differ from the source's.
    rate
        Pictures a second.
    groups
        Where the source can be copied; ``None``: nowhere.
    keys
        Pictures from which the source can be decoded, ascending.
    """
    if not count:
        return (Stretch(0, None, False),)
    copied = np.zeros(count, dtype=bool)
    if groups is not None:
        copied = _copyable(changed, groups)
        for first, stop in _runs(copied):
            if stop - first < LEAST_COPIED_SECONDS * rate:
                copied[first:stop] = False
    found = [Stretch(first, stop, True) for first, stop in _runs(copied)]
    for first, stop in _runs(~copied):
        edges = [first, *_cuts(first, stop, changed, rate, keys), stop]
        found += [Stretch(a, b, False) for a, b in itertools.pairwise(edges)]
    return tuple(sorted(found, key=lambda one: one.first))


def _copyable(changed: NDArray[np.bool_], groups: Groups) -> NDArray[np.bool_]:
    """Mark untouched groups, and of touched ones the beginning."""
    copied = np.zeros(len(changed), dtype=bool)
    edges = [*groups.starts.tolist(), len(changed)]
    for first, stop in itertools.pairwise(edges):
        touched = np.flatnonzero(changed[first:stop])
        end = stop if not len(touched) else first + int(touched[0])
        while not groups.clean[end]:
            end -= 1
        copied[first:end] = True
    return copied


def _runs(marks: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    turns = np.flatnonzero(np.diff(np.concatenate([[0], marks.astype(np.int8), [0]])))
    yield from zip(turns[::2].tolist(), turns[1::2].tolist(), strict=True)


def _cuts(
    first: int, stop: int, changed: NDArray[np.bool_], rate: float, keys: NDArray[np.int64]
) -> Iterator[int]:
    """Where to end runs: at an untouched key frame, else at any, else where nothing changes."""
    usual = max(1, round(RUN_SECONDS * rate))
    reach = int(_REACH * usual)
    while stop - first > usual + 2 * reach:
        wish = first + usual
        near = np.arange(wish - reach, wish + reach + 1)
        is_key = np.isin(near, keys)
        still = ~changed[near]
        wanted = next((ok for ok in (is_key & still, is_key, still) if ok.any()), None)
        first = (
            wish
            if wanted is None
            else int(min(near[wanted], key=lambda at: (abs(int(at) - wish), int(at))))
        )
        yield first
