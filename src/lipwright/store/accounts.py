"""Accounts: who owns keys, sessions, tasks and money, and how much of each they may have.

Money and slots are counted under a lock on the account's row (on SQLite under the write lock),
so that of any number of requests at once exactly as many get through as there is room for.
Whoever locks other rows, too, locks the account's last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from lipwright.errors import BadInputError, LipwrightError
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.tables import AccountRow, TaskRow

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
_US_PER_MINUTE = 60_000_000

SLOT_RETRY_S = 5.0
"""After how long a caller without a free slot may try again."""


class LimitReachedError(LipwrightError):
    """The account has used up what it may use.

    Parameters
    ----------
    reason
        ``no_balance``, ``no_slot`` or ``rate``.
    detail
        A sentence for the caller.
    retry_after_s
        When it makes sense to try again; None: waiting does not help.
    """

    def __init__(self, reason: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Rules:
    """What an account may use; 0 means any number."""

    prepaid: bool = False
    concurrency: int = 0
    rate_per_minute: int = 0

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        """Return the rules for accounts that have none of their own."""
        return cls(settings.prepaid, settings.account_concurrency, settings.account_rate_per_minute)

    def for_account(self, row: AccountRow | None) -> Rules:
        """Return these rules under the account's own."""
        if row is None:
            return self
        return Rules(
            self.prepaid if row.prepaid is None else row.prepaid,
            self.concurrency if row.concurrency is None else row.concurrency,
            self.rate_per_minute if row.rate_per_minute is None else row.rate_per_minute,
        )


def check_account_id(id: str) -> str:
    """Return an account's id if it can be one; it becomes part of file names."""
    if not _ID.fullmatch(id):
        raise BadInputError(
            "account",
            "bad_id",
            "must be 1 to 64 letters, digits, dots, dashes and underscores, not beginning with a "
            "dot or a dash",
        )
    return id


def ensure_account(session: Session, id: str) -> bool:
    """Make the account's row unless it is there; return whether it was made now."""
    assert session.bind is not None
    insert = sqlite_insert if session.bind.dialect.name == "sqlite" else postgres_insert
    made = session.execute(
        insert(AccountRow)
        .values(id=id, balance_micro_ptc=0, next_call_at_us=0, created_at_ms=now_ms())
        .on_conflict_do_nothing(index_elements=[AccountRow.id])
        .returning(AccountRow.id)
    ).first()
    return made is not None


def lock_account(session: Session, id: str) -> AccountRow:
    """Return the account's row, made if need be, locked until the transaction ends."""
    ensure_account(session, id)
    return session.get_one(AccountRow, id, with_for_update=True, populate_existing=True)


def check_balance(row: AccountRow | None, rules: Rules, price_micro_ptc: int) -> None:
    """Raise `LimitReachedError` if a prepaid account cannot pay the price."""
    balance = 0 if row is None else row.balance_micro_ptc
    if rules.for_account(row).prepaid and price_micro_ptc > 0 and balance < price_micro_ptc:
        raise LimitReachedError("no_balance", "Account balance not enough")


def check_slot(
    session: Session, row: AccountRow | None, id: str, rules: Rules, running: Sequence[str]
) -> None:
    """Raise `LimitReachedError` if as many tasks run as the account may have at once.

    Parameters
    ----------
    session
        Has locked the account's row, if the answer is to hold until it commits.
    row, id
        The account; without a row it has no rules of its own.
    rules
        For accounts without rules of their own.
    running
        The statuses of tasks that hold a slot. They are counted, not kept count of: a slot cannot
        be lost by a crash.
    """
    most = rules.for_account(row).concurrency
    if most <= 0:
        return
    count = session.scalar(
        select(func.count()).where(TaskRow.account_id == id, TaskRow.status.in_(running))
    )
    if (count or 0) >= most:
        raise LimitReachedError("no_slot", "parallel task over resource pack limit", SLOT_RETRY_S)


def take_call(session: Session, id: str, rules: Rules, now_us: int) -> None:
    """Count one call against the account's rate; raise `LimitReachedError` if it is one too many.

    A minute's worth of calls may come at once; after that they may come as fast as they are given
    back, evenly through the minute.
    """
    row = lock_account(session, id)
    rate = rules.for_account(row).rate_per_minute
    if rate <= 0:
        return
    interval = _US_PER_MINUTE // rate
    due = max(row.next_call_at_us, now_us)
    early = due - now_us - interval * (rate - 1)
    if early > 0:
        raise LimitReachedError(
            "rate", f"Too many requests: at most {rate} a minute", early / 1_000_000
        )
    row.next_call_at_us = due + interval
