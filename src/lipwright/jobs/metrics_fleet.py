"""What the database knows of the whole fleet: the queue, the tasks, the leases, the callbacks.

Any process can tell it, so one scrape of one API process shows everything. Each number is one
query over an index, and none names a tenant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Transaction

from lipwright.jobs.outbox import DeliveryStatus
from lipwright.jobs.outlook import recent_speed
from lipwright.jobs.queue import QUEUES, ItemState
from lipwright.jobs.values import TaskStatus
from lipwright.store.clock import now_ms
from lipwright.store.tables import DeliveryRow, LeaseRow, QueueItemRow, TaskRow

LEASE_KINDS = ("worker", "take-over", "sweep", "video", "face")


@dataclass(frozen=True)
class Fleet:
    """The fleet at one moment.

    Attributes
    ----------
    tasks
        How many tasks are kept, by status; every status is there.
    items
        Work in the queue, parts of long renders included, by queue and state; every pair is there.
    oldest_waiting_s
        For how long the task that waits longest has waited; 0 if none waits.
    started_again
        Tasks in work that were started more than once: their first worker died or stopped.
    leases
        Leases that are held now, by kind.
    deliveries
        How many callbacks are kept, by status.
    oldest_delivery_s
        Age of the oldest callback that is still to be sent; 0 if there is none.
    work_per_video_s
        Seconds of work for a second of video: the median over the last tasks that succeeded;
        None before there is one.
    """

    tasks: Mapping[str, int]
    items: Mapping[tuple[str, str], int]
    oldest_waiting_s: float
    started_again: int
    leases: Mapping[str, int]
    deliveries: Mapping[str, int]
    oldest_delivery_s: float
    work_per_video_s: float | None


def look_at_fleet(transaction: Transaction) -> Fleet:
    """Count it all in one reading transaction."""
    now = now_ms()
    tasks = dict.fromkeys((status.value for status in TaskStatus), 0)
    found = transaction.execute(select(TaskRow.status, func.count()).group_by(TaskRow.status))
    tasks.update({status: count for status, count in found if status in tasks})
    items = {(queue, state.value): 0 for queue in QUEUES for state in ItemState}
    queued = transaction.execute(
        select(QueueItemRow.queue, QueueItemRow.state, func.count()).group_by(
            QueueItemRow.queue, QueueItemRow.state
        )
    )
    items.update({(queue, state): n for queue, state, n in queued if (queue, state) in items})
    waiting_since = transaction.scalar(
        select(func.min(TaskRow.created_at_ms)).where(TaskRow.status == TaskStatus.SUBMITTED.value)
    )
    started_again = transaction.scalar(
        select(func.count()).where(
            TaskRow.status == TaskStatus.PROCESSING.value, TaskRow.attempts > 1
        )
    )
    leases = dict.fromkeys(LEASE_KINDS, 0)
    for name in transaction.scalars(select(LeaseRow.name).where(LeaseRow.expires_at_ms > now)):
        kind = name.partition(":")[0]
        if kind in leases:
            leases[kind] += 1
    deliveries = dict.fromkeys((status.value for status in DeliveryStatus), 0)
    sent = transaction.execute(
        select(DeliveryRow.status, func.count()).group_by(DeliveryRow.status)
    )
    deliveries.update({status: count for status, count in sent if status in deliveries})
    pending_since = transaction.scalar(
        select(func.min(DeliveryRow.created_at_ms)).where(
            DeliveryRow.status == DeliveryStatus.PENDING.value
        )
    )
    speed = recent_speed(transaction)
    return Fleet(
        tasks=tasks,
        items=items,
        oldest_waiting_s=_age_s(waiting_since, now),
        started_again=started_again or 0,
        leases=leases,
        deliveries=deliveries,
        oldest_delivery_s=_age_s(pending_since, now),
        work_per_video_s=None if speed is None else speed * 1000,
    )


def _age_s(since_ms: int | None, now: int) -> float:
    return 0.0 if since_ms is None else max(0, now - since_ms) / 1000
