"""What an account has spent in a time, and what it has left."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session as Transaction

from lipwright.store.accounts import Rules
from lipwright.store.clock import now_ms
from lipwright.store.ledger import Movement, Total, totals
from lipwright.store.tables import AccountRow


@dataclass(frozen=True)
class Costs:
    """An account's money. Times are Unix ms.

    Attributes
    ----------
    account_id, opened_at_ms
        Whose, and since when there is an account; for one that never moved money: now.
    prepaid
        Whether it can spend only what was credited to it.
    credited_micro_ptc
        All that was ever credited.
    balance_micro_ptc
        All credits and refunds less all charges.
    moved
        The movements in the time that was asked about, summed by kind.
    """

    account_id: str
    opened_at_ms: int
    prepaid: bool
    credited_micro_ptc: int
    balance_micro_ptc: int
    moved: tuple[Total, ...]


def costs_of(
    transaction: Transaction, account_id: str, start_ms: int, end_ms: int, rules: Rules
) -> Costs:
    """Return an account's money, with its movements in a time, both ends included."""
    row = transaction.get(AccountRow, account_id)
    now = now_ms()
    ever = totals(transaction, account_id, 0, now)
    return Costs(
        account_id=account_id,
        opened_at_ms=row.created_at_ms if row else now,
        prepaid=rules.for_account(row).prepaid,
        credited_micro_ptc=sum(
            total.amount_micro_ptc for total in ever if total.kind == Movement.CREDIT.value
        ),
        balance_micro_ptc=row.balance_micro_ptc if row else 0,
        moved=tuple(totals(transaction, account_id, start_ms, end_ms)),
    )
