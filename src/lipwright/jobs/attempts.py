"""A task's row as one start of its work may change it.

Each start of a task is an attempt with a number; whatever an attempt writes into the task's row
it writes only while that number is still the row's, so a worker that was thought dead and taken
over cannot disturb its successor.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lipwright.jobs import metrics, spans
from lipwright.jobs.orders import Order
from lipwright.jobs.stores import Stores
from lipwright.jobs.transitions import end_unpaid, enter
from lipwright.jobs.values import FINAL, TaskStatus
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.ids import new_id
from lipwright.store.tables import TaskRow

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempt:
    """One start of a task.

    ``whole`` is false for the work on a part of a divided task, and for the joining of the parts:
    many workers are at it, and none of them speaks for the task.
    """

    task_id: str
    account_id: str
    number: int
    whole: bool = True


class Attempts:
    """The attempts in a database; thread-safe."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self._settings = settings
        self._stores = stores

    def begin(self, task_id: str, deaths: int = 0) -> Attempt | None:
        """Count one more start of a task; None if there is nothing (more) to do for it.

        Parameters
        ----------
        task_id
            The task.
        deaths
            How many workers died while they worked on nothing else. Starts that ended otherwise,
            or may have ended through another task's fault, are not held against it.
        """
        with self._stores.database.write() as session:
            row = session.get(TaskRow, task_id, with_for_update=True)
            if row is None or row.status in FINAL:
                return None
            if deaths < self._settings.max_attempts:
                row.attempts += 1
                row.started_at_ms = now_ms()
                row.progress = 0.0
                enter(session, self._stores.signer, row, TaskStatus.PROCESSING)
                if row.attempts == 1:
                    spans.past("queue", row.created_at_ms, row.started_at_ms)
                return Attempt(task_id, row.account_id, row.attempts)
            attempt = Attempt(task_id, row.account_id, row.attempts)
        self.fail(
            attempt,
            f"the work was interrupted {attempt.number} times and is not tried again",
            "interrupted",
        )
        return None

    def request_of(self, task_id: str) -> str:
        """Return the id of the request that made a task, for the log."""
        with self._stores.database.read() as session:
            query = select(TaskRow.request_id).where(TaskRow.id == task_id)
            return session.scalar(query) or ""

    def trace_of(self, task_id: str) -> str:
        """Return where in a trace the task was accepted; empty where no traces are made."""
        if not spans.are_on():
            return ""
        with self._stores.database.read() as session:
            order = session.scalar(select(TaskRow.order).where(TaskRow.id == task_id))
        return str((order or {}).get("trace", ""))

    def order_of(self, attempt: Attempt) -> Order:
        """Return what the task is to do, as it stands in its row."""
        with self._stores.database.read() as session:
            row = session.get_one(TaskRow, attempt.task_id)
            return Order.from_dict(row.order)

    def finish(self, attempt: Attempt, result: dict[str, Any]) -> None:
        """Mark the task as succeeded, unless it was ended while its file was published."""
        with self._stores.database.write() as session:
            row = self._mine(session, attempt)
            if row is not None:
                row.stage = "done"
                row.progress = 1.0
                row.result_id = new_id()
                row.result_key = result["key"]
                row.result_duration_ms = result["duration_ms"]
                row.watermark_key = result.get("watermark_key")
                row.warnings = result["warnings"]
                row.expires_at_ms = now_ms() + self._settings.result_ms
                enter(session, self._stores.signer, row, TaskStatus.SUCCEED)
                ended = False
            else:
                row = session.get(TaskRow, attempt.task_id)
                ended = row is not None and row.status in FINAL and row.result_key is None
                row = None
        if row is not None:
            metrics.count_end("succeed")
        if ended:
            for key in (result["key"], result.get("watermark_key")):
                if key is not None:
                    self._stores.artifacts.remove(key)

    def fail(self, attempt: Attempt, message: str, reason: str = metrics.OTHER) -> None:
        """Mark the task as failed and give the money back, together.

        The message is for its owner, the reason's stable word for whoever watches the fleet.
        """
        with self._stores.database.write() as session:
            row = self._mine(session, attempt)
            if row is None:
                return
            end_unpaid(session, self._stores.signer, row, TaskStatus.FAILED, message)
        metrics.count_end("failed", reason)
        log.warning("task %s failed: %s", attempt.task_id, message)

    def _mine(self, session: Session, attempt: Attempt) -> TaskRow | None:
        """Lock and return the task's row unless it is final or belongs to a later attempt."""
        row = session.get(TaskRow, attempt.task_id, with_for_update=True)
        if row is None or row.status in FINAL or row.attempts != attempt.number:
            return None
        return row

    def give_back(self, attempt: Attempt) -> None:
        """Take back the counting of an attempt that ended only because the worker stops."""
        if not attempt.whole:
            return  # others are at work on it
        self.update(attempt, attempts=attempt.number - 1)

    def standing(self, attempt: Attempt) -> tuple[bool, bool]:
        """Whether the task has ended, and whether it belongs to a later attempt."""
        with self._stores.database.read() as session:
            found = session.execute(
                select(TaskRow.status, TaskRow.attempts).where(TaskRow.id == attempt.task_id)
            ).one_or_none()
        if found is None or found.status in FINAL:
            return True, False
        return False, found.attempts != attempt.number

    def update(self, attempt: Attempt, **values: Any) -> bool:
        """Change the task's row unless it belongs to a later attempt or is final already."""
        with self._stores.database.write() as session:
            changed = session.execute(
                update(TaskRow)
                .where(
                    TaskRow.id == attempt.task_id,
                    TaskRow.attempts == attempt.number,
                    TaskRow.status.not_in(FINAL),
                )
                .values(updated_at_ms=now_ms(), **values)
                .returning(TaskRow.id)
            ).all()
        return bool(changed)
