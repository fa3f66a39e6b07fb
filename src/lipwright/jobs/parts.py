"""One long render on many workers: its parts in the queue, and the task that waits for them.

The worker that has a task looks at its faces and plans its parts; if there are enough of them and
other slots that could help, it puts them into the queue, in one transaction with a note on the
task's own item, and lays that item aside, so no slot waits. Each part is rendered by whatever
worker takes it and lies in the object store until the last one is done: its transaction lets the
task's item wait again, and who takes that joins the parts and publishes.

All of it belongs to one attempt at the task. Parts of an attempt that was given up find that its
number is no longer the row's and do nothing; what they left in the store expires.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as Transaction

from lipwright.jobs.attempts import Attempt
from lipwright.jobs.queue import PART, WORKER_PREFIX, ItemState, NewItem, put
from lipwright.jobs.stores import Stores
from lipwright.jobs.values import FINAL
from lipwright.store.clock import now_ms
from lipwright.store.tables import QueueItemRow, TaskRow

PLAN: Final = "plan.json"
KEPT_MS: Final = 86_400_000
"""How long a part is kept that nobody has come to join."""

_RENDERED: Final = 0.95
"""How much of a divided task is done when its parts are."""


@dataclass(frozen=True)
class Share:
    """What one worker is to render: parts that follow each other.

    Attributes
    ----------
    attempt
        Number of the attempt that it belongs to.
    indices
        The parts, by their places in the plan.
    frames, all_frames
        How many frames they have, and all the parts of the task together.
    start
        How much of the task was done when it was divided.
    """

    attempt: int
    indices: tuple[int, ...]
    frames: int
    all_frames: int
    start: float

    def to_dict(self) -> dict[str, Any]:
        """Return the share as an item's arguments."""
        return {
            "attempt": self.attempt,
            "indices": list(self.indices),
            "frames": self.frames,
            "all_frames": self.all_frames,
            "start": self.start,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Share:
        """Return the share that `to_dict` took apart."""
        return cls(**{**values, "indices": tuple(values["indices"])})


def key_of(attempt: Attempt, name: str | int) -> str:
    """Return where in the object store a part of an attempt lies, or its plan."""
    folder = f"{attempt.task_id}-{attempt.number}"
    return f"accounts/{attempt.account_id}/parts/{folder}/{name}"


def shares_of(
    frames: Mapping[int, int], most: int, attempt: int, start: float = 0.0
) -> list[Share]:
    """Divide parts into so many shares at most, of about as many frames each.

    Parameters
    ----------
    frames
        How many each part has, by its place in the plan, in order.
    most
        At least 1.
    attempt, start
        As `Share` has them.
    """
    total = sum(frames.values())
    groups: list[list[int]] = [[]]
    done = 0
    for index, count in frames.items():
        # A new share begins where the part's middle has passed the share's end.
        if groups[-1] and done + count / 2 > len(groups) * total / most and len(groups) < most:
            groups.append([])
        groups[-1].append(index)
        done += count
    return [
        Share(attempt, tuple(group), sum(frames[i] for i in group), total, start)
        for group in groups
    ]


class Parts:
    """The parts of tasks in a database; thread-safe."""

    def __init__(self, stores: Stores) -> None:
        self._database = stores.database
        self._leases = stores.leases

    def slots(self) -> int:
        """How many things the living workers do at once, all together."""
        return sum(offer.slots for offer in self._leases.offers(WORKER_PREFIX))

    def divide(self, attempt: Attempt, shares: Sequence[Share]) -> bool:
        """Put the parts of a task into the queue; False if the task is not the attempt's any more.

        The caller then lays the task's item aside (`lipwright.jobs.supervision.WorkHeldError`).
        """
        with self._database.write() as transaction:
            item = _locked(transaction, attempt)
            if item is None:
                return False
            transaction.execute(
                delete(QueueItemRow).where(
                    QueueItemRow.task_id == attempt.task_id,
                    QueueItemRow.kind == PART,
                    QueueItemRow.state != ItemState.RUNNING.value,
                )
            )
            item.arguments = {**item.arguments, "divided": attempt.number}
            for number, share in enumerate(shares):
                new = NewItem(
                    id=f"{attempt.task_id}:{attempt.number}:{number}",
                    task_id=attempt.task_id,
                    account_id=attempt.account_id,
                    kind=PART,
                    queue=item.queue,
                    priority=item.priority,
                    arguments=share.to_dict(),
                )
                put(transaction, new, rank=item.rank)
        return True

    def undivide(self, attempt: Attempt) -> None:
        """Forget that a task was divided: its parts are lost, and it begins anew."""
        with self._database.write() as transaction:
            item = _locked(transaction, attempt)
            if item is not None:
                item.arguments = {k: v for k, v in item.arguments.items() if k != "divided"}

    def attempt_of(self, task_id: str, number: int) -> Attempt | None:
        """Return the attempt of a part or of a join; None if it is over."""
        with self._database.read() as transaction:
            row = transaction.get(TaskRow, task_id)
            if row is None or row.status in FINAL or row.attempts != number:
                return None
            return Attempt(task_id, row.account_id, number, whole=False)

    def left(self, attempt: Attempt) -> int:
        """How many shares of the attempt are not done."""
        with self._database.read() as transaction:
            return _left(transaction, attempt.task_id)

    def report(self, attempt: Attempt, share: Share) -> None:
        """Add a share that is done to the task's progress."""
        with self._database.write() as transaction:
            others = transaction.scalars(
                select(QueueItemRow.arguments).where(
                    QueueItemRow.task_id == attempt.task_id, QueueItemRow.kind == PART
                )
            ).all()
            waiting = sum(
                one["frames"]
                for one in others
                if one["attempt"] == share.attempt and tuple(one["indices"]) != share.indices
            )
            done = 1.0 - waiting / max(1, share.all_frames)
            progress = share.start + (_RENDERED - share.start) * done
            transaction.execute(
                update(TaskRow)
                .where(
                    TaskRow.id == attempt.task_id,
                    TaskRow.attempts == attempt.number,
                    TaskRow.status.not_in(FINAL),
                    TaskRow.progress < progress,
                )
                .values(progress=progress, stage="render", updated_at_ms=now_ms())
            )


def _locked(transaction: Transaction, attempt: Attempt) -> QueueItemRow | None:
    """Lock the task and its item; None if the task is not the attempt's any more."""
    row = transaction.get(TaskRow, attempt.task_id, with_for_update=True)
    if row is None or row.status in FINAL or row.attempts != attempt.number:
        return None
    return transaction.get(QueueItemRow, attempt.task_id, with_for_update=True)


def _left(transaction: Transaction, task_id: str) -> int:
    count = transaction.scalar(
        select(func.count()).where(QueueItemRow.task_id == task_id, QueueItemRow.kind == PART)
    )
    return count or 0
