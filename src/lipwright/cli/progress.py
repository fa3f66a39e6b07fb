"""Show how far a long job is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lipwright.dubbing.types import Progress, ProgressSink

STAGES = {
    "faces": "looking for faces",
    "track": "following the face",
    "render": "rendering",
}
"""What the core's stages are called for people; others go by their own names."""


@contextmanager
def shown_progress(what: str, *, keep: bool = False) -> Iterator[ProgressSink]:
    """Give a sink for progress: on a terminal a line, silence anywhere else.

    The line has the stage, a bar, how much is done, for how long it has been going on and for how
    long it probably will.

    Parameters
    ----------
    what
        The line's words before the first stage.
    keep
        Show ``what`` before each stage, too.
    """
    from lipwright.dubbing.types import ignore_progress

    if not sys.stderr.isatty():
        yield ignore_progress
        return
    from rich import progress as bars
    from rich.console import Console
    from rich.markup import escape

    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn(f"{{task.description:<{36 if keep else 20}}}"),
        bars.BarColumn(bar_width=30),
        bars.TaskProgressColumn(),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(compact=True, elapsed_when_finished=False),
        bars.TextColumn("left", style="dim"),
    )
    # The parts of a job differ in speed: the last minute says more than all that was.
    shown = bars.Progress(
        *columns, console=Console(stderr=True), transient=True, speed_estimate_period=60.0
    )
    with shown as bar:
        task = bar.add_task(escape(what), total=1.0)
        furthest = 0.0

        def show(progress: Progress) -> None:
            nonlocal furthest
            furthest = max(furthest, progress.fraction)
            stage = STAGES.get(progress.stage, progress.stage)
            words = f"{what}: {stage}" if keep else stage
            bar.update(task, completed=furthest, description=escape(words))

        yield show
