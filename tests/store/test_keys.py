from __future__ import annotations

import pytest
from sqlalchemy import text

from lipwright.errors import BadInputError
from lipwright.store import keys as keys_module
from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.keys import KeyStore, Scope, to_scopes


def account_of(keys: KeyStore, secret: str) -> str | None:
    key = keys.find(secret)
    return key and key.account_id


def test_a_secret_finds_its_account_until_it_is_revoked(database: Database) -> None:
    keys = KeyStore(database)
    assert not keys.any()
    key, secret = keys.create("alice", "laptop")
    _, other = keys.create("bob")
    assert secret.startswith(key.prefix)
    assert account_of(keys, secret) == "alice"
    assert account_of(keys, other) == "bob"
    for wrong in ("", key.prefix, secret[:-1], secret + "x", "lw_" + "a" * 43):
        assert keys.find(wrong) is None
    revoked = keys.revoke(key.id)
    assert revoked is not None
    assert revoked.revoked_at_ms is not None
    assert keys.find(secret) is None
    assert keys.revoke(key.id) is None
    assert keys.any(), "a service whose keys are all revoked is closed, not open"


def test_no_secret_is_in_the_database(database: Database) -> None:
    keys = KeyStore(database, b"server secret")
    _, secret = keys.create("alice")
    pair, secret_key = keys.create_pair("alice")
    with database.engine.connect() as connection:
        rows = str(connection.execute(text("SELECT * FROM api_keys")).all())
    assert secret[10:] not in rows
    assert pair.access_key is not None
    assert pair.access_key in rows
    assert secret_key[:10] not in rows


def test_keys_are_listed_by_account_and_revoked_by_prefix(database: Database) -> None:
    keys = KeyStore(database)
    first, _ = keys.create("alice", "one")
    second, _ = keys.create("alice", "two")
    keys.create("bob")
    assert [key.name for key in keys.list("alice")] == ["one", "two"]
    assert len(keys.list()) == 3
    assert keys.revoke(second.prefix) is not None
    live = [key.id for key in keys.list("alice") if key.revoked_at_ms is None]
    assert live == [first.id]


def test_a_secret_key_follows_from_its_access_key_and_the_servers_secret(
    database: Database,
) -> None:
    keys = KeyStore(database, b"server secret")
    pair, secret_key = keys.create_pair("alice", scopes=[Scope.READ])
    assert pair.access_key is not None
    assert KeyStore(database, b"server secret").secret_key(pair.access_key) == secret_key
    assert KeyStore(database, b"another").secret_key(pair.access_key) != secret_key
    assert len(secret_key) == 43
    assert keys.find_pair(pair.access_key) == pair
    assert keys.find(pair.access_key) is None, "an AccessKey alone opens nothing"
    assert keys.revoke(pair.access_key) is not None
    assert keys.find_pair(pair.access_key) is None


def test_scopes_include_those_below(database: Database) -> None:
    keys = KeyStore(database)
    reader, _ = keys.create("alice", scopes=[Scope.READ])
    writer, _ = keys.create("alice")
    assert reader.allows(Scope.READ)
    assert not reader.allows(Scope.WRITE)
    assert writer.allows(Scope.READ)
    assert writer.allows(Scope.WRITE)
    assert to_scopes(["write", "read", "read"]) == (Scope.READ, Scope.WRITE)
    with pytest.raises(BadInputError):
        to_scopes(["everything"])


def test_the_last_use_is_written_now_and_then(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = KeyStore(database)
    _, secret = keys.create("alice")

    def use(at_ms: int) -> int | None:
        monkeypatch.setattr(keys_module, "now_ms", lambda: at_ms)
        key = keys.find(secret)
        assert key is not None
        keys.note_use(key)
        found = keys.find(secret)
        return found and found.last_used_at_ms

    start = now_ms()
    assert [use(start), use(start + 59_999), use(start + 60_000)] == [start, start, start + 60_000]


def test_accounts_that_could_leave_their_folder_get_no_key(database: Database) -> None:
    with pytest.raises(BadInputError):
        KeyStore(database).create("../other")
