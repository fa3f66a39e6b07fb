"""Results as Markdown tables, which read well on a terminal, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Found = Mapping[str, Any]


def section_tables(name: str, found: Found) -> str:
    """The tables of a section."""
    match name:
        case "ratios" | "line":
            return "\n\n".join(_video(one) for one in found["videos"])
        case "stages":
            return "\n\n".join(_stages(one) for one in found["videos"])
        case "startup":
            return _starts(found)
        case "engines":
            return _engines(found)
        case _:
            return _series(found)


def table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, columns aligned; the first row is its head, the first column words."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"| {' | '.join(cells)} |")
    rule = [
        "-" * (width + 2) if column == 0 else "-" * (width + 1) + ":"
        for column, width in enumerate(widths)
    ]
    return "\n".join([lines[0], f"|{'|'.join(rule)}|", *lines[1:]])


def spread_of(found: Found | None, digits: int = 2) -> str:
    """Median, and in brackets the least and the greatest."""
    if found is None or found["median"] is None:
        return ""
    middle, low, high = (f"{found[key]:.{digits}f}" for key in ("median", "min", "max"))
    return f"{middle} ({low} to {high})"


def _video(found: Found) -> str:
    about = (
        f"{found['name']}: {found['width']} x {found['height']}, {found['frames']} frames, "
        f"{found['seconds']:.1f} s, {found['bytes'] * 8e-6 / found['seconds']:.1f} Mbit/s"
    )
    rows = [["job", "seconds", "processor seconds", "ms a frame", "peak MB"]]
    for name, job in found["jobs"].items():
        each = 1000.0 * job["seconds"]["median"] / found["frames"]
        rows.append(
            [
                name,
                spread_of(job["seconds"]),
                spread_of(job["cpu_seconds"]),
                f"{each:.1f}",
                f"{job['peak_mb']:.0f}",
            ]
        )
    return f"{about}\n\n{table(rows)}\n\n{_ratio_table(found['ratios'])}"


def _ratio_table(ratios: Sequence[Found]) -> str:
    rows = [["ratio", "by the clock", "by the processor", "aim", "met"]]
    for one in ratios:
        aim = "" if one["aim"] is None else f"at most {one['aim']:g}"
        met = "" if one["met"] is None else "yes" if one["met"] else "no"
        rows.append([one["name"], spread_of(one["clock"]), spread_of(one["cpu"]), aim, met])
    return table(rows)


def _stages(found: Found) -> str:
    rows = [["core ms a frame", *found["stages"]]]
    for stage in next(iter(found["stages"].values())):
        rows.append([stage, *(spread_of(job[stage], 1) for job in found["stages"].values())])
    totals = [sum(stage["median"] for stage in job.values()) for job in found["stages"].values()]
    rows.append(["together", *(f"{total:.1f}" for total in totals)])
    return f"{found['name']}\n\n{table(rows)}"


def _series(found: Found) -> str:
    rows = [[found["unit"], "transcode s", "sync s", "sync / transcode", "peak MB of sync"]]
    for point in found["points"]:
        jobs = point["jobs"]
        rows.append(
            [
                f"{point['size']:.3g}",
                spread_of(jobs["transcode"]["seconds"]),
                spread_of(jobs["sync"]["seconds"]),
                spread_of(point["ratio"]["clock"]),
                f"{jobs['sync']['peak_mb']:.0f}",
            ]
        )
    fits = [["growth", "fixed", "each", "exponent", "bend at the largest", "it is"]]
    for name, one in found["fits"].items():
        bend = one["bend"]
        fits.append(
            [
                f"{name}, {'MB' if name.endswith('memory') else 's'}",
                f"{one['fixed']:.3g}",
                f"{one['each']:.3g}",
                _with_error(one["exponent"], one["exponent_error"]),
                "" if bend is None else _with_error(bend, one["bend_error"]),
                one["verdict"],
            ]
        )
    return f"{table(rows)}\n\n{table(fits)}"


def _with_error(value: float, error: float | None) -> str:
    return f"{value:.2f}" if error is None else f"{value:.2f} ± {error:.2f}"


def _starts(found: Found) -> str:
    rows = [["start", "seconds", "aim", "met"]]
    for name, job in found["starts"].items():
        aim = found["aims"].get(name)
        met = "" if aim is None else "yes" if job["seconds"]["median"] <= aim else "no"
        rows.append(
            [name, spread_of(job["seconds"]), "" if aim is None else f"at most {aim:g}", met]
        )
    return table(rows)


def _engines(found: Found) -> str:
    rows = [["a frame", "ms by the clock", "core ms"]]
    for name, job in found["jobs"].items():
        rows.append([name, spread_of(job["clock"], 1), spread_of(job["cpu"], 1)])
    words = [table(rows)]
    words += [f"- {line}" for line in found["notes"]]
    return "\n\n".join([words[0], "\n".join(words[1:])]) if found["notes"] else words[0]
