"""Numbers as text, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from lipwright.evaluation.cases import Kind
from lipwright.evaluation.catalogue import Metric, metrics_of
from lipwright.evaluation.measure import Numbers
from lipwright.evaluation.results import medians, pooled_closures
from lipwright.evaluation.run import CaseResult

_NAME_WIDTH = 8


def case_table(result: CaseResult) -> str:
    """One case, row by row."""
    case = result.case
    head = f"{case.kind}: {case.name}"
    if case.kind is Kind.REVOICE:
        how = "given" if result.offset_given else "measured"
        head += f"; the clip's own offset is {result.offset_ms:.0f} ms ({how})"
    if not result.container.holds:
        head += f"\n  container is wrong: {result.container}"
    return head + "\n" + _table(result.rows, metrics_of(case.kind)) + "\n"


def median_tables(results: Sequence[CaseResult]) -> str:
    """Medians of each kind of case."""
    parts = []
    for kind in Kind:
        count = sum(result.case.kind is kind for result in results)
        if count:
            rows = medians(results, kind)
            text = f"medians of {count} x {kind}\n" + _table(rows, metrics_of(kind))
            if said := closures_said(results, kind):
                text += f"\n  {said}"
            parts.append(text)
    return "\n\n".join(parts)


def closures_said(results: Sequence[CaseResult], kind: Kind) -> str:
    """Closings of all cases together, in a sentence; empty where there are none."""
    pooled = pooled_closures(results, kind)
    if not pooled:
        return ""
    shares = ", ".join(f"{row} {rate:.0%}" for row, (rate, _) in pooled.items())
    return f"closings met, of all {max(of for _, of in pooled.values())} together: {shares}"


def cell(metric: Metric, value: float | None) -> str:
    """One number as it stands in a table."""
    if value is None or not isfinite(value):
        return "-"
    text = f"{value:.{metric.digits}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def _table(rows: dict[str, Numbers], metrics: Sequence[Metric]) -> str:
    shown = [m for m in metrics if any(isfinite(n.get(m.key, float("nan"))) for n in rows.values())]
    widths = [max(6, len(m.title)) for m in shown]
    lines = [_line("", [m.title for m in shown], widths)]
    for row, numbers in rows.items():
        lines.append(_line(row, [cell(m, numbers.get(m.key)) for m in shown], widths))
    return "\n".join(lines)


def _line(name: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [text.rjust(width) for text, width in zip(cells, widths, strict=True)]
    return "  ".join(["  " + name.ljust(_NAME_WIDTH), *padded]).rstrip()
