from __future__ import annotations

import time

from lipwright.store.database import Database
from lipwright.store.leases import Leases


def test_a_lease_has_one_holder_until_it_lapses(database: Database) -> None:
    leases = Leases(database)
    assert leases.acquire("a", "one", 60)
    assert leases.acquire("a", "one", 60)
    assert not leases.acquire("a", "two", 60)
    assert leases.live("a") == {"one"}
    assert leases.renew("a", "one", 0.2)
    time.sleep(0.25)
    assert leases.live("a") == set()
    assert leases.held("a") == []
    assert leases.acquire("a", "two", 10)
    assert not leases.renew("a", "one", 10)


def test_a_lapsed_lease_that_nobody_took_can_be_renewed(database: Database) -> None:
    leases = Leases(database)
    leases.acquire("a", "one", 0.01)
    time.sleep(0.05)
    assert leases.renew("a", "one", 10)
    leases.release("a", "one")
    assert not leases.renew("a", "one", 10)


def test_only_the_holder_gives_a_lease_back(database: Database) -> None:
    leases = Leases(database)
    leases.acquire("a", "one", 10)
    leases.release("a", "two")
    leases.acquire("a%", "three", 10)
    assert leases.live("a") == {"one", "three"}
    assert sorted(leases.held("a")) == ["a", "a%"]
    # No pattern: the names that begin just so.
    assert leases.held("a%") == ["a%"]
    assert leases.live("b") == set()


def test_old_leases_are_forgotten(database: Database) -> None:
    leases = Leases(database)
    leases.acquire("old", "one", 0.0)
    leases.acquire("new", "one", 10)
    time.sleep(0.02)
    leases.forget_lapsed(0.01)
    assert not leases.renew("old", "one", 10)
    assert leases.renew("new", "one", 10)
