"""All that was measured as one value: for JSON files, tables and pages."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lipwright.benchmark import sections
from lipwright.benchmark.engines import engines
from lipwright.benchmark.machine import machine, versions
from lipwright.benchmark.measure import Bench
from lipwright.benchmark.plan import Plan
from lipwright.benchmark.startup import startup
from lipwright.errors import FailedError

Section = Callable[[Bench, Plan, Sequence[Path]], dict[str, Any]]

SECTIONS: Final[Mapping[str, Section]] = {
    "ratios": sections.ratios,
    "line": sections.line,
    "stages": sections.stages,
    "length": sections.length,
    "resolution": sections.resolution,
    "faces": sections.faces,
    "lines": sections.lines,
    "startup": startup,
    "engines": engines,
}
"""What there is to measure, in order."""


def measure(
    bench: Bench,
    plan: Plan,
    *,
    only: Sequence[str] = (),
    videos: Sequence[Path] = (),
    told: Callable[[str, dict[str, Any]], None] = lambda name, found: None,
) -> dict[str, Any]:
    """Measure sections.

    Parameters
    ----------
    bench, plan
        How.
    only
        Names of `SECTIONS`; by default all.
    videos
        Measured in place of the film that would be made; series are always made.
    told
        Given each section's result as it comes.

    Returns
    -------
    ``machine``, ``versions``, ``when``, ``threads``, ``sections`` by name, and ``skipped``: why a
    section could not be measured. Plain values only; NaN is ``None``.
    """
    found: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for name in only or SECTIONS:
        try:
            found[name] = _plain(SECTIONS[name](bench, plan, videos))
        except FailedError as error:
            skipped[name] = str(error)
            bench.told(f"{name} is left out: {error}")
            continue
        told(name, found[name])
    return {
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "versions": versions(),
        "threads": bench.threads,
        "sections": found,
        "skipped": skipped,
    }


def write_json(result: Mapping[str, Any], path: Path) -> None:
    """Write the result to a file."""
    text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
