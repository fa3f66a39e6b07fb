"""Whose turn it is: self-clocked fair queueing over accounts and priorities.

An account's tasks of one priority are a flow. Each task gets a rank when it is accepted, the
virtual time at which it would be done if all flows were served side by side: the flow's last rank
or the queue's present virtual time, whichever is later, and on top of it the task's cost, divided
by its priority's weight. The smallest rank is next, and the virtual time is the rank of what was
taken last. So a flow with five hundred tasks gets no further than one with a single task, an
account that was idle neither loses nor saves up anything, a short task goes before a long one
that came at the same time, and nothing waits for ever.

Source: S. J. Golestani, "A self-clocked fair queueing scheme for broadband applications",
IEEE INFOCOM 1994.
"""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy.orm import Session as Transaction

from lipwright.store.tables import FlowRow, QueueClockRow

UNKNOWN_COST_MS = 10_000
"""What a task costs whose video has not been seen yet: a middling video's length."""

_LEAST_COST_MS = 1000
_SCALE = {-1: 16, 0: 4, 1: 1}


class Priority(IntEnum):
    """How much of the workers a task asks for: each step counts four times the one before."""

    LOW = -1
    NORMAL = 0
    HIGH = 1

    @property
    def word(self) -> str:
        """The name that people use."""
        return self.name.lower()

    @classmethod
    def named(cls, word: str) -> Priority:
        """Return the priority of a name; `KeyError` if there is none."""
        return cls[word.upper()]


def rank_for(
    transaction: Transaction, queue: str, account_id: str, priority: int, cost_ms: int
) -> int:
    """Return a new task's rank and remember it as its flow's last.

    Parameters
    ----------
    transaction
        Has locked the account's row, so that of two tasks at once one comes after the other.
    queue, account_id, priority
        The flow.
    cost_ms
        The length of video to be rendered; 0: not known yet.
    """
    clock = transaction.get_one(QueueClockRow, queue)
    flow = transaction.get(FlowRow, (queue, account_id, priority))
    cost = max(cost_ms or UNKNOWN_COST_MS, _LEAST_COST_MS) * _SCALE[priority]
    if flow is None:
        flow = FlowRow(queue=queue, account_id=account_id, priority=priority, finish=0)
        transaction.add(flow)
    flow.finish = max(flow.finish, clock.virtual) + cost
    return flow.finish
