from __future__ import annotations

from sqlalchemy import text

from lipwright.store.database import Database
from lipwright.store.keys import KeyStore


def test_a_secret_finds_its_account_until_it_is_revoked(database: Database) -> None:
    keys = KeyStore(database)
    assert not keys.any()
    key, secret = keys.create("alice", "laptop")
    _, other = keys.create("bob")
    assert secret.startswith(key.prefix)
    assert keys.find_account(secret) == "alice"
    assert keys.find_account(other) == "bob"
    for wrong in ("", key.prefix, secret[:-1], secret + "x", "lw_" + "a" * 43):
        assert keys.find_account(wrong) is None
    revoked = keys.revoke(key.id)
    assert revoked is not None
    assert revoked.revoked_at_ms is not None
    assert keys.find_account(secret) is None
    assert keys.revoke(key.id) is None
    assert keys.any(), "a service whose keys are all revoked is closed, not open"


def test_the_secret_is_not_in_the_database(database: Database) -> None:
    _, secret = KeyStore(database).create("alice")
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM api_keys")).all()
    assert secret[10:] not in str(rows)


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
