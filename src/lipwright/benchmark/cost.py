"""What a run of a job cost, and how costs compare: spreads and ratios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Cost:
    """What one run took, in a process of its own.

    Attributes
    ----------
    seconds
        On the clock, imports left out.
    cpu_seconds
        Of the processor, all threads together.
    peak_mb
        Most memory of the process, in 10^6 bytes.
    process_seconds
        On the clock from the process's start to its end.
    more
        What the job has to say besides.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    process_seconds: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Spread:
    """Of some values."""

    min: float
    median: float
    max: float


@dataclass(frozen=True)
class Ratio:
    """How much one job costs for each unit of another's cost.

    Attributes
    ----------
    name
        ``job / other``.
    clock, cpu
        Of the seconds on the clock and of the processor's.
    aim
        What the clock's median should be at most, if there is an aim.
    """

    name: str
    clock: Spread
    cpu: Spread
    aim: float | None = None


def spread(values: Sequence[float]) -> Spread:
    """Take least, median and greatest of at least one value."""
    return Spread(min(values), median(values), max(values))


def ratio(
    name: str, costs: Sequence[Cost], others: Sequence[Cost], aim: float | None = None
) -> Ratio:
    """Compare two jobs round by round: what disturbed a round disturbed both.

    Parameters
    ----------
    name
        Of the ratio.
    costs, others
        One entry a round each.
    aim
        See `Ratio`.
    """
    pairs = list(zip(costs, others, strict=True))
    return Ratio(
        name,
        spread([one.seconds / other.seconds for one, other in pairs]),
        spread([one.cpu_seconds / other.cpu_seconds for one, other in pairs]),
        aim,
    )
