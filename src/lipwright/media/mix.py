"""Putting speech onto the original sound without clipping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lipwright.media.types import F32


class SpokenLine(NamedTuple):
    """One line to mix in; a plain tuple of the same three will do.

    ``samples`` is (n,), (n, 1) or (n, 2) float32 at the mix's rate, ``insert_sample`` where its
    sample 0 goes, ``volume`` a factor of 0 to 2.
    """

    samples: F32
    insert_sample: int
    volume: float


class Mix(NamedTuple):
    """The mixed sound, (n, 2) float32, and whether the limiter had to turn it down anywhere."""

    samples: F32
    limited: bool


def mix(
    original: F32 | None,
    lines: Sequence[SpokenLine] | Sequence[tuple[F32, int, float]],
    original_volume: float,
    total_samples: int,
    *,
    rate: int = 48_000,
) -> Mix:
    """Sum the original sound and the lines, each at its volume, and limit the peaks.

    Parameters
    ----------
    original
        (m, 2) float32 or ``None`` for silence; cut or filled with silence to ``total_samples``.
    lines
        What is said; parts outside the result are cut.
    original_volume
        Factor on ``original``, 0 to 2.
    total_samples
        Length of the result.
    rate
        Samples per second; only the limiter's times depend on it.

    Returns
    -------
    Mix
        Where nothing exceeds the ceiling the plain sum; where no line sounds and
        ``original_volume`` is 1, the original's own samples, bit for bit.
    """
    raise NotImplementedError
