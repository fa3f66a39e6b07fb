"""Work on a task under supervision: in a child or a thread, given up when it is not wanted."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TypeVar

from lipwright.dubbing.types import Progress
from lipwright.jobs import metrics
from lipwright.jobs.attempts import Attempt, Attempts
from lipwright.jobs.child import Child, ChildCancelledError, ChildLimits
from lipwright.jobs.watching import Watch
from lipwright.settings import Settings
from lipwright.store.outages import OUTAGES

PATIENCE_S = 60.0
"""How long work waits for a database or an object store that is away before it is left."""

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class WorkLeftError(BaseException):
    """This process leaves the task as it is, for another or a later worker to do.

    Not an ``Exception``: the job engine would try the step again, here and now.
    """


class WorkHeldError(BaseException):
    """The task waits for its parts: it is laid aside until they are done.

    Not an ``Exception``, for the same reason.
    """


class TaskEndedError(Exception):
    """The task was ended, by its owner, while it was worked on: there is nothing left to do."""


class Supervisor:
    """Runs what belongs to attempts and ends it when it must end; thread-safe."""

    def __init__(self, settings: Settings, attempts: Attempts) -> None:
        self._settings = settings
        self._attempts = attempts
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._running = 0

    def stop(self, wait_s: float) -> bool:
        """Kill the children and leave their tasks to others; False if some work goes on."""
        self._stopping.set()
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            with self._lock:
                if self._running == 0:
                    return True
            time.sleep(0.02)
        return False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count a workflow as running for the length of the block."""
        with self._lock:
            if self._stopping.is_set():
                raise WorkLeftError
            self._running += 1
        metrics.RUNNING.inc()
        try:
            yield
        finally:
            metrics.RUNNING.dec()
            with self._lock:
                self._running -= 1

    def run_child(
        self,
        attempt: Attempt,
        function: str,
        arguments: dict[str, Any],
        limits: ChildLimits,
        *,
        start: float = 0.0,
        end: float = 1.0,
        entered: Callable[[str], object] = lambda stage: None,
    ) -> dict[str, Any]:
        """Run a child, whose progress is that of the task from ``start`` to ``end``.

        ``entered`` is told of each stage as it begins.
        """
        watch = Watch(self._attempts, attempt, self._stopping, start, end)
        clock = metrics.StageClock("prepare")

        def progress(value: Progress) -> None:
            if clock.enter(value.stage):
                entered(value.stage)
            watch.report(value)

        environment = {
            "LIPWRIGHT_MODELS_DIR": str(self._settings.models_dir),
            "LIPWRIGHT_NEURAL_DEVICE": self._settings.neural_device,
            "LIPWRIGHT_MOUTH_WEIGHTS": self._settings.mouth_weights,
        }
        try:
            # A render takes minutes and wants every core; who asks about it wants an answer now.
            with Child(environment=environment, yielding=True) as child:
                found = child.run(
                    function, arguments, limits, progress=progress, cancelled=watch.unwanted
                )
        except ChildCancelledError:
            self._leave(attempt, watch)
        clock.stop()
        return found

    def run_thread(self, attempt: Attempt, work: Callable[[], None]) -> None:
        """Do something in a thread that is left to itself when the task is not wanted any more."""
        outcome: Future[None] = Future()

        def run() -> None:
            try:
                work()
                outcome.set_result(None)
            except BaseException as error:
                outcome.set_exception(error)

        threading.Thread(target=run, name="fetch", daemon=True).start()
        watch = Watch(self._attempts, attempt, self._stopping)
        while not outcome.done():
            if watch.unwanted():
                self._leave(attempt, watch)
            wait([outcome], timeout=0.1)
        outcome.result()

    def leaver(self, attempt: Attempt) -> Callable[[], None]:
        """Return a function that ends a wait once the task is not wanted any more."""
        watch = Watch(self._attempts, attempt, self._stopping)

        def leave_if_unwanted() -> None:
            if watch.unwanted():
                self._leave(attempt, watch)

        return leave_if_unwanted

    def check(self, attempt: Attempt) -> None:
        """Return only if the task is still this attempt's to do, as the database says now."""
        watch = Watch(self._attempts, attempt, self._stopping)
        self.patiently(attempt, watch.look)
        if watch.ended or watch.lost or self._stopping.is_set():
            self._leave(attempt, watch)

    def patiently(self, attempt: Attempt, work: Callable[[], _T]) -> _T:
        """Do what needs the database or the object store, again and again while these are away.

        What was rendered is too dear to be thrown away because of a restart elsewhere.
        """
        deadline = time.monotonic() + PATIENCE_S
        pause = 0.2
        while True:
            try:
                return work()
            except OUTAGES as error:
                if time.monotonic() > deadline:
                    raise
                log.warning("task %s waits for what is away: %s", attempt.task_id, error)
            if self._stopping.wait(pause):
                raise WorkLeftError
            pause = min(2 * pause, 3.0)

    def _leave(self, attempt: Attempt, watch: Watch) -> NoReturn:
        """Stop working on a task, in the way that the reason asks for."""
        if watch.ended:
            metrics.count_end("cancelled")
            log.info("task %s was ended while it was worked on", attempt.task_id)
            raise TaskEndedError
        if not watch.lost:
            with suppress(*OUTAGES):
                self._attempts.give_back(attempt)
        raise WorkLeftError
