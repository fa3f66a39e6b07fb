"""How long a task will still take, told from how long others took: measured, or not said.

A task's work is proportional to its video's length, near enough; how fast this machine works is
the median over the tasks that succeeded last. A task that is well under way is judged by its
own progress instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as Transaction

from lipwright.jobs.values import TaskStatus
from lipwright.store.clock import now_ms
from lipwright.store.tables import TaskRow

_REMEMBERED = 20
_TELLING_PROGRESS = 0.2
"""From this fraction on, a task's own progress says more than other tasks."""

_TELLING_MS = 2000


@dataclass(frozen=True)
class Outlook:
    """Place in the queue from 1, None once the work has begun; seconds left, None if unknown."""

    queue_position: int | None = None
    eta_s: float | None = None


def outlook(transaction: Transaction, row: TaskRow, slots: int) -> Outlook:
    """Look ahead for one task.

    Parameters
    ----------
    transaction
        For reading.
    row
        The task.
    slots
        How many tasks are worked on at the same time; 0 while no worker lives.
    """
    match row.status:
        case TaskStatus.SUBMITTED:
            return _waiting(transaction, row, slots)
        case TaskStatus.PROCESSING:
            return Outlook(eta_s=_left_s(row, recent_speed(transaction)))
        case _:
            return Outlook()


def _waiting(transaction: Transaction, row: TaskRow, slots: int) -> Outlook:
    waiting = TaskRow.status == TaskStatus.SUBMITTED.value
    before = or_(
        TaskRow.created_at_ms < row.created_at_ms,
        (TaskRow.created_at_ms == row.created_at_ms) & (TaskRow.id < row.id),
    )
    count, length_ms = transaction.execute(
        select(func.count(), func.coalesce(func.sum(TaskRow.parent_duration_ms), 0)).where(
            waiting, before
        )
    ).one()
    speed = recent_speed(transaction)
    if speed is None or slots == 0 or row.parent_duration_ms == 0:
        return Outlook(count + 1)
    running = transaction.scalars(
        select(TaskRow).where(TaskRow.status == TaskStatus.PROCESSING.value)
    ).all()
    start_s = 0.0
    if len(running) + count >= slots:
        # All that goes before is shared by the slots.
        left_s = sum(_left_s(task, speed) or 0.0 for task in running)
        start_s = (left_s + float(length_ms) * speed) / slots
    return Outlook(count + 1, start_s + row.parent_duration_ms * speed)


def _left_s(row: TaskRow, speed: float | None) -> float | None:
    if row.started_at_ms is None:
        return None
    elapsed_ms = max(0, now_ms() - row.started_at_ms)
    if row.progress >= _TELLING_PROGRESS and elapsed_ms >= _TELLING_MS:
        return elapsed_ms / 1000 * (1 - row.progress) / row.progress
    if speed is None or row.parent_duration_ms == 0:
        return None
    return max(0.0, row.parent_duration_ms * speed - elapsed_ms / 1000)


def recent_speed(transaction: Transaction) -> float | None:
    """Seconds of work for a ms of video, over the last tasks that succeeded."""
    rows = transaction.execute(
        select(TaskRow.started_at_ms, TaskRow.updated_at_ms, TaskRow.parent_duration_ms)
        .where(
            TaskRow.status == TaskStatus.SUCCEED.value,
            TaskRow.started_at_ms.is_not(None),
            TaskRow.parent_duration_ms > 0,
        )
        .order_by(TaskRow.updated_at_ms.desc())
        .limit(_REMEMBERED)
    ).all()
    speeds = [(end - start) / 1000 / length for start, end, length in rows if start is not None]
    return median(speeds) if speeds else None
