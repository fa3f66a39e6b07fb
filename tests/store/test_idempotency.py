from __future__ import annotations

import threading

import pytest

from lipwright.errors import BadInputError
from lipwright.store import idempotency
from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.idempotency import (
    KEPT_MS,
    Claim,
    ClaimLostError,
    Done,
    IdempotencyKeys,
    Running,
    check_key,
    complete,
)


@pytest.fixture
def keys(database: Database) -> IdempotencyKeys:
    return IdempotencyKeys(database)


def claimed(keys: IdempotencyKeys, account: str = "alice", fingerprint: str = "f") -> Claim:
    found = keys.claim(account, "k", fingerprint)
    assert isinstance(found, Claim)
    return found


def test_the_work_of_a_key_is_done_once(database: Database, keys: IdempotencyKeys) -> None:
    claim = claimed(keys)
    assert keys.claim("alice", "k", "f") == Running()
    with database.write() as session:
        complete(session, claim, "task 1")
    keys.release(claim)
    assert keys.claim("alice", "k", "f") == Done("task 1")
    claimed(keys, "bob")


def test_a_key_stands_for_one_request(database: Database, keys: IdempotencyKeys) -> None:
    claim = claimed(keys)
    for _ in range(2):
        with pytest.raises(BadInputError) as caught:
            keys.claim("alice", "k", "other")
        assert (caught.value.field, caught.value.reason) == ("idempotency_key", "reused")
        with database.write() as session:
            if claim is not None:
                complete(session, claim, "task 1")
                claim = None  # type: ignore[assignment]


def test_work_that_failed_gives_its_key_back(keys: IdempotencyKeys) -> None:
    keys.release(claimed(keys))
    claimed(keys, fingerprint="other")


def test_a_dead_holder_is_followed_and_stores_nothing(
    database: Database, keys: IdempotencyKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = claimed(keys)
    later = now_ms() + idempotency.HOLD_MS + 1
    monkeypatch.setattr(idempotency, "now_ms", lambda: later)
    alive = claimed(keys)
    keys.renew(dead)
    keys.release(dead)
    with pytest.raises(ClaimLostError), database.write() as session:
        complete(session, dead, "twice")
    with database.write() as session:
        complete(session, alive, "once")
    assert keys.claim("alice", "k", "f") == Done("once")


def test_a_claim_lives_as_long_as_it_is_renewed(
    keys: IdempotencyKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, start = claimed(keys), now_ms()
    monkeypatch.setattr(idempotency, "now_ms", lambda: start + idempotency.HOLD_MS - 1)
    keys.renew(claim)
    monkeypatch.setattr(idempotency, "now_ms", lambda: start + idempotency.HOLD_MS + 1000)
    assert keys.claim("alice", "k", "f") == Running()


def test_a_key_is_forgotten_after_a_day(
    database: Database, keys: IdempotencyKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = claimed(keys)
    with database.write() as session:
        complete(session, claim, "1")
    assert keys.remove_expired(now_ms() + KEPT_MS - 10_000) == 0
    later = now_ms() + KEPT_MS + 1
    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "now_ms", lambda: later)
        claimed(keys, fingerprint="other")
    assert keys.remove_expired(later + KEPT_MS) == 1


def test_of_fifty_at_once_one_gets_the_work(keys: IdempotencyKeys) -> None:
    start, found = threading.Barrier(50), []

    def ask() -> None:
        start.wait()
        found.append(keys.claim("alice", "k", "f"))

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, Claim) for outcome in found) == 1
    assert found.count(Running()) == 49


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\x00b"])
def test_what_cannot_be_a_key(key: str) -> None:
    with pytest.raises(BadInputError):
        check_key(key)
    assert check_key("a" * 255) == "a" * 255
