"""How a task gets from one status to the next: the only place where ``TaskRow.status`` is set.

Each change happens inside the caller's transaction, with all that belongs to it: the callback,
and the money given back where the task comes to nothing.
"""

from __future__ import annotations

from sqlalchemy.orm import Session as Transaction

from lipwright.jobs.outbox import tell
from lipwright.jobs.queue import withdraw
from lipwright.jobs.values import FINAL, TaskStatus
from lipwright.store import ledger
from lipwright.store.clock import now_ms
from lipwright.store.ledger import Movement
from lipwright.store.signing import Signer
from lipwright.store.tables import TaskRow


def enter(
    transaction: Transaction, signer: Signer, row: TaskRow, status: TaskStatus, message: str = ""
) -> None:
    """Give a task a status; its callback is written if that changes anything.

    Parameters
    ----------
    transaction
        A session of `Database.write`, in which the row was locked or is being added.
    signer
        Signs the links in the callback.
    row
        The task, with everything else already as it shall be told.
    status, message
        The new status and, for a task that comes to nothing, why.
    """
    changed = row.status != status.value
    row.status = status.value
    row.message = message
    row.updated_at_ms = now_ms()
    if status in FINAL:
        withdraw(transaction, row.id)
    if changed:
        tell(transaction, signer, row)


def end_unpaid(
    transaction: Transaction, signer: Signer, row: TaskRow, status: TaskStatus, message: str
) -> bool:
    """End a task that comes to nothing and give its price back; False if it has ended before."""
    if row.status in FINAL:
        return False
    enter(transaction, signer, row, status, message)
    ledger.record(transaction, row.account_id, Movement.REFUND, row.id, row.price_micro_ptc)
    return True
