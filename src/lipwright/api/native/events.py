"""A task's progress as server-sent events: a reader learns of changes without asking.

Every event carries the whole task, so whoever reconnects needs no history: he gets the present
state, unless it is the one that he has seen already (``Last-Event-ID``).
"""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import anyio

from lipwright.api.native.schemas import OwnTask
from lipwright.jobs.values import NotFoundError

POLL_S = 0.3
HEARTBEAT_S = 15.0
RETRY_MS = 2000
MOST_READERS = 200

_ENDED = ("succeeded", "failed", "cancelled")


def event_id(task: OwnTask) -> str:
    """Return the id of the event that shows a task as it is."""
    return f"{task.updated_at}-{task.status}-{task.progress}-{task.queue_position or 0}"


def has_ended(task: OwnTask) -> bool:
    """Whether nothing about the task will change any more."""
    return task.status in _ENDED


def event(task: OwnTask, name: str) -> bytes:
    """Write one event."""
    data = json.dumps(task.model_dump(), ensure_ascii=False, separators=(",", ":"))
    return f"id: {event_id(task)}\nevent: {name}\ndata: {data}\n\n".encode()


async def events(
    first: OwnTask,
    look: Callable[[], Awaitable[OwnTask]],
    last_id: str,
    closing: Callable[[], bool] = lambda: False,
) -> AsyncIterator[bytes]:
    """Yield the event stream of a task until it has ended.

    Parameters
    ----------
    first
        The task now.
    look
        Looks the task up again; raises `NotFoundError` once it is gone.
    last_id
        The event that the reader saw last, empty if none.
    closing
        Whether the service winds down: the stream ends, and the reader will come back.
    """
    yield f"retry: {RETRY_MS}\n\n".encode()
    task, seen, status = first, last_id, ""
    spoke = time.monotonic()
    while True:
        if event_id(task) != seen:
            yield event(task, "progress" if task.status == status else "status")
            spoke = time.monotonic()
        seen, status = event_id(task), task.status
        if has_ended(task):
            return
        if time.monotonic() - spoke >= HEARTBEAT_S:
            yield b": still here\n\n"
            spoke = time.monotonic()
        await anyio.sleep(POLL_S)
        if closing():
            return
        try:
            task = await look()
        except NotFoundError:
            return
