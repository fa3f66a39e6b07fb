"""What an account may spend and run, at the two moments that count: before work and in the
transaction that accepts it.
"""

from __future__ import annotations

from sqlalchemy.orm import Session as Transaction

from lipwright.errors import BadInputError
from lipwright.jobs.fairness import Priority
from lipwright.jobs.values import FINAL, TaskStatus
from lipwright.settings import Settings
from lipwright.store import ledger
from lipwright.store.accounts import Rules, check_balance, check_slot, lock_account
from lipwright.store.idempotency import Claim, complete
from lipwright.store.ledger import Movement
from lipwright.store.tables import AccountRow

RUNNING = tuple(status.value for status in TaskStatus if status.value not in FINAL)
"""The statuses in which a task holds one of its account's slots."""


def check_room(
    transaction: Transaction, account_id: str, price_micro_ptc: int, rules: Rules, *, slot: bool
) -> None:
    """Refuse early what would be refused in the end, before any work is put into it.

    Parameters
    ----------
    transaction
        For reading.
    account_id, price_micro_ptc
        Who is to pay what.
    rules
        For accounts without rules of their own.
    slot
        Whether a slot is wanted, too.

    Raises
    ------
    LimitReachedError
        Not enough balance, or no free slot.
    """
    row = transaction.get(AccountRow, account_id)
    check_balance(row, rules, price_micro_ptc)
    if slot:
        check_slot(transaction, row, account_id, rules, RUNNING)


def priority_for(
    transaction: Transaction, account_id: str, asked: str, settings: Settings
) -> Priority:
    """Return a task's priority: the account's own, unless it asks for less.

    Raises
    ------
    BadInputError
        Field ``priority``: ``unknown_priority``, or ``too_high`` for this account.
    """
    row = transaction.get(AccountRow, account_id)
    highest = Priority.named(settings.account_priority)
    if row is not None and row.priority is not None:
        highest = Priority(row.priority)
    if not asked:
        return highest
    try:
        wanted = Priority.named(asked)
    except KeyError:
        raise BadInputError("priority", "unknown_priority", "must be low, normal or high") from None
    if wanted > highest:
        raise BadInputError(
            "priority", "too_high", f"this account may ask for {highest.word} at most"
        )
    return wanted


def accept_session(
    transaction: Transaction,
    account_id: str,
    session_id: str,
    price_micro_ptc: int,
    rules: Rules,
    claim: Claim | None,
) -> None:
    """Charge for a session and finish its claim, in the transaction that stores it.

    Raises
    ------
    LimitReachedError
        Not enough balance.
    """
    ledger.charge(transaction, account_id, Movement.IDENTIFY, session_id, price_micro_ptc, rules)
    if claim is not None:
        complete(transaction, claim, session_id)


def accept_task(
    transaction: Transaction,
    account_id: str,
    task_id: str,
    price_micro_ptc: int,
    rules: Rules,
    claim: Claim | None,
) -> None:
    """Take a slot and the price for a task and finish its claim, in the transaction that stores
    it, before the task's own row is added.

    Raises
    ------
    LimitReachedError
        Not enough balance, or no free slot.
    """
    row = lock_account(transaction, account_id)
    check_balance(row, rules, price_micro_ptc)
    check_slot(transaction, row, account_id, rules, RUNNING)
    ledger.record(transaction, account_id, Movement.LIPSYNC, task_id, -price_micro_ptc)
    if claim is not None:
        complete(transaction, claim, task_id)
