"""Money, slots and idempotency keys at the moment when a task or session is accepted."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from workshop import DOUBLES, line, make_video, wait_for, working

from lipwright.errors import BadInputError
from lipwright.jobs import creating
from lipwright.jobs.creating import TaskMaker
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import NotFoundError, Session, TaskOptions, TaskStatus
from lipwright.settings import Settings
from lipwright.store import idempotency, ledger
from lipwright.store.accounts import LimitReachedError, lock_account
from lipwright.store.idempotency import Claim, ClaimLostError, Done
from lipwright.store.ledger import Movement
from lipwright.store.tables import AccountRow, ArtifactRow, LedgerRow, SessionRow, TaskRow

CLIENTS = 50


def credit(service: LipsyncService, micro_ptc: int, account: str = "alice") -> None:
    with service._open.stores.database.write() as transaction:
        lock_account(transaction, account).prepaid = True
        reference = f"credit {time.monotonic_ns()}"
        ledger.record(transaction, account, Movement.CREDIT, reference, micro_ptc)


def balance(service: LipsyncService, account: str = "alice") -> int:
    """The balance, which must be the ledger's sum at any time."""
    with service._open.stores.database.read() as transaction:
        kept = transaction.get_one(AccountRow, account).balance_micro_ptc
        assert kept == ledger.balance(transaction, account)
    return kept


def count(service: LipsyncService, table: Any) -> int:
    with service._open.stores.database.read() as transaction:
        return transaction.scalar(select(func.count()).select_from(table)) or 0


def race(work: Callable[[], object], clients: int = CLIENTS) -> tuple[list[Any], list[Exception]]:
    start = threading.Barrier(clients)
    done: list[Any] = []
    raised: list[Exception] = []

    def run() -> None:
        start.wait()
        try:
            done.append(work())
        except Exception as error:
            raised.append(error)

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done, raised


@pytest.fixture
def quick_sounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at sounds without a child, so that all clients come to the last step together."""

    def ready(self: TaskMaker, sound: str, path: Path, deadline: float) -> Any:
        path.write_bytes(b"2500")
        return creating._ReadySound(path, 2500, "wav")

    monkeypatch.setattr(TaskMaker, "_sound", ready)
    # Nobody is turned away early: the last check alone must hold.
    monkeypatch.setattr(creating, "check_room", lambda *args, **kwargs: None)


@pytest.mark.usefixtures("quick_sounds")
class TestRaces:
    def test_fifty_clients_race_for_the_last_credit(
        self, service: LipsyncService, session: Session
    ) -> None:
        credit(service, 7_000 + 3 * 70_000 + 69_999)  # the identification is paid, too
        done, raised = race(lambda: service.create("alice", session.id, [line()]))
        assert len({task.id for task in done}) == 3
        assert [type(error) for error in raised] == [LimitReachedError] * (CLIENTS - 3)
        assert {error.reason for error in raised} == {"no_balance"}  # type: ignore[attr-defined]
        assert balance(service) == 69_999
        assert count(service, TaskRow) == 3

    def test_fifty_clients_race_for_the_last_slot(
        self, service: LipsyncService, session: Session
    ) -> None:
        with service._open.stores.database.write() as transaction:
            lock_account(transaction, "alice").concurrency = 2
        service.create("alice", session.id, [line()])
        done, raised = race(lambda: service.create("alice", session.id, [line()]))
        assert len(done) == 1
        assert {error.reason for error in raised} == {"no_slot"}  # type: ignore[attr-defined]
        assert len(raised) == CLIENTS - 1
        assert count(service, TaskRow) == 2
        assert balance(service) == -7_000 - 2 * 70_000, "a refused task costs nothing"
        service.cancel("alice", done[0].id)
        assert service.create("alice", session.id, [line()])

    def test_fifty_clients_with_one_idempotency_key(
        self, service: LipsyncService, session: Session
    ) -> None:
        def ask() -> str:
            while True:
                claim = service.claim("alice", "k", "f")
                if isinstance(claim, Done):
                    return claim.reference
                if isinstance(claim, Claim):
                    try:
                        options = TaskOptions(claim=claim)
                        return service.create("alice", session.id, [line()], options=options).id
                    finally:
                        service.end_claim(claim)
                time.sleep(0.02)

        done, raised = race(ask)
        assert raised == []
        assert len(done) == CLIENTS
        assert len(set(done)) == 1
        assert (count(service, TaskRow), balance(service)) == (1, -77_000)

    def test_work_that_was_taken_over_stores_and_charges_nothing(
        self, service: LipsyncService, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        late = service.claim("alice", "k", "f")
        assert isinstance(late, Claim)
        with monkeypatch.context() as patch:
            now = idempotency.now_ms()
            patch.setattr(idempotency, "now_ms", lambda: now + idempotency.HOLD_MS + 1)
            assert isinstance(service.claim("alice", "k", "f"), Claim)
        with pytest.raises(ClaimLostError):
            service.create("alice", session.id, [line()], options=TaskOptions(claim=late))
        assert (count(service, TaskRow), balance(service)) == (0, -7_000)


def test_a_task_that_fails_gives_its_credit_and_slot_back_once(
    service: LipsyncService, session: Session
) -> None:
    credit(service, 7_000 + 70_000)
    with service._open.stores.database.write() as transaction:
        lock_account(transaction, "alice").concurrency = 1
    first = service.create("alice", session.id, [line(5000)])
    assert balance(service) == 0
    with pytest.raises(LimitReachedError) as caught:
        service.create("alice", session.id, [line()])
    assert caught.value.reason == "no_balance"
    with working(service.settings):
        assert wait_for(service, first).status is TaskStatus.FAILED
        assert balance(service) == 70_000
        with pytest.raises(BadInputError):
            service.cancel("alice", first.id)
        second = wait_for(service, service.create("alice", session.id, [line()]))
    assert second.status is TaskStatus.SUCCEED
    assert balance(service) == 0
    with service._open.stores.database.read() as transaction:
        kinds = transaction.scalars(
            select(LedgerRow.kind).order_by(LedgerRow.created_at_ms, LedgerRow.kind)
        ).all()
    assert sorted(kinds) == ["credit", "identify", "lipsync", "lipsync", "refund"]


def test_a_slot_is_held_while_a_task_waits_and_free_when_it_has_ended(
    service: LipsyncService, session: Session
) -> None:
    with service._open.stores.database.write() as transaction:
        lock_account(transaction, "alice").concurrency = 1
    task = service.create("alice", session.id, [line()])
    with pytest.raises(LimitReachedError) as caught:
        service.create("alice", session.id, [line()])
    assert (caught.value.reason, caught.value.detail) == (
        "no_slot",
        "parallel task over resource pack limit",
    )
    assert caught.value.retry_after_s
    service.identify("alice", service.settings.data_dir.parent / "video.mp4")
    with working(service.settings):
        wait_for(service, task)
    service.create("alice", session.id, [line()])


def test_an_identification_that_cannot_be_paid_leaves_nothing(
    service: LipsyncService, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credit(service, 7_000 + 6_999)
    service.identify("alice", video)
    before = count(service, ArtifactRow)
    with pytest.raises(LimitReachedError):
        service.identify("alice", make_video(tmp_path / "other.mp4", "b"))
    assert count(service, ArtifactRow) == before, "refused before any work"
    monkeypatch.setattr("lipwright.jobs.identifying.check_room", lambda *args, **kwargs: None)
    with pytest.raises(LimitReachedError):
        service.identify("alice", video)
    assert count(service, ArtifactRow) == before
    assert (count(service, SessionRow), balance(service)) == (1, 6_999)


def test_everybody_is_prepaid_if_the_settings_say_so(settings: Settings, video: Path) -> None:
    prepaid = settings.model_copy(update={"prepaid": True, "account_rate_per_minute": 1})
    with LipsyncService(prepaid, functions=DOUBLES) as service:
        with pytest.raises(LimitReachedError):
            service.identify("alice", video)
        credit(service, 1_000_000)
        service.take_call("alice")
        with pytest.raises(LimitReachedError) as caught:
            service.take_call("alice")
        assert caught.value.reason == "rate"
        service.take_call("bob")
        costs = service.costs("alice", 0, 2**50)
    assert (costs.prepaid, costs.credited_micro_ptc, costs.balance_micro_ptc) == (
        True,
        1_000_000,
        1_000_000,
    )


def test_a_repeated_identification_finds_the_first_session(
    service: LipsyncService, video: Path
) -> None:
    claim = service.claim("alice", "k", "f")
    assert isinstance(claim, Claim)
    first = service.identify("alice", video, claim=claim)
    service.end_claim(claim)
    again = service.claim("alice", "k", "f")
    assert again == Done(first.id)
    assert service.find_session("alice", first.id) == first
    for account, id in (("bob", first.id), ("alice", "1")):
        with pytest.raises(NotFoundError):
            service.find_session(account, id)


def test_lists_are_newest_first_and_per_account(
    service: LipsyncService, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for _ in range(5):
        ids.append(service.create("alice", session.id, [line()]).id)
        time.sleep(0.002)
    other = service.identify("bob", service.settings.data_dir.parent / "video.mp4")
    service.create("bob", other.id, [line()])

    def listed(account: str, offset: int, limit: int) -> list[str]:
        return [task.id for task in service.list_tasks(account, offset=offset, limit=limit)]

    assert listed("alice", 0, 30) == ids[::-1]
    assert listed("alice", 1, 2) == [ids[3], ids[2]]
    assert listed("alice", 5, 2) == []
    assert len(listed("bob", 0, 30)) == 1
    assert listed("carol", 0, 30) == []


def test_another_accounts_task_is_unknown_and_no_quicker_found_out(
    service: LipsyncService, session: Session
) -> None:
    """The same is asked of the database, and the same work done, whether it is there or not."""
    task = service.create("alice", session.id, [line()])

    def work(id: str) -> tuple[list[str], int]:
        asked: list[str] = []
        calls = 0

        def note(*arguments: Any) -> None:
            asked.append(arguments[2])

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal calls
            calls += event == "call"

        engine = service._open.stores.database.engine
        event.listen(engine, "before_cursor_execute", note)
        sys.setprofile(count)
        try:
            with pytest.raises(NotFoundError):
                service.find_task("bob", id)
        finally:
            sys.setprofile(None)
            event.remove(engine, "before_cursor_execute", note)
        return asked, calls

    unknown = "123456789012345678"
    for id in (task.id, unknown):
        work(id)  # what is prepared once and kept
    (asked, calls), (asked_of_none, calls_of_none) = work(task.id), work(unknown)
    assert asked == asked_of_none != []
    assert max(calls, calls_of_none) < 1.1 * min(calls, calls_of_none)
