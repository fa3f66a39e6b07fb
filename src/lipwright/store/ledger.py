"""Money: an append-only list of movements in millionths of a PTC."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lipwright.store.accounts import Rules, check_balance, ensure_account, lock_account
from lipwright.store.clock import now_ms
from lipwright.store.ids import new_id
from lipwright.store.tables import AccountRow, LedgerRow


class Movement(StrEnum):
    """What money moved for; each happens at most once for one session or task."""

    IDENTIFY = "identify"
    LIPSYNC = "lipsync"
    REFUND = "refund"
    CREDIT = "credit"


@dataclass(frozen=True)
class Total:
    """All movements of one kind in some time: how many, and their sum."""

    kind: str
    count: int
    amount_micro_ptc: int


def record(
    session: Session, account_id: str, movement: Movement, reference: str, amount_micro_ptc: int
) -> None:
    """Add a movement and change the account's balance by it, inside the caller's transaction.

    Parameters
    ----------
    session
        A session of `Database.write`.
    account_id
        Whose money it is.
    movement, reference
        What for: together unique, so the second attempt to charge for the same task breaks the
        transaction that makes it.
    amount_micro_ptc
        Negative for a charge.
    """
    session.add(
        LedgerRow(
            id=new_id(),
            account_id=account_id,
            kind=movement.value,
            reference=reference,
            amount_micro_ptc=amount_micro_ptc,
            created_at_ms=now_ms(),
        )
    )
    session.flush()
    ensure_account(session, account_id)
    session.execute(
        update(AccountRow)
        .where(AccountRow.id == account_id)
        .values(balance_micro_ptc=AccountRow.balance_micro_ptc + amount_micro_ptc)
        .execution_options(synchronize_session=False)
    )


def charge(
    session: Session,
    account_id: str,
    movement: Movement,
    reference: str,
    price_micro_ptc: int,
    rules: Rules,
) -> None:
    """Take a price from an account, inside the caller's transaction.

    Raises
    ------
    LimitReachedError
        The account is prepaid and has not enough.
    """
    check_balance(lock_account(session, account_id), rules, price_micro_ptc)
    record(session, account_id, movement, reference, -price_micro_ptc)


def balance(session: Session, account_id: str) -> int:
    """Return the sum of an account's movements; negative: it has spent more than it had."""
    total = session.scalar(
        select(func.coalesce(func.sum(LedgerRow.amount_micro_ptc), 0)).where(
            LedgerRow.account_id == account_id
        )
    )
    return int(total or 0)


def totals(session: Session, account_id: str, start_ms: int, end_ms: int) -> list[Total]:
    """Return the sums of an account's movements in a time, both ends included, by kind."""
    rows = session.execute(
        select(LedgerRow.kind, func.count(), func.sum(LedgerRow.amount_micro_ptc))
        .where(
            LedgerRow.account_id == account_id,
            LedgerRow.created_at_ms >= start_ms,
            LedgerRow.created_at_ms <= end_ms,
        )
        .group_by(LedgerRow.kind)
        .order_by(LedgerRow.kind)
    )
    return [Total(kind, count, int(amount)) for kind, count, amount in rows]
