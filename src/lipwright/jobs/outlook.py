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
from typing import Any, NamedTuple, Self

from sqlalchemy import BigInteger, Row, bindparam, case, cast, func, select, tuple_
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


Work = TaskRow | Row[Any]
"""A task's row, or as much of it as `lipwright.jobs.records.task_views` takes."""


def outlooks(
    transaction: Transaction,
    rows: Sequence[Work],
    slots: Slots,
    settings: Settings,
    speed: float | None,
) -> dict[str, Outlook]:
    """Look ahead for tasks; however many they are, the database is asked twice at most.

    Parameters
    ----------
    transaction
        For reading.
    rows
        The tasks.
    slots
        What the living workers offer.
    settings
        How many of an account's tasks run at once, where it has no rule of its own.
    speed
        What `recent_speed` says, now or a moment ago.

    Returns
    -------
    dict
        By the tasks' ids.
    """
    waiting = [row for row in rows if row.status == TaskStatus.SUBMITTED]
    places = _places(transaction, [row.id for row in waiting]) if waiting else {}
    can_tell = speed is not None and any(slots.of(place.queue) for place in places.values())
    running = _running(transaction) if can_tell else []
    found = {}
    for row in rows:
        ahead = Outlook()
        if row.status == TaskStatus.PROCESSING:
            ahead = Outlook(eta_s=_left_s(row, speed))
        # A task of the first release, which nobody has taken into the queue yet, has no place.
        elif place := places.get(row.id):
            ahead = _ahead(row, place, running, slots, settings, speed)
        found[row.id] = ahead
    return found


@dataclass(frozen=True)
class _Place:
    """A waiting task's queue, and what goes before it: of all, and of its own account."""

    queue: str
    count: int
    length_ms: int
    count_own: int
    length_own_ms: int
    own_running: int | None
    """The account's own rule."""


class _Running(NamedTuple):
    """A task that is being worked on."""

    account_id: str
    queue: str
    started_at_ms: int | None
    progress: float
    parent_duration_ms: int


def _places(transaction: Transaction, ids: Sequence[str]) -> dict[str, _Place]:
    rows = transaction.execute(_PLACES, {"ids": padded(ids)})
    return {id: _Place(*place) for id, *place in rows}


def padded(values: Sequence[str]) -> list[str]:
    """Repeat the last value up to a power of two: few lengths make few statements to prepare."""
    length = 1 << (len(values) - 1).bit_length()
    return [*values, *[values[-1]] * (length - len(values))]


_item, _before = QueueItemRow.__table__.alias(), QueueItemRow.__table__.alias()
_own = _before.c.account_id == _item.c.account_id
_cost = func.coalesce(_before.c.cost_ms, 0)
_PLACES = (
    select(
        _item.c.id,
        _item.c.queue,
        func.count(_before.c.id),
        cast(func.coalesce(func.sum(_before.c.cost_ms), 0), BigInteger),
        func.count(case((_own, _before.c.id))),
        cast(func.sum(case((_own, _cost), else_=0)), BigInteger),
        func.max(AccountRow.__table__.c.running),
    )
    .select_from(_item)
    .outerjoin(
        _before,
        (_before.c.state == ItemState.WAITING.value)
        & (_before.c.queue == _item.c.queue)
        & (
            tuple_(_before.c.rank, _before.c.queued_at_ms, _before.c.id)
            < tuple_(_item.c.rank, _item.c.queued_at_ms, _item.c.id)
        ),
    )
    .outerjoin(AccountRow.__table__, AccountRow.__table__.c.id == _item.c.account_id)
    .where(_item.c.id.in_(bindparam("ids", expanding=True)))
    .group_by(_item.c.id, _item.c.queue)
)


def _running(transaction: Transaction) -> list[_Running]:
    return [_Running(*row) for row in transaction.execute(_AT_WORK)]


_task = TaskRow.__table__
_AT_WORK = (
    select(
        _task.c.account_id,
        _item.c.queue,
        _task.c.started_at_ms,
        _task.c.progress,
        _task.c.parent_duration_ms,
    )
    .join(_item, _item.c.id == _task.c.id)
    .where(_item.c.state == ItemState.RUNNING.value)
)


def _ahead(
    row: Work,
    place: _Place,
    running: Sequence[_Running],
    slots: Slots,
    settings: Settings,
    speed: float | None,
) -> Outlook:
    free = slots.of(place.queue)
    if speed is None or free == 0 or row.parent_duration_ms == 0:
        return Outlook(place.count + 1)
    running = [task for task in running if task.queue == place.queue]
    start_s = _start_s(running, place.count, place.length_ms, free, speed)
    most = settings.account_running if place.own_running is None else place.own_running
    if 0 < most < free:
        # The account's own tasks wait for each other, however many slots there are.
        own = [task for task in running if task.account_id == row.account_id]
        own_s = _start_s(own, place.count_own, place.length_own_ms, most, speed)
        start_s = max(start_s, own_s)
    return Outlook(place.count + 1, start_s + row.parent_duration_ms * speed)


def _start_s(
    running: Sequence[_Running], count: int, length_ms: int, slots: int, speed: float
) -> float:
    """In how many s a slot is free, if what runs and what goes before is shared by the slots."""
    if len(running) + count < slots:
        return 0.0
    left_s = sum(_left_s(task, speed) or 0.0 for task in running)
    return (left_s + length_ms * speed) / slots


def _left_s(row: Work | _Running, speed: float | None) -> float | None:
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
