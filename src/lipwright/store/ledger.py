"""Money: an append-only list of movements in millionths of a PTC."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lipwright.store.clock import now_ms
from lipwright.store.ids import new_id
from lipwright.store.tables import LedgerRow


class Movement(StrEnum):
    """What money moved for; each happens at most once for one session or task."""

    IDENTIFY = "identify"
    LIPSYNC = "lipsync"
    REFUND = "refund"


def record(
    session: Session, account_id: str, movement: Movement, reference: str, amount_micro_ptc: int
) -> None:
    """Add a movement inside the caller's transaction.

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


def balance(session: Session, account_id: str) -> int:
    """Return the sum of an account's movements; negative: it has spent."""
    total = session.scalar(
        select(func.coalesce(func.sum(LedgerRow.amount_micro_ptc), 0)).where(
            LedgerRow.account_id == account_id
        )
    )
    return int(total or 0)
