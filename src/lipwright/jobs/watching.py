"""How work on a task shows its progress, and how it learns that it is not wanted any more."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

from lipwright.dubbing.types import Progress
from lipwright.jobs.attempts import Attempt, Attempts
from lipwright.store.outages import OUTAGES

PROGRESS_INTERVAL_S = 0.5

WATCH_INTERVAL_S = 0.3
"""How often the worker looks whether its task is still wanted."""


class Watch:
    """Writes progress into the task's row, now and then, and sees when the work is not wanted.

    Whoever cancels a task only changes its row: this is how the worker, maybe on another machine,
    learns of it.
    """

    def __init__(
        self,
        attempts: Attempts,
        attempt: Attempt,
        stopping: threading.Event,
        start: float = 0.0,
        end: float = 1.0,
    ) -> None:
        self._start = start
        self._end = end
        self._attempts = attempts
        self._stopping = stopping
        self._attempt = attempt
        self._reported = 0.0
        self._looked = time.monotonic()
        self.ended = False
        self.lost = False

    def report(self, progress: Progress) -> None:
        """Write the progress down, if that was not done a moment ago."""
        now = time.monotonic()
        if now - self._reported < PROGRESS_INTERVAL_S or not self._attempt.whole:
            return
        self._reported = now
        fraction = self._start + (self._end - self._start) * progress.fraction
        # Nothing is lost if the database is away: the next report says more.
        with suppress(*OUTAGES):
            self._attempts.update(self._attempt, stage=progress.stage, progress=fraction)

    def unwanted(self) -> bool:
        """Whether to stop: the worker stops, the task was ended, or another worker has it."""
        now = time.monotonic()
        if now - self._looked >= WATCH_INTERVAL_S:
            self._looked = now
            # While the database is away nobody can have taken the task over for good: the next
            # look tells, and nothing is published without one.
            with suppress(*OUTAGES):
                self.look()
        return self.ended or self.lost or self._stopping.is_set()

    def look(self) -> None:
        """Ask the database how the task stands; raises what keeps it from answering."""
        self.ended, self.lost = self._attempts.standing(self._attempt)
