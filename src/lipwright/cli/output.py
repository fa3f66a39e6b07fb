"""How commands speak: results on standard output, all else on standard error."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import typer


def print_json(value: object) -> None:
    """Print a value for a script, on a line of its own."""
    typer.echo(json.dumps(value, ensure_ascii=False))


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows for people, columns aligned; numbers to the right."""
    names = list(rows[0])
    cells = [[name.replace("_", " ") for name in names]]
    cells += [["" if row[name] is None else str(row[name]) for name in names] for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    numeric = [all(isinstance(row[name], int) for row in rows) for name in names]
    for line in cells:
        padded = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        typer.echo("  ".join(padded).rstrip())


def when(unix_ms: int | None) -> str | None:
    """Write a time for people and scripts."""
    if unix_ms is None:
        return None
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def warn(message: str) -> None:
    """Say something that a script may ignore."""
    typer.echo(f"lipwright: {message}", err=True)
