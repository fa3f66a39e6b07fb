"""Leases: who lives, and who alone may do a thing, told by rows that lapse."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.tables import LeaseRow


@dataclass(frozen=True)
class Offer:
    """A living worker, how much it does at once (0: it did not say), and from which queues."""

    holder: str
    slots: int
    queues: tuple[str, ...]


class Leases:
    """The leases in a database; thread-safe.

    Holders on several machines compare clocks: these may differ by less than a lease's length.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, seconds: float) -> bool:
        """Take or renew a lease; False while somebody else holds it."""
        try:
            return self._acquire(name, holder, seconds)
        except IntegrityError:  # another process made the row first (PostgreSQL only)
            return False

    def _acquire(self, name: str, holder: str, seconds: float) -> bool:
        now = now_ms()
        expires = now + round(seconds * 1000)
        with self._database.write() as session:
            row = session.get(LeaseRow, name, with_for_update=True)
            if row is None:
                session.add(LeaseRow(name=name, holder=holder, expires_at_ms=expires))
            elif row.holder == holder or row.expires_at_ms <= now:
                row.holder = holder
                row.expires_at_ms = expires
            else:
                return False
        return True

    def renew(self, name: str, holder: str, seconds: float) -> bool:
        """Prolong a lease, even one that has lapsed if nobody has taken or removed it since."""
        with self._database.write() as session:
            row = session.get(LeaseRow, name, with_for_update=True)
            if row is None or row.holder != holder:
                return False
            row.expires_at_ms = now_ms() + round(seconds * 1000)
        return True

    def release(self, name: str, holder: str) -> None:
        """Give a lease back, if it is still the holder's."""
        with self._database.write() as session:
            session.execute(
                delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder)
            )

    def offer(self, name: str, holder: str, slots: int, queues: tuple[str, ...]) -> None:
        """Say with a lease what its holder offers."""
        with self._database.write() as session:
            session.execute(
                update(LeaseRow)
                .where(LeaseRow.name == name, LeaseRow.holder == holder)
                .values(slots=slots, queues=",".join(queues))
            )

    def offers(self, prefix: str) -> list[Offer]:
        """Return what the holders of live leases offer whose name has the prefix."""
        with self._database.read() as session:
            return self.offers_in(session, prefix)

    @staticmethod
    def offers_in(session: Session, prefix: str) -> list[Offer]:
        """Return what `offers` does, within a transaction."""
        rows = session.execute(
            select(LeaseRow.holder, LeaseRow.slots, LeaseRow.queues).where(_live(prefix))
        )
        return [
            Offer(holder, slots or 0, tuple((queues or "").split(",")))
            for holder, slots, queues in rows
        ]

    def live(self, prefix: str) -> set[str]:
        """Return the holders of the leases that have not lapsed and whose name has the prefix."""
        with self._database.read() as session:
            return set(session.scalars(select(LeaseRow.holder).where(_live(prefix))))

    def held(self, prefix: str) -> list[str]:
        """Return the names with the prefix of the leases that have not lapsed."""
        with self._database.read() as session:
            return list(session.scalars(select(LeaseRow.name).where(_live(prefix))))

    def forget_lapsed(self, age_s: float) -> None:
        """Remove leases that lapsed more than ``age_s`` s ago."""
        with self._database.write() as session:
            limit = now_ms() - round(age_s * 1000)
            session.execute(delete(LeaseRow).where(LeaseRow.expires_at_ms < limit))


def _live(prefix: str) -> ColumnElement[bool]:
    return LeaseRow.name.startswith(prefix, autoescape=True) & (LeaseRow.expires_at_ms > now_ms())
