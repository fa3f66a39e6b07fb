"""Idempotency keys: whoever sends a request twice under one key has it done once.

A key is claimed before the work begins and held by a lease while it goes on. What came of the
work is written in the very transaction that stores and charges it, so there is no moment at which
a crash could make a repetition charge again. A request that fails gives its key back.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from lipwright.errors import BadInputError, LipwrightError
from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.tables import IdempotencyRow

KEPT_MS = 86_400_000
"""How long a key is remembered."""

HOLD_MS = 15_000
"""A claim that is not renewed for so long is over: its holder has died."""

MAX_KEY_CHARS = 255
FIELD = "idempotency_key"


@dataclass(frozen=True)
class Claim:
    """The right to do the work of a key, for as long as it is renewed."""

    account_id: str
    key: str
    holder: str


@dataclass(frozen=True)
class Running:
    """Somebody else is doing the work."""


@dataclass(frozen=True)
class Done:
    """The work is done; ``reference`` is the id of what it made."""

    reference: str


class ClaimLostError(LipwrightError):
    """Somebody else has taken the work over; nothing of it may be stored."""


class IdempotencyKeys:
    """The keys in a database; thread-safe, also across processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, account_id: str, key: str, fingerprint: str) -> Claim | Running | Done:
        """Claim the work of a key, or learn what has become of it.

        Parameters
        ----------
        account_id, key
            Together they name the work.
        fingerprint
            Digest of what is asked for.

        Raises
        ------
        BadInputError
            The key was used for something else.
        """
        now = now_ms()
        mine = Claim(account_id, key, secrets.token_hex(16))
        with self._database.write() as session:
            _insert_free(session, mine, fingerprint, now)
            row = session.get_one(IdempotencyRow, (account_id, key), with_for_update=True)
            if row.holder == mine.holder:
                return mine
            if row.expires_at_ms > now:
                if row.fingerprint != fingerprint:
                    raise BadInputError(
                        FIELD, "reused", "was used with another request; use a new key for this one"
                    )
                if row.reference is not None:
                    return Done(row.reference)
                if row.held_until_ms > now:
                    return Running()
            row.fingerprint, row.reference = fingerprint, None
            row.holder, row.held_until_ms = mine.holder, now + HOLD_MS
            row.expires_at_ms = now + KEPT_MS
            return mine

    def renew(self, claim: Claim) -> None:
        """Prolong a claim."""
        with self._database.write() as session:
            session.execute(
                update(IdempotencyRow).where(*_held(claim)).values(held_until_ms=now_ms() + HOLD_MS)
            )

    def release(self, claim: Claim) -> None:
        """Give a key back whose work came to nothing; one whose work is done is kept."""
        with self._database.write() as session:
            session.execute(delete(IdempotencyRow).where(*_held(claim)))

    def remove_expired(self, now: int) -> int:
        """Forget the keys whose time is over; return how many."""
        with self._database.write() as session:
            return len(
                session.execute(
                    delete(IdempotencyRow)
                    .where(IdempotencyRow.expires_at_ms <= now)
                    .returning(IdempotencyRow.key)
                ).all()
            )


def complete(session: Session, claim: Claim, reference: str) -> None:
    """Write what came of a claim's work, in the transaction that stores it.

    Raises
    ------
    ClaimLostError
        The claim is not valid any more.
    """
    done = session.execute(
        update(IdempotencyRow)
        .where(*_held(claim))
        .values(reference=reference, held_until_ms=0)
        .returning(IdempotencyRow.key)
    ).first()
    if done is None:
        raise ClaimLostError(f"the work of {claim.key} was taken over")


def check_key(key: str) -> str:
    """Return a key if it can be one."""
    if not 0 < len(key) <= MAX_KEY_CHARS or not key.isascii() or not key.isprintable():
        raise BadInputError(FIELD, "bad_key", f"must be 1 to {MAX_KEY_CHARS} printable characters")
    return key


def _held(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        IdempotencyRow.account_id == claim.account_id,
        IdempotencyRow.key == claim.key,
        IdempotencyRow.holder == claim.holder,
        IdempotencyRow.reference.is_(None),
    )


def _insert_free(session: Session, claim: Claim, fingerprint: str, now: int) -> None:
    assert session.bind is not None
    insert = sqlite_insert if session.bind.dialect.name == "sqlite" else postgres_insert
    session.execute(
        insert(IdempotencyRow)
        .values(
            account_id=claim.account_id,
            key=claim.key,
            fingerprint=fingerprint,
            holder=claim.holder,
            held_until_ms=now + HOLD_MS,
            reference=None,
            expires_at_ms=now + KEPT_MS,
        )
        .on_conflict_do_nothing()
    )
