"""What comes after the load: waiting until all is done, and fetching the results."""

from __future__ import annotations

import time
from collections.abc import Callable

from chaos.journal import Journal
from chaos.load import Load, NoAnswerError, Order
from chaos.tables import Tables

STUCK_S = 600.0
"""A queue in which nothing has changed for so long will not get empty any more."""

TELL_S = 900.0
TIDY_S = 300.0


def drain(tables: Tables, journal: Journal) -> None:
    """Wait until all tasks have ended and all callbacks have arrived."""
    before: list[str] = []
    stuck_since = time.monotonic()
    while left := tables.unfinished():
        if left != before:
            before, stuck_since = left, time.monotonic()
        if time.monotonic() > stuck_since + STUCK_S:
            journal.note("stuck", f"{len(left)} tasks do not end")
            return
        time.sleep(0.5)
    journal.note("drain", "all tasks have ended")
    query = "select count(*) from deliveries where status = 'pending'"
    until(lambda: tables.count(query) == 0, TELL_S)
    journal.note("drain", "all callbacks have arrived")
    # The queue's own rows go a moment after the task has ended.
    until(lambda: tables.count("select count(*) from queue_items") == 0, TIDY_S)
    ended = "select count(*) from dbos.workflow_status where status = 'PENDING'"
    until(lambda: tables.count(ended) == 0, TIDY_S)


def until(done: Callable[[], bool], within_s: float, complaint: str = "") -> None:
    """Wait until something is so; after too long give up, with the complaint if there is one."""
    deadline = time.monotonic() + within_s
    while not done():
        if time.monotonic() > deadline:
            if complaint:
                raise SystemExit(f"chaos: {complaint}")
            return
        time.sleep(0.3)


def result_of(load: Load, order: Order) -> bytes | None:
    """Ask for a task as its owner does, and fetch what the signed link gives."""
    path = f"/v1/videos/advanced-lip-sync/{order.task_id}"
    try:
        videos = load.ask(order.tenant, "GET", path).json()["data"]["task_result"]["videos"]
    except NoAnswerError:
        return None
    return load.download(videos[0]["url"]) if videos else None
