"""API keys: shown once, stored as a hash, found again in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import or_, select

from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.tables import ApiKeyRow

_MARK = "lw_"
_PREFIX_LENGTH = len(_MARK) + 6


@dataclass(frozen=True)
class ApiKey:
    """An API key as its owner may see it. Times are Unix ms."""

    id: str
    account_id: str
    name: str
    prefix: str
    created_at_ms: int
    revoked_at_ms: int | None


class KeyStore:
    """The API keys in a database; thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, account_id: str, name: str = "") -> tuple[ApiKey, str]:
        """Make a key; return it with its secret, which can never be read again."""
        secret = _MARK + secrets.token_urlsafe(32)
        row = ApiKeyRow(
            id=secrets.token_hex(6),
            account_id=account_id,
            name=name,
            prefix=secret[:_PREFIX_LENGTH],
            secret_hash=_hash(secret),
            created_at_ms=now_ms(),
            revoked_at_ms=None,
        )
        with self._database.write() as session:
            session.add(row)
        return _key(row), secret

    def list(self, account_id: str | None = None) -> list[ApiKey]:
        """Return the keys of one account, or of all, oldest first; revoked ones too."""
        query = select(ApiKeyRow).order_by(ApiKeyRow.created_at_ms, ApiKeyRow.id)
        if account_id is not None:
            query = query.where(ApiKeyRow.account_id == account_id)
        with self._database.read() as session:
            return [_key(row) for row in session.scalars(query)]

    def revoke(self, id_or_prefix: str) -> ApiKey | None:
        """End a key by its id or visible prefix; None if there is no such live key."""
        with self._database.write() as session:
            row = session.scalars(
                select(ApiKeyRow).where(
                    or_(ApiKeyRow.id == id_or_prefix, ApiKeyRow.prefix == id_or_prefix),
                    ApiKeyRow.revoked_at_ms.is_(None),
                )
            ).first()
            if row is None:
                return None
            row.revoked_at_ms = now_ms()
            return _key(row)

    def any(self) -> bool:
        """Whether a key was ever created. Revoking the last one does not open the service."""
        with self._database.read() as session:
            return session.scalars(select(ApiKeyRow.id).limit(1)).first() is not None

    def find_account(self, secret: str) -> str | None:
        """Return the account of a live key's secret, or None.

        The database looks for the secret's hash, so what its timing could tell is of no use; the
        last comparison takes the same time wherever the difference is.
        """
        digest = _hash(secret)
        with self._database.read() as session:
            row = session.scalars(select(ApiKeyRow).where(ApiKeyRow.secret_hash == digest)).first()
        if row is None or not hmac.compare_digest(row.secret_hash, digest):
            return None
        return row.account_id if row.revoked_at_ms is None else None


def _hash(secret: str) -> str:
    # The secret is 256 random bits: a slow password hash would protect nothing.
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        row.id, row.account_id, row.name, row.prefix, row.created_at_ms, row.revoked_at_ms
    )
