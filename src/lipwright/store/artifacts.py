"""Objects with a life span: the row comes before the object and goes after it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.objects import ObjectStore
from lipwright.store.tables import ArtifactRow


class Artifacts:
    """Publishes objects that expire; thread-safe, also across processes."""

    def __init__(self, database: Database, objects: ObjectStore) -> None:
        self._database = database
        self._objects = objects

    def publish(self, account_id: str, key: str, data: Path | bytes, expires_at_ms: int) -> None:
        """Store an object, or prolong the life of the one that is already under the key."""
        self.keep(account_id, key, expires_at_ms)
        if isinstance(data, bytes):
            self._objects.put_bytes(key, data)
        else:
            self._objects.put(key, data)

    def keep(self, account_id: str, key: str, expires_at_ms: int) -> bool:
        """Make sure that an object lives until then; return whether it is there.

        The row is written even if the object is not there yet: a sweep that has begun to remove
        an expired object of that name is then over before the caller writes it anew.
        """
        try:
            self._keep_row(account_id, key, expires_at_ms)
        except IntegrityError:  # two processes made the row at once (PostgreSQL only)
            self._keep_row(account_id, key, expires_at_ms)
        return self._objects.exists(key)

    def _keep_row(self, account_id: str, key: str, expires_at_ms: int) -> None:
        with self._database.write() as session:
            row = session.get(ArtifactRow, key, with_for_update=True)
            if row is None:
                session.add(
                    ArtifactRow(
                        key=key,
                        account_id=account_id,
                        created_at_ms=now_ms(),
                        expires_at_ms=expires_at_ms,
                    )
                )
            else:
                row.expires_at_ms = max(row.expires_at_ms, expires_at_ms)

    def remove(self, key: str) -> None:
        """Remove an object and its row now."""
        with self._database.write() as session:
            row = session.get(ArtifactRow, key, with_for_update=True)
            self._objects.delete(key)
            if row is not None:
                session.delete(row)

    def remove_expired(self, now: int) -> int:
        """Remove every object whose time is over; return how many."""
        with self._database.read() as session:
            keys = session.scalars(
                select(ArtifactRow.key).where(ArtifactRow.expires_at_ms <= now)
            ).all()
        count = 0
        for key in keys:
            with self._database.write() as session:
                row = session.get(ArtifactRow, key, with_for_update=True)
                # Somebody may have prolonged it since the list was made.
                if row is None or row.expires_at_ms > now:
                    continue
                self._objects.delete(key)
                session.delete(row)
                count += 1
        return count

    def remove_orphans(self, prefix: str, age_s: float) -> int:
        """Remove old objects that no row knows; return how many."""
        count = 0
        for key in self._objects.list_older_than(prefix, age_s):
            with self._database.read() as session:
                known = session.get(ArtifactRow, key) is not None
            if not known:
                self._objects.delete(key)
                count += 1
        return count
