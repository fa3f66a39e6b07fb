"""Say what is being fetched: a bar on a terminal, one line anywhere else."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from lipwright.models.catalogue import Source, Weights

logger = logging.getLogger("lipwright.models")

Advance = Callable[[int], None]
"""Is told how many bytes are here by now."""


class FetchReport(Protocol):
    """Somebody who is shown what is fetched."""

    def fetching(
        self, weights: Weights, source: Source, total: int
    ) -> AbstractContextManager[Advance]:
        """Open the view of one set from one source; ``total`` is in bytes."""
        ...


class TerminalReport:
    """A progress bar on standard error."""

    @contextmanager
    def fetching(self, weights: Weights, source: Source, total: int) -> Iterator[Advance]:
        """Show a bar until the block ends."""
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            DownloadColumn(),
            TextColumn("from {task.fields[source]}", style="dim"),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(f"fetching {weights.name}", total=total, source=source.label)
            yield lambda done: progress.update(task, completed=done)


class LogReport:
    """One line in the log for each source that is tried."""

    @contextmanager
    def fetching(self, weights: Weights, source: Source, total: int) -> Iterator[Advance]:
        """Log that it starts."""
        logger.info("fetching %s (%.1f MB) from %s", weights.name, total / 1e6, source.label)
        yield lambda done: None


def default_report() -> FetchReport:
    """Choose what suits the process's standard error."""
    return TerminalReport() if sys.stderr.isatty() else LogReport()
