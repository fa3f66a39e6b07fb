"""The queue: what waits for a worker, who took what, and what becomes of a dead worker's work.

An item is put in by the transaction that accepts it and removed when the work on it is over. A
worker takes the next one under a lock on the queue's clock, so the limits hold exactly: an
account's on what runs at once, and the slots that are kept free of long videos.

A worker that dies with one item at work makes it that item's fault; with several at work nobody
knows whose fault it was, so none is blamed, but each is done alone from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session as Transaction

from lipwright.jobs.fairness import rank_for
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.leases import Leases, Offer
from lipwright.store.tables import AccountRow, LeaseRow, QueueClockRow, QueueItemRow

CPU = "cpu"
GPU = "gpu"
QUEUES = (CPU, GPU)

FORMAT = 2
"""What this release's workers understand, and what they must understand to do what it accepts.
Raise it when an item is made that workers of the release before could not do right. (The first
release had no queue of its own; its tasks count as 1.)"""

TASK = "lipsync"
"""Kind of the items that are whole tasks; their id is the task's."""

PART = "part"
"""Kind of the items that are parts of a task, which its own item waits for: see
`lipwright.jobs.parts`."""

WORKER_PREFIX = "worker:"

_KEPT_FREE = 8
"""Of so many slots one is kept free of long videos, and always at least one."""


class ItemState(StrEnum):
    """WAITING for a worker, RUNNING on one, or HELD until somebody wakes it."""

    WAITING = "waiting"
    RUNNING = "running"
    HELD = "held"


@dataclass(frozen=True)
class NewItem:
    """A piece of work to be put into the queue.

    Attributes
    ----------
    id
        The task's id, or one made of it for a part of the task.
    task_id, account_id
        Whose work it is.
    kind
        Which workflow does it: see `lipwright.jobs.workflow`.
    queue
        `CPU` or `GPU`.
    cost_ms
        Length of video to be rendered, 0 if not known yet.
    priority
        A `lipwright.jobs.fairness.Priority`.
    arguments
        What the workflow must know, JSON-able.
    format
        What a worker must understand.
    """

    id: str
    task_id: str
    account_id: str
    kind: str = TASK
    queue: str = CPU
    cost_ms: int = 0
    priority: int = 0
    arguments: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True)
class Item:
    """A piece of work that a worker has taken.

    ``alone`` says that nothing else may run in the worker beside it; ``deaths`` how many workers
    died while they did only this.
    """

    id: str
    task_id: str
    account_id: str
    kind: str
    queue: str
    alone: bool
    deaths: int
    priority: int
    cost_ms: int
    rank: int
    arguments: dict[str, Any]


def put(
    transaction: Transaction, item: NewItem, *, rank: int | None = None, held: bool = False
) -> None:
    """Put an item in, in the transaction that makes it.

    Parameters
    ----------
    transaction
        Has locked the account's row, unless there is a rank.
    item
        What is to be done.
    rank
        Its turn, where that follows from the item that it is a part of and that has been counted
        already; None: behind all that the account has asked for with this priority.
    held
        Whether it must not be taken before `wake`.
    """
    if rank is None:
        rank = rank_for(transaction, item.queue, item.account_id, item.priority, item.cost_ms)
    state = ItemState.HELD if held else ItemState.WAITING
    transaction.add(
        QueueItemRow(
            id=item.id,
            task_id=item.task_id,
            account_id=item.account_id,
            kind=item.kind,
            queue=item.queue,
            format=item.format,
            priority=item.priority,
            cost_ms=item.cost_ms,
            rank=rank,
            state=state.value,
            holder=None,
            suspect=False,
            deaths=0,
            arguments=item.arguments,
            queued_at_ms=now_ms(),
            started_at_ms=None,
        )
    )


def withdraw(transaction: Transaction, task_id: str) -> None:
    """Take a task's items out that nobody works on, because the task is over."""
    transaction.execute(
        delete(QueueItemRow).where(
            QueueItemRow.task_id == task_id, QueueItemRow.state != ItemState.RUNNING.value
        )
    )


class Queue:
    """The queue in a database, as a worker sees it; thread-safe.

    Parameters
    ----------
    settings
        The rules for accounts without rules of their own, and what counts as long.
    database, leases
        Where the queue is, and who lives.
    understands
        The newest format that this worker can do; what is newer is left to others.
    """

    def __init__(
        self, settings: Settings, database: Database, leases: Leases, *, understands: int = FORMAT
    ) -> None:
        self._settings = settings
        self._database = database
        self._leases = leases
        self._understands = understands
        self._long_ms = round(settings.long_video_s * 1000)

    def claim(self, holder: str, queues: Sequence[str], *, idle: bool) -> Item | None:
        """Take the next item; None if there is none that this worker may take now.

        Parameters
        ----------
        holder
            The worker.
        queues
            Those it takes from now.
        idle
            Whether it does nothing else. An item that must be done alone is taken by a busy
            worker, too, which then takes nothing more and begins with it when it is idle.
        """
        if not self._anything(queues):
            return None
        with self._database.write() as transaction:
            clocks = {
                clock.queue: clock
                for clock in transaction.scalars(
                    select(QueueClockRow)
                    .where(QueueClockRow.queue.in_(QUEUES))
                    .order_by(QueueClockRow.queue)
                    .with_for_update()
                )
            }
            offers = self._leases.offers_in(transaction, WORKER_PREFIX)
            allowed = self._allowed(transaction, offers)
            best: QueueItemRow | None = None
            for name in self._reachable(queues, offers):
                row = transaction.scalars(
                    select(QueueItemRow)
                    .where(
                        QueueItemRow.state == ItemState.WAITING.value,
                        QueueItemRow.queue == name,
                        *allowed,
                    )
                    .order_by(QueueItemRow.rank, QueueItemRow.queued_at_ms, QueueItemRow.id)
                    .limit(1)
                    .with_for_update(skip_locked=True)
                ).first()
                # Each queue has a clock of its own: the one that lags behind it most comes first.
                if row is not None and (
                    best is None
                    or row.rank - clocks[row.queue].virtual < best.rank - clocks[best.queue].virtual
                ):
                    best = row
            if best is None:
                return None
            best.state = ItemState.RUNNING.value
            best.holder = holder
            best.started_at_ms = now_ms() if idle or not best.suspect else None
            clocks[best.queue].virtual = max(clocks[best.queue].virtual, best.rank)
            return _value(best)

    def _anything(self, queues: Sequence[str]) -> bool:
        """Look without a lock, which idle workers would otherwise keep from those that work."""
        with self._database.read() as transaction:
            return (
                transaction.scalar(
                    select(QueueItemRow.id)
                    .where(
                        QueueItemRow.state == ItemState.WAITING.value,
                        QueueItemRow.queue.in_(QUEUES if CPU in queues else queues),
                        QueueItemRow.format <= self._understands,
                    )
                    .limit(1)
                )
                is not None
            )

    @staticmethod
    def _reachable(queues: Sequence[str], offers: Sequence[Offer]) -> list[str]:
        """The worker's queues, and work for a GPU if no living worker has one."""
        has_gpu = any(GPU in offer.queues for offer in offers)
        return [*queues, *([GPU] if CPU in queues and GPU not in queues and not has_gpu else [])]

    def _allowed(
        self, transaction: Transaction, offers: Sequence[Offer]
    ) -> list[ColumnElement[bool]]:
        """What an item must be like to be taken now, whoever takes it."""
        conditions = [QueueItemRow.format <= self._understands]
        running = QueueItemRow.state == ItemState.RUNNING.value
        full = self._full_accounts(transaction)
        if full:
            # Parts belong to a task that runs already.
            conditions.append(or_(QueueItemRow.kind != TASK, QueueItemRow.account_id.not_in(full)))
        slots = sum(offer.slots or self._settings.worker_concurrency for offer in offers)
        if self._long_ms > 0 and slots > 1:
            long = and_(QueueItemRow.kind == TASK, QueueItemRow.cost_ms >= self._long_ms)
            count = transaction.scalar(select(func.count()).where(running, long)) or 0
            if count >= slots - max(1, slots // _KEPT_FREE):
                conditions.append(~long)
        return conditions

    def _full_accounts(self, transaction: Transaction) -> list[str]:
        """Return the accounts of which as many tasks run as may."""
        counts = transaction.execute(
            select(QueueItemRow.account_id, func.count(), func.max(AccountRow.running))
            .outerjoin(AccountRow, AccountRow.id == QueueItemRow.account_id)
            # A task that was laid aside is being worked on: its parts are.
            .where(QueueItemRow.state != ItemState.WAITING.value, QueueItemRow.kind == TASK)
            .group_by(QueueItemRow.account_id)
        )
        full = []
        for account_id, count, own in counts:
            most = self._settings.account_running if own is None else own
            if 0 < most <= count:
                full.append(account_id)
        return full

    def begun(self, item: Item, holder: str) -> bool:
        """Note that the work on an item that was kept back begins; False if it was taken away."""
        return self._change(item.id, holder, started_at_ms=now_ms())

    def done(self, item: Item, holder: str) -> None:
        """Remove an item because its work is over; nothing happens if it was taken away.

        With the last part of a task its own item is woken.
        """
        with self._database.write() as transaction:
            if item.kind == PART:
                transaction.get(QueueItemRow, item.task_id, with_for_update=True)
            transaction.execute(
                delete(QueueItemRow).where(
                    QueueItemRow.id == item.id, QueueItemRow.holder == holder
                )
            )
            if item.kind == PART and not _parts_of(transaction, item.task_id):
                wake(transaction, item.task_id)

    def release(self, item: Item, holder: str) -> None:
        """Let an item wait again, at its old place, through no fault of its own."""
        self._change(item.id, holder, state=ItemState.WAITING.value, holder=None)

    def hold(self, item: Item, holder: str) -> bool:
        """Lay a task's item aside until its parts are done; False if it was taken away."""
        with self._database.write() as transaction:
            row = transaction.get(QueueItemRow, item.id, with_for_update=True)
            if row is None or row.holder != holder or row.state != ItemState.RUNNING.value:
                return False
            waits = _parts_of(transaction, item.task_id)
            row.state = (ItemState.HELD if waits else ItemState.WAITING).value
            row.holder = None
            return True

    def _change(self, id: str, worker: str, **values: Any) -> bool:
        with self._database.write() as transaction:
            return bool(
                transaction.execute(
                    update(QueueItemRow)
                    .where(
                        QueueItemRow.id == id,
                        QueueItemRow.holder == worker,
                        QueueItemRow.state == ItemState.RUNNING.value,
                    )
                    .values(**values)
                    .returning(QueueItemRow.id)
                ).first()
            )

    def release_all(self, holder: str, but: Sequence[str] = ()) -> int:
        """Let all of a worker's items wait again that are not named; return how many."""
        with self._database.write() as transaction:
            return len(
                transaction.execute(
                    update(QueueItemRow)
                    .where(
                        QueueItemRow.holder == holder,
                        QueueItemRow.state == ItemState.RUNNING.value,
                        QueueItemRow.id.not_in(but),
                    )
                    .values(state=ItemState.WAITING.value, holder=None)
                    .returning(QueueItemRow.id)
                ).all()
            )

    def dead(self) -> list[str]:
        """Return the workers that hold items but no lease that has not lapsed."""
        with self._database.read() as transaction:
            holders = set(
                transaction.scalars(
                    select(QueueItemRow.holder)
                    .where(QueueItemRow.state == ItemState.RUNNING.value)
                    .distinct()
                )
            )
            live = {offer.holder for offer in self._leases.offers_in(transaction, WORKER_PREFIX)}
        return sorted(holder for holder in holders - live if holder is not None)

    def bury(self, worker: str) -> list[str]:
        """Remove a dead worker's lease for good and let its items wait again; return their ids.

        Does nothing for a worker that has come back to life.
        """
        with self._database.write() as transaction:
            lease = transaction.get(LeaseRow, WORKER_PREFIX + worker, with_for_update=True)
            if lease is not None:
                if lease.expires_at_ms > now_ms():
                    return []
                transaction.delete(lease)
            rows = transaction.scalars(
                select(QueueItemRow)
                .where(QueueItemRow.holder == worker, QueueItemRow.state == ItemState.RUNNING.value)
                .order_by(QueueItemRow.id)
                .with_for_update()
            ).all()
            at_work = [row for row in rows if row.started_at_ms is not None]
            for row in at_work:
                row.suspect = True
                row.deaths += len(at_work) == 1
            for row in rows:
                row.state = ItemState.WAITING.value
                row.holder = None
            return [row.id for row in rows]


def _parts_of(transaction: Transaction, task_id: str) -> int:
    """Count the parts of a task that are not done."""
    count = transaction.scalar(
        select(func.count()).where(QueueItemRow.task_id == task_id, QueueItemRow.kind == PART)
    )
    return count or 0


def wake(transaction: Transaction, id: str) -> None:
    """Let an item that was laid aside wait for a worker."""
    transaction.execute(
        update(QueueItemRow)
        .where(QueueItemRow.id == id, QueueItemRow.state == ItemState.HELD.value)
        .values(state=ItemState.WAITING.value)
    )


def _value(row: QueueItemRow) -> Item:
    return Item(
        row.id,
        row.task_id,
        row.account_id,
        row.kind,
        row.queue,
        row.suspect,
        row.deaths,
        row.priority,
        row.cost_ms,
        row.rank,
        row.arguments,
    )
