"""How long a task will still take, told from how long others took: measured, or not said.

A task's work is proportional to its video's length, near enough; how fast this machine works is
the median over the tasks that succeeded last. A task that is well under way is judged by its
own progress instead. A place in the queue is the place at this moment: tasks that are accepted
later may still come in between, because accounts take turns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session as Transaction

from lipwright.jobs.queue import CPU, GPU, QUEUES, ItemState
from lipwright.jobs.values import TaskStatus
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.leases import Offer
from lipwright.store.tables import AccountRow, QueueItemRow, TaskRow

_REMEMBERED = 20
_TELLING_PROGRESS = 0.2
"""From this fraction on, a task's own progress says more than other tasks."""

_TELLING_MS = 2000


@dataclass(frozen=True)
class Outlook:
    """Place in the queue from 1, None once the work has begun; seconds left, None if unknown."""

    queue_position: int | None = None
    eta_s: float | None = None


@dataclass(frozen=True)
class Slots:
    """How many tasks are worked on at the same time, by queue."""

    by_queue: Mapping[str, int]

    @classmethod
    def offered(cls, offers: Sequence[Offer], otherwise: int) -> Self:
        """Add up what workers offer; one that does not say counts as ``otherwise``."""
        slots = dict.fromkeys(QUEUES, 0)
        for offer in offers:
            for queue in QUEUES:
                if queue in offer.queues or (queue == CPU and not offer.slots):
                    slots[queue] += 1 if queue == GPU else offer.slots or otherwise
        # Work for a GPU is done without one while no worker has one.
        return cls({**slots, GPU: slots[GPU] or slots[CPU]})

    def of(self, queue: str) -> int:
        """Slots of a queue; 0 while no worker takes from it."""
        return self.by_queue.get(queue, 0)


def outlook(
    transaction: Transaction,
    row: TaskRow,
    slots: Slots,
    settings: Settings,
    speed: float | None,
) -> Outlook:
    """Look ahead for one task.

    Parameters
    ----------
    transaction
        For reading.
    row
        The task.
    slots
        What the living workers offer.
    settings
        How many of an account's tasks run at once, where it has no rule of its own.
    speed
        What `recent_speed` says, now or a moment ago.
    """
    match row.status:
        case TaskStatus.SUBMITTED:
            return _waiting(transaction, row, slots, settings, speed)
        case TaskStatus.PROCESSING:
            return Outlook(eta_s=_left_s(row, speed))
        case _:
            return Outlook()


def _waiting(
    transaction: Transaction,
    row: TaskRow,
    slots: Slots,
    settings: Settings,
    speed: float | None,
) -> Outlook:
    item = transaction.get(QueueItemRow, row.id)
    if item is None:
        return Outlook()  # a task of the first release, which nobody has taken into the queue yet
    before = (
        (QueueItemRow.state == ItemState.WAITING.value)
        & (QueueItemRow.queue == item.queue)
        & (
            tuple_(QueueItemRow.rank, QueueItemRow.queued_at_ms, QueueItemRow.id)
            < tuple_(item.rank, item.queued_at_ms, item.id)
        )
    )
    count, length_ms = _sum(transaction, before)
    free = slots.of(item.queue)
    if speed is None or free == 0 or row.parent_duration_ms == 0:
        return Outlook(count + 1)
    start_s = _start_s(transaction, item.queue, count, length_ms, free, speed)
    account = transaction.get(AccountRow, row.account_id)
    most = settings.account_running
    if account is not None and account.running is not None:
        most = account.running
    if 0 < most < free:
        # The account's own tasks wait for each other, however many slots there are.
        own = QueueItemRow.account_id == row.account_id
        count_own, length_own_ms = _sum(transaction, before & own)
        start_s = max(
            start_s,
            _start_s(transaction, item.queue, count_own, length_own_ms, most, speed, own),
        )
    return Outlook(count + 1, start_s + row.parent_duration_ms * speed)


def _sum(transaction: Transaction, which: ColumnElement[bool]) -> tuple[int, int]:
    """Count items and their lengths in ms."""
    count, length_ms = transaction.execute(
        select(func.count(), func.coalesce(func.sum(QueueItemRow.cost_ms), 0)).where(which)
    ).one()
    return count, int(length_ms)


def _start_s(
    transaction: Transaction,
    queue: str,
    count: int,
    length_ms: int,
    slots: int,
    speed: float,
    *which: ColumnElement[bool],
) -> float:
    """In how many s a slot is free, if what runs and what goes before is shared by the slots."""
    running = transaction.scalars(
        select(TaskRow)
        .join(QueueItemRow, QueueItemRow.id == TaskRow.id)
        .where(QueueItemRow.state == ItemState.RUNNING.value, QueueItemRow.queue == queue, *which)
    ).all()
    if len(running) + count < slots:
        return 0.0
    left_s = sum(_left_s(task, speed) or 0.0 for task in running)
    return (left_s + length_ms * speed) / slots


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
