"""The report of a run: JSON for machines, and the page docs/chaos.md from that JSON."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from chaos.checks import Findings, median, plain
from chaos.journal import Journal

TITLE = "# Chaos"

_INTRODUCTION = """\
A fleet must not lose what it accepted, whatever dies. `make chaos` tries that: it starts real
servers on one machine (PostgreSQL, and Ceph's S3 gateway over its storage daemon), {apis} API
processes and {workers} workers, each with a data folder of its own and a network of its own to
the database, and clients of {tenants} tenants that order lip-syncs of a real face: with sounds
that come inline, from an upload, from a fast or a slow URL, or are no sound at all; under
idempotency keys, with signed callbacks to a receiver that fails every tenth, and now and then
with a change of mind. Then it strikes, again and again, and at the end looks at everything that
is left.

```
make chaos MINUTES=60                            # the report goes to out/chaos.md and .json
make chaos MINUTES=5 CHAOS_OPTIONS="--rate 20 --workers 4 --seed 7"
```

It needs PostgreSQL's server and Ceph, on Debian
`apt-get install --no-install-recommends postgresql ceph-mon ceph-osd radosgw`. The order of the
faults follows from the seed; what they hit depends on the moment. CI runs a few minutes of it, in
which every fault happens at least once. Only what must be true is checked, never how long it took.
"""

_MEANINGS = {
    "kill worker in prepare": "kill -9 while the sound is fetched: of the worker with all its "
    "processes, or of the worker alone",
    "kill worker in render": "the same while faces are followed and mouths drawn",
    "kill worker in encode": "the same in the second half of the pictures",
    "kill worker in publish": "the same between the result's row and its file",
    "kill API": "kill -9 of an API process that has requests to answer",
    "restart PostgreSQL": "an immediate shutdown, as at a power cut, and a start",
    "kill PostgreSQL": "kill -9 of the postmaster while a task is worked on",
    "kill S3 gateway": "kill -9 of the S3 server, away for up to 6 s",
    "kill S3 storage": "kill -9 of the storage daemon under it",
    "freeze worker": "SIGSTOP for longer than its lease, then SIGCONT",
    "cut network to database": "one process's connections break off, and no new ones",
    "silence network to database": "one process's packets vanish for a while",
    "fill disk": "the worker's disk has no byte left",
    "exhaust memory": "the render gets no more memory from the kernel",
    "kill render": "kill -9 of the render alone, as the kernel does when memory is short",
}


def describe(
    findings: Findings, journal: Journal, options: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """Put together what a run showed."""
    takeovers = [event.data["seconds"] for event in journal.of("take-over")]
    known = sorted(value for value in takeovers if value is not None)
    faults = Counter(event.data["fault"] for event in journal.of("fault"))
    return {
        "options": options,
        "minutes": round(seconds / 60, 1),
        "good": findings.good,
        "faults": dict(faults),
        "missed_faults": dict(Counter(event.data["fault"] for event in journal.of("no victim"))),
        "take_over_s": {
            "count": len(takeovers),
            "median": median(known),
            "worst": known[-1] if known else None,
            "never": len(takeovers) - len(known),
        },
        **plain(findings),
    }


def to_page(report: dict[str, Any]) -> str:
    """Write the report as a page."""
    take_over = report["take_over_s"]
    lines = [TITLE, "", _INTRODUCTION.format(**report["options"]), "## The last long run", ""]
    verdict = "Nothing was lost." if report["good"] else "**Something is wrong, see below.**"
    lines += [
        f"{report['minutes']:g} minutes, about {report['options']['rate']:g} orders a minute, "
        f"{sum(report['faults'].values())} faults, seed {report['options']['seed']}. {verdict}",
        "",
        "| tasks | |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in report["counts"].items()),
        "",
        "| why a task came to nothing | |",
        "|---|---|",
        *(f"| {name} | {count} |" for name, count in report["reasons"].items()),
        "",
        "| fault | what it is | times |",
        "|---|---|---|",
        *(
            f"| {name} | {meaning} | {report['faults'].get(name, 0)} |"
            for name, meaning in _MEANINGS.items()
        ),
        "",
    ]
    if take_over["count"]:
        lines += [
            f"From a worker's death or freeze to the new start of its task: median "
            f"{_seconds(take_over['median'])}, worst {_seconds(take_over['worst'])}, of "
            f"{take_over['count']}; that holds the lease of {report['options']['lease_s']:g} s.",
            "",
        ]
    lines += ["## What was checked", ""]
    for name, complaints in report["checks"].items():
        lines.append(f"- {name}: {f'**{len(complaints)} wrong**' if complaints else 'yes'}")
        lines += [f"    - {complaint}" for complaint in complaints]
    return "\n".join(lines) + "\n"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


def write(report: dict[str, Any], folder: Path) -> list[Path]:
    """Write both files and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / "chaos.json", folder / "chaos.md"]
    paths[0].write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    paths[1].write_text(to_page(report))
    return paths
