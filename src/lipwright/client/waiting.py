"""Wait for a task to end: by its events where the service sends them, else by asking."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from lipwright.client.errors import (
    BusyError,
    ConnectionFailedError,
    ServiceError,
    TaskCancelledError,
    TaskFailedError,
    WaitTimeoutError,
)
from lipwright.client.events import EventReader
from lipwright.client.flows import Flows
from lipwright.client.parsing import own_task_from
from lipwright.client.steps import Answer, Flow, LostError, Open, Pause, Read
from lipwright.client.values import Status, Task, TaskSink

SILENCE_S = 45.0
"""lipwright sends something every 15 s; a stream that is silent for longer is dead."""

R = TypeVar("R")

GIVE_UP_S = 120.0
"""How long a service may be away, as for a restart, before waiting for its task is given up."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, and how often to ask where there are no events.

    Attributes
    ----------
    timeout_s
        None: as long as it takes.
    first_s, most_s
        The pause between two questions grows from the first to the longest.
    """

    timeout_s: float | None = None
    first_s: float = 1.0
    most_s: float = 10.0


def wait(flows: Flows, task: Task | str, patience: Patience, tell: TaskSink | None) -> Flow[Task]:
    """Wait until a task has succeeded.

    Raises
    ------
    TaskFailedError
        It has ended otherwise.
    WaitTimeoutError
        It goes on.
    """
    waiting = _Waiting(flows, task, patience, tell)
    ended = yield from waiting.run()
    if ended.status is Status.CANCELLED:
        raise TaskCancelledError(ended)
    if ended.status is not Status.SUCCEEDED:
        raise TaskFailedError(ended)
    return ended


class _Waiting:
    def __init__(
        self, flows: Flows, task: Task | str, patience: Patience, tell: TaskSink | None
    ) -> None:
        self._flows = flows
        self._id = task.id if isinstance(task, Task) else task
        self._patience = patience
        self._tell = tell
        self._seen: Task | None = None
        self._event_id = ""
        self._started = time.monotonic()
        self._heard = time.monotonic()

    def run(self) -> Flow[Task]:
        pause_s = self._patience.first_s
        events = yield from self._patiently(self._flows.is_lipwright)
        while True:
            if events:
                events = yield from self._watch()
            # Asked at the end of a stream, too: only this answer says what was charged.
            task: Task = yield from self._patiently(lambda: self._flows.query(self._id))
            self._see(task)
            if task.ended:
                return task
            yield Pause(min(pause_s, self._left_s()))
            self._check_time()
            pause_s = min(self._patience.most_s, pause_s * 1.3)

    def _watch(self) -> Flow[bool]:
        """Follow the stream until it ends or breaks; say whether it is worth another try."""
        flows = self._flows
        headers = {**flows.headers(), "Accept": "text/event-stream"}
        if self._event_id:
            headers["Last-Event-ID"] = self._event_id
        url = flows.address.own(f"v1/lipwright/tasks/{flows.id_of(self._id)}/events")
        reader = EventReader()
        try:
            answer: Answer = yield Open(url, headers, read_s=min(SILENCE_S, self._left_s() + 0.1))
            if answer.status != 200:
                return answer.status not in (404, 429)
            while True:
                piece: bytes | None = yield Read()
                self._heard = time.monotonic()
                if piece is None:
                    return True
                for event in reader.feed(piece):
                    self._event_id = event.id
                    self._see(own_task_from(json.loads(event.data)))
                if self._seen is not None and self._seen.ended:
                    return True
                self._check_time()
        except LostError:
            self._check_time()
            return True

    def _patiently(self, ask: Callable[[], Flow[R]]) -> Flow[R]:
        """Ask until the service answers: it may be away for a while."""
        while True:
            try:
                answer = yield from ask()
            except (ConnectionFailedError, ServiceError, BusyError):
                if time.monotonic() - self._heard > GIVE_UP_S:
                    raise
            else:
                self._heard = time.monotonic()
                return answer
            yield Pause(min(2.0, self._left_s()))
            self._check_time()

    def _see(self, task: Task) -> None:
        # A look and an event of the same moment differ in what was charged and in links only.
        before, self._seen = self._seen, task
        same = before is not None and _shown(before) == _shown(task)
        if self._tell is not None and not same:
            self._tell(task)

    def _left_s(self) -> float:
        if self._patience.timeout_s is None:
            return float("inf")
        return max(0.0, self._started + self._patience.timeout_s - time.monotonic())

    def _check_time(self) -> None:
        if self._left_s() <= 0:
            raise WaitTimeoutError(
                f"task {self._id} has not ended within {self._patience.timeout_s:g} s", self._seen
            )


def _shown(task: Task) -> Task:
    return replace(task, charged=None, source=None, videos=(), updated_at_ms=0)
