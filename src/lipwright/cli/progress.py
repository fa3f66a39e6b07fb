"""Show how far a long job is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lipwright.dubbing.types import Progress, ProgressSink


@contextmanager
def shown_progress(what: str) -> Iterator[ProgressSink]:
    """Give a sink for progress: a bar on a terminal, silence anywhere else."""
    from lipwright.dubbing.types import ignore_progress

    if not sys.stderr.isatty():
        yield ignore_progress
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(bar_width=30),
        bars.TaskProgressColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=1.0)

        def show(progress: Progress) -> None:
            bar.update(task, completed=progress.fraction, description=progress.stage or what)

        yield show
