"""Credentials: API keys, and pairs of AccessKey and SecretKey for signed tokens.

An API key is shown once and stored as a hash. A SecretKey must be at hand to check signatures, so
a hash would not do; it is derived from its AccessKey and the server's own secret instead, and so
is stored nowhere. Whoever changes the server's secret ends all pairs.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import or_, select, update

from lipwright.errors import BadInputError
from lipwright.store.accounts import check_account_id, ensure_account
from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.lately import Lately
from lipwright.store.tables import ApiKeyRow

KEY_MARK = "lw_"
"""What every API key begins with."""

ACCESS_KEY_MARK = "lwak_"
_PREFIX_LENGTH = len(KEY_MARK) + 6

LAST_USE_MS = 60_000
"""A key's last use is written down this often at most: authentication stays a mere read."""

REMEMBER_S = 1.0
"""For so long an API key that was found is not looked up again; a key that another process has
revoked opens nothing after that."""


class Scope(StrEnum):
    """What a key may do: look at what is its account's, or also make and change things."""

    READ = "read"
    WRITE = "write"

    @property
    def includes(self) -> frozenset[Scope]:
        """This scope and those below it."""
        order = list(Scope)
        return frozenset(order[: order.index(self) + 1])


DEFAULT_SCOPES = (Scope.WRITE,)


@dataclass(frozen=True)
class ApiKey:
    """A key as its owner may see it. Times are Unix ms.

    ``access_key`` is set for a pair, whose secret signs tokens and is never sent.
    """

    id: str
    account_id: str
    name: str
    prefix: str
    created_at_ms: int
    revoked_at_ms: int | None
    scopes: tuple[Scope, ...] = DEFAULT_SCOPES
    expires_at_ms: int | None = None
    last_used_at_ms: int | None = None
    access_key: str | None = None

    def allows(self, scope: Scope) -> bool:
        """Whether the key may do what needs this scope."""
        return any(scope in held.includes for held in self.scopes)


class KeyStore:
    """The keys in a database; thread-safe.

    Parameters
    ----------
    database
        Migrated.
    secret
        The server's own secret, from which SecretKeys are derived; needed for pairs only.
    """

    def __init__(self, database: Database, secret: bytes | None = None) -> None:
        self._database = database
        self._found: Lately[str, ApiKey | None] = Lately(REMEMBER_S)
        # A key of its own for this purpose: the secret signs other things too.
        self._pairs = secret and hmac.digest(secret, b"lipwright secret key 1", "sha256")

    def create(
        self,
        account_id: str,
        name: str = "",
        *,
        scopes: Iterable[Scope] = DEFAULT_SCOPES,
        expires_at_ms: int | None = None,
    ) -> tuple[ApiKey, str]:
        """Make an API key, and its account if need be; return it with its secret, which can never
        be read again.
        """
        secret = KEY_MARK + secrets.token_urlsafe(32)
        row = _row(account_id, name, secret[:_PREFIX_LENGTH], scopes, expires_at_ms)
        row.secret_hash = _hash(secret)
        return self._add(row), secret

    def create_pair(
        self,
        account_id: str,
        name: str = "",
        *,
        scopes: Iterable[Scope] = DEFAULT_SCOPES,
        expires_at_ms: int | None = None,
    ) -> tuple[ApiKey, str]:
        """Make an AccessKey, and its account if need be; return it with its SecretKey."""
        access_key = ACCESS_KEY_MARK + secrets.token_hex(12)
        row = _row(account_id, name, access_key[:16], scopes, expires_at_ms)
        row.access_key = access_key
        return self._add(row), self.secret_key(access_key)

    def _add(self, row: ApiKeyRow) -> ApiKey:
        with self._database.write() as session:
            ensure_account(session, row.account_id)
            session.add(row)
        return _key(row)

    def secret_key(self, access_key: str) -> str:
        """Return the SecretKey of an AccessKey: any, whether it was ever given out or not."""
        if not self._pairs:
            raise RuntimeError("without the server's secret there are no SecretKeys")
        derived = hmac.digest(self._pairs, access_key.encode(), "sha256")
        return urlsafe_b64encode(derived).rstrip(b"=").decode()

    def list(self, account_id: str | None = None) -> list[ApiKey]:
        """Return the keys of one account, or of all, oldest first; revoked ones too."""
        query = select(ApiKeyRow).order_by(ApiKeyRow.created_at_ms, ApiKeyRow.id)
        if account_id is not None:
            query = query.where(ApiKeyRow.account_id == account_id)
        with self._database.read() as session:
            return [_key(row) for row in session.scalars(query)]

    def revoke(self, name: str) -> ApiKey | None:
        """End a key by its id, visible prefix or AccessKey; None if there is no such live key."""
        with self._database.write() as session:
            row = session.scalars(
                select(ApiKeyRow).where(
                    or_(
                        ApiKeyRow.id == name,
                        ApiKeyRow.prefix == name,
                        ApiKeyRow.access_key == name,
                    ),
                    ApiKeyRow.revoked_at_ms.is_(None),
                )
            ).first()
            if row is None:
                return None
            row.revoked_at_ms = now_ms()
            revoked = _key(row)
        self._found.forget()
        return revoked

    def any(self) -> bool:
        """Whether a key was ever created. Revoking the last one does not open the service."""
        with self._database.read() as session:
            return session.scalars(select(ApiKeyRow.id).limit(1)).first() is not None

    def find(self, secret: str) -> ApiKey | None:
        """Return the API key of a secret, expired or not, or None if it is unknown or revoked.

        The database looks for the secret's hash, so what its timing could tell is of no use; the
        last comparison takes the same time wherever the difference is.
        """
        digest = _hash(secret)
        return self._found.get(digest, lambda: self._look_up(digest), keep=_was_just_used)

    def known(self, secret: str) -> ApiKey | None:
        """Return what `find` found so lately that it would not look again; else None, at once.

        The use of such a key was written down a moment ago.
        """
        key = self._found.known(_hash(secret))
        return key if _was_just_used(key) else None

    def _look_up(self, digest: str) -> ApiKey | None:
        with self._database.read() as session:
            row = session.scalars(select(ApiKeyRow).where(ApiKeyRow.secret_hash == digest)).first()
        if row is None or not hmac.compare_digest(row.secret_hash or "", digest):
            return None
        return _key(row) if row.revoked_at_ms is None else None

    def find_pair(self, access_key: str) -> ApiKey | None:
        """Return a pair by its AccessKey, expired or not, or None if it is unknown or revoked."""
        with self._database.read() as session:
            row = session.scalars(
                select(ApiKeyRow).where(ApiKeyRow.access_key == access_key)
            ).first()
        return None if row is None or row.revoked_at_ms is not None else _key(row)

    def note_use(self, key: ApiKey) -> None:
        """Write down that a key was used now, unless that was done a moment ago."""
        now = now_ms()
        if key.last_used_at_ms is not None and now - key.last_used_at_ms < LAST_USE_MS:
            return
        with self._database.write() as session:
            session.execute(
                update(ApiKeyRow).where(ApiKeyRow.id == key.id).values(last_used_at_ms=now)
            )


def _was_just_used(key: ApiKey | None) -> bool:
    """Whether a key's use need not be written down before what was found of it is out of date."""
    return (
        key is not None
        and key.last_used_at_ms is not None
        and now_ms() - key.last_used_at_ms < LAST_USE_MS - 2000 * REMEMBER_S
    )


def to_scopes(words: Sequence[str]) -> tuple[Scope, ...]:
    """Return the scopes of these names, without repetition."""
    known = {scope.value for scope in Scope}
    for word in words:
        if word not in known:
            raise BadInputError("scope", "unknown", f"{word} is none of {', '.join(Scope)}")
    return tuple(scope for scope in Scope if scope.value in words)


def _row(
    account_id: str, name: str, prefix: str, scopes: Iterable[Scope], expires_at_ms: int | None
) -> ApiKeyRow:
    return ApiKeyRow(
        id=secrets.token_hex(6),
        account_id=check_account_id(account_id),
        name=name,
        prefix=prefix,
        secret_hash=None,
        access_key=None,
        scopes=[scope.value for scope in scopes],
        created_at_ms=now_ms(),
        expires_at_ms=expires_at_ms,
        last_used_at_ms=None,
        revoked_at_ms=None,
    )


def _hash(secret: str) -> str:
    # The secret is 256 random bits: a slow password hash would protect nothing.
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        id=row.id,
        account_id=row.account_id,
        name=row.name,
        prefix=row.prefix,
        created_at_ms=row.created_at_ms,
        revoked_at_ms=row.revoked_at_ms,
        scopes=tuple(Scope(word) for word in row.scopes),
        expires_at_ms=row.expires_at_ms,
        last_used_at_ms=row.last_used_at_ms,
        access_key=row.access_key,
    )
