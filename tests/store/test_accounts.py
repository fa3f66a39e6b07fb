from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from lipwright.errors import BadInputError
from lipwright.store.accounts import (
    LimitReachedError,
    Rules,
    check_account_id,
    check_slot,
    ensure_account,
    lock_account,
    take_call,
)
from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.ledger import Movement, balance, charge, record
from lipwright.store.tables import AccountRow, TaskRow

CLIENTS = 50
RUNNING = ("submitted", "processing")


def race(work: Callable[[int], None]) -> list[Exception]:
    """Let 50 threads do the work at the same moment; return what was raised."""
    start = threading.Barrier(CLIENTS)
    raised: list[Exception] = []

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def reasons(raised: list[Exception]) -> list[str]:
    return [error.reason for error in raised if isinstance(error, LimitReachedError)]


def a_task(id: str, account_id: str, status: str = "submitted") -> TaskRow:
    return TaskRow(
        id=id,
        account_id=account_id,
        session_id="1",
        status=status,
        order={},
        parent_id="1",
        parent_key="k",
        parent_duration_ms=1,
        parent_expires_at_ms=1,
        warnings=[],
        price_micro_ptc=0,
        created_at_ms=now_ms(),
        updated_at_ms=now_ms(),
        expires_at_ms=now_ms(),
    )


def test_fifty_clients_race_for_the_last_credit(database: Database) -> None:
    rules = Rules(prepaid=True)
    with database.write() as session:
        record(session, "alice", Movement.CREDIT, "c", 7 * 70_000 + 69_999)

    def spend(number: int) -> None:
        with database.write() as session:
            charge(session, "alice", Movement.LIPSYNC, str(number), 70_000, rules)

    raised = race(spend)
    assert reasons(raised) == ["no_balance"] * (CLIENTS - 7)
    assert len(raised) == CLIENTS - 7
    with database.read() as session:
        assert balance(session, "alice") == 69_999
        assert session.get_one(AccountRow, "alice").balance_micro_ptc == 69_999


def test_fifty_clients_race_for_the_last_slot(database: Database) -> None:
    rules = Rules(concurrency=3)
    with database.write() as session:
        ensure_account(session, "alice")  # else its making, too, would put them in a row
        session.add_all([a_task("a", "alice"), a_task("b", "alice", "processing")])
        session.add_all([a_task("c", "alice", "failed"), a_task("d", "bob")])

    def create(number: int) -> None:
        with database.write() as session:
            row = lock_account(session, "alice")
            check_slot(session, row, "alice", rules, RUNNING)
            session.add(a_task(str(number), "alice"))

    raised = race(create)
    assert reasons(raised) == ["no_slot"] * (CLIENTS - 1)
    assert len(raised) == CLIENTS - 1


def test_fifty_clients_race_for_the_last_call_of_the_minute(database: Database) -> None:
    rules, now_us = Rules(rate_per_minute=10), 10**15
    with database.write() as session:
        ensure_account(session, "alice")

    def call(number: int) -> None:
        with database.write() as session:
            take_call(session, "alice", rules, now_us)

    raised = race(call)
    assert reasons(raised) == ["rate"] * (CLIENTS - 10)
    assert len(raised) == CLIENTS - 10


def test_refunds_and_charges_at_once_lose_nothing(database: Database) -> None:
    rules = Rules(prepaid=True)
    with database.write() as session:
        record(session, "alice", Movement.CREDIT, "c", 50 * 10)
        for number in range(25):
            charge(session, "alice", Movement.LIPSYNC, f"old{number}", 10, rules)

    def move(number: int) -> None:
        with database.write() as session:
            if number % 2:
                record(session, "alice", Movement.REFUND, f"old{number // 2}", 10)
            else:
                charge(session, "alice", Movement.IDENTIFY, str(number), 10, rules)

    assert race(move) == []
    with database.read() as session:
        assert session.get_one(AccountRow, "alice").balance_micro_ptc == 250
        assert balance(session, "alice") == 250


def test_calls_come_back_evenly(database: Database) -> None:
    rules, minute = Rules(rate_per_minute=2), 60_000_000
    start = 10**15

    def call(at_us: int) -> float | None:
        try:
            with database.write() as session:
                take_call(session, "alice", rules, start + at_us)
        except LimitReachedError as error:
            return error.retry_after_s
        return None

    assert [call(0), call(0), call(0)] == [None, None, 30.0]
    assert [call(minute // 4), call(minute // 2), call(minute // 2)] == [15.0, None, 30.0]
    assert [call(10 * minute), call(10 * minute), call(10 * minute)] == [None, None, 30.0]


def test_an_account_may_have_rules_of_its_own(database: Database) -> None:
    with database.write() as session:
        assert ensure_account(session, "alice")
        assert not ensure_account(session, "alice")
        row = lock_account(session, "alice")
        assert Rules(True, 3, 60).for_account(row) == Rules(True, 3, 60)
        row.prepaid, row.concurrency, row.rate_per_minute = False, 0, 5
        assert Rules(True, 3, 60).for_account(row) == Rules(False, 0, 5)
        charge(session, "alice", Movement.LIPSYNC, "1", 10, Rules(prepaid=True))
    with database.read() as session:
        assert session.get_one(AccountRow, "alice").balance_micro_ptc == -10


def test_what_costs_nothing_needs_no_balance(database: Database) -> None:
    with database.write() as session:
        charge(session, "alice", Movement.LIPSYNC, "1", 0, Rules(prepaid=True))


@pytest.mark.parametrize("id", ["", "..", ".x", "-x", "a/b", "a\\b", "ä", "a b", "x" * 65, "a\n"])
def test_ids_that_could_leave_their_folder_are_refused(id: str) -> None:
    with pytest.raises(BadInputError):
        check_account_id(id)
    assert check_account_id("Acme_1.test-2") == "Acme_1.test-2"
