from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from lipwright.jobs import claims as claims_module
from lipwright.jobs.claims import Claims
from lipwright.store.database import Database
from lipwright.store.idempotency import Claim, IdempotencyKeys, Running
from lipwright.store.tables import IdempotencyRow


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


def held_until(database: Database) -> int | None:
    with database.read() as session:
        return session.scalars(select(IdempotencyRow.held_until_ms)).one_or_none()


def test_a_claim_is_renewed_until_it_ends(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims_module, "RENEW_S", 0.02)
    with Claims(IdempotencyKeys(database)) as claims:
        claim = claims.claim("alice", "k", "f")
        assert isinstance(claim, Claim)
        first = held_until(database) or 0
        deadline = time.monotonic() + 120
        while (held_until(database) or 0) <= first and time.monotonic() < deadline:
            time.sleep(0.02)
        assert (held_until(database) or 0) > first
        assert claims.claim("alice", "k", "f") == Running()
        claims.end(claim)
        assert held_until(database) is None
        assert isinstance(claims.claim("alice", "k", "f"), Claim)


def test_nothing_is_renewed_after_closing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims_module, "RENEW_S", 0.02)
    with Claims(IdempotencyKeys(database)) as claims:
        assert isinstance(claims.claim("alice", "k", "f"), Claim)
    before = held_until(database)
    time.sleep(0.1)
    assert held_until(database) == before
