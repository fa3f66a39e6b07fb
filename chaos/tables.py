"""A look into the database, past the service and past the network that is cut."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

FINAL = ("succeed", "failed", "cancelled")

_AT_WORK = """
select t.id, t.stage, t.progress, t.attempts, t.started_at_ms,
       coalesce(
           (select max(q.holder) from queue_items q where q.task_id = t.id),
           (select max(w.executor_id) from dbos.workflow_status w where w.workflow_uuid = t.id)
       ) as holder,
       exists (select 1 from artifacts a
               where a.key = 'accounts/' || t.account_id || '/results/' || t.id || '.mp4'
       ) as has_result
from tasks t where t.status = 'processing'
"""


@dataclass(frozen=True)
class Work:
    """A task that some worker has begun."""

    task_id: str
    stage: str
    attempts: int
    started_at_ms: int
    pid: int | None


class Tables:
    """Reads rows; waits while the server is away. Thread-safe."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[dict[str, Any]] | None = None

    def rows(self, query: str, *values: Any, within_s: float = 180.0) -> list[dict[str, Any]]:
        """Return what a query finds."""
        deadline = time.monotonic() + within_s
        with self._lock:
            while True:
                try:
                    if self._connection is None or self._connection.closed:
                        self._connection = psycopg.connect(
                            self._url, autocommit=True, row_factory=dict_row, connect_timeout=5
                        )
                    return self._connection.execute(query, values or None).fetchall()
                except psycopg.OperationalError:
                    self._connection = None
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.2)

    def at_work(self) -> list[Work]:
        """Return the tasks that are worked on, and in which of our four stages they are."""
        return [
            Work(
                row["id"],
                _stage(row),
                row["attempts"],
                row["started_at_ms"] or 0,
                int(row["holder"].split("-")[-2]) if row["holder"] else None,
            )
            for row in self.rows(_AT_WORK)
        ]

    def task(self, task_id: str) -> dict[str, Any]:
        """Return a task's row."""
        return self.rows("select * from tasks where id = %s", task_id)[0]

    def unfinished(self) -> list[str]:
        """Return the ids of the tasks that have not ended."""
        rows = self.rows("select id from tasks where status <> all(%s) order by id", list(FINAL))
        return [row["id"] for row in rows]

    def count(self, query: str, *values: Any) -> int:
        """Return the one number that a query finds."""
        [row] = self.rows(query, *values)
        return int(next(iter(row.values())))

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


def _stage(row: dict[str, Any]) -> str:
    # A result's row is there before its file; that of an earlier attempt tells nothing.
    if row["has_result"] and row["attempts"] == 1:
        return "publish"
    if row["stage"] in ("", "faces"):
        return "prepare"
    return "encode" if row["stage"] == "render" and row["progress"] > 0.5 else "render"
