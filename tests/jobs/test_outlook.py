from __future__ import annotations

from pathlib import Path

import pytest
from workshop import line, make_video, wait_for, working

from lipwright.jobs import outlook
from lipwright.jobs.outlook import Outlook, Slots, outlooks, recent_speed
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Session, Task
from lipwright.store.clock import now_ms
from lipwright.store.leases import Offer
from lipwright.store.tables import AccountRow, QueueItemRow, TaskRow


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> int:
    """The time, which stands still for as long as the test takes."""
    stopped = now_ms()
    monkeypatch.setattr(outlook, "now_ms", lambda: stopped)
    return stopped


def set_task(service: LipsyncService, task: Task, **values: object) -> None:
    with service._open.stores.database.write() as transaction:
        row = transaction.get_one(TaskRow, task.id)
        for name, value in values.items():
            setattr(row, name, value)


def look(service: LipsyncService, task: Task, slots: int) -> Outlook:
    with service._open.stores.database.read() as transaction:
        offered = Slots({"cpu": slots, "gpu": slots})
        row = transaction.get_one(TaskRow, task.id)
        speed = recent_speed(transaction)
        return outlooks(transaction, [row], offered, service.settings, speed)[task.id]


def begin(service: LipsyncService, task: Task, started_at_ms: int) -> None:
    """Make a task look as if a worker had begun with it."""
    set_task(service, task, status="processing", started_at_ms=started_at_ms)
    with service._open.stores.database.write() as transaction:
        transaction.get_one(QueueItemRow, task.id).state = "running"


def finished(service: LipsyncService, session: Session, took_s: float) -> Task:
    """A task of 7 s of video that was worked on for so long."""
    task = service.create("alice", session.id, [line()])
    now = now_ms()
    set_task(
        service,
        task,
        status="succeed",
        progress=1.0,
        started_at_ms=now - round(1000 * took_s),
        updated_at_ms=now,
    )
    with service._open.stores.database.write() as transaction:
        transaction.delete(transaction.get_one(QueueItemRow, task.id))
    return task


def test_without_any_experience_only_the_place_is_known(
    service: LipsyncService, session: Session
) -> None:
    tasks = [service.create("alice", session.id, [line()]) for _ in range(3)]
    assert [look(service, task, 1) for task in tasks] == [Outlook(1), Outlook(2), Outlook(3)]
    assert service.find_task("alice", tasks[1].id).queue_position == 2


def test_a_waiting_task_is_judged_by_what_earlier_ones_took(
    service: LipsyncService, session: Session, now: int
) -> None:
    for took_s in (10.0, 14.0, 90.0):
        finished(service, session, took_s)
    first, second = (service.create("alice", session.id, [line()]) for _ in range(2))
    # The median, so that one slow task says nothing: 14 s for one task.
    assert look(service, first, 1).eta_s == pytest.approx(14, abs=0.1)
    assert look(service, second, 1).eta_s == pytest.approx(28, abs=0.1)
    assert look(service, second, 2).eta_s == pytest.approx(14, abs=0.1)
    # Nobody works: nobody knows.
    assert look(service, second, 0) == Outlook(2, None)
    begin(service, first, now - 4_000)
    assert look(service, first, 1).eta_s == pytest.approx(10, abs=0.1)
    assert look(service, second, 1).queue_position == 1
    assert look(service, second, 1).eta_s == pytest.approx(24, abs=0.1)


def test_the_place_is_that_of_the_order_in_which_tasks_are_taken(
    service: LipsyncService, session: Session, tmp_path: Path
) -> None:
    mine = [service.create("alice", session.id, [line()]) for _ in range(5)]
    video = make_video(tmp_path / "another")
    other = service.create("bob", service.identify("bob", video).id, [line()])
    assert other.queue_position == 2
    assert [look(service, task, 1).queue_position for task in mine] == [1, 3, 4, 5, 6]


def test_an_account_that_may_run_one_task_waits_for_its_own(
    service: LipsyncService, session: Session, now: int
) -> None:
    finished(service, session, 10.0)
    first, second = (service.create("alice", session.id, [line()]) for _ in range(2))
    assert look(service, second, 4).eta_s == pytest.approx(10, abs=0.1)
    with service._open.stores.database.write() as transaction:
        transaction.get_one(AccountRow, "alice").running = 1
    assert look(service, second, 4).eta_s == pytest.approx(20, abs=0.1)
    begin(service, first, now - 4_000)
    assert look(service, second, 4).eta_s == pytest.approx(16, abs=0.1)


def test_slots_are_what_the_living_workers_offer() -> None:
    plain = [Offer("a", 3, ("cpu",)), Offer("b", 1, ("cpu",)), Offer("first release", 0, ("",))]
    assert Slots.offered(plain, 2).by_queue == {"cpu": 6, "gpu": 6}
    gpu = Offer("c", 2, ("gpu", "cpu"))
    assert Slots.offered([*plain, gpu], 2).by_queue == {"cpu": 8, "gpu": 1}
    assert Slots.offered([], 2).of("cpu") == 0


def test_a_task_under_way_is_judged_by_its_own_progress(
    service: LipsyncService, session: Session, now: int
) -> None:
    finished(service, session, 1000.0)
    task = service.create("alice", session.id, [line()])
    set_task(service, task, status="processing", progress=0.75, started_at_ms=now - 9_000)
    assert look(service, task, 1) == Outlook(None, pytest.approx(3, abs=0.1))


def times(service: LipsyncService, task: Task) -> tuple[int, int]:
    """When a task was begun, and when it was last changed."""
    with service._open.stores.database.read() as transaction:
        row = transaction.get_one(TaskRow, task.id)
        assert row.started_at_ms is not None
        return row.started_at_ms, row.updated_at_ms


def test_real_tasks_leave_the_experience(
    service: LipsyncService, session: Session, hold: Path
) -> None:
    hold.unlink()
    with working(service.settings):
        task = wait_for(service, service.create("alice", session.id, [line(3000)]))
    begun, ended = times(service, task)
    assert ended - begun > 2_500
    next_task = service.create("alice", session.id, [line(3000)])
    offered = look(service, next_task, 1)
    assert offered.eta_s == pytest.approx((ended - begun) / 1000, abs=0.01)
    hold.touch()
    with working(service.settings):
        wait_for(service, next_task, lambda task: task.progress > 0.5)
        running = wait_for(service, next_task, lambda task: task.eta_s is not None)
        so_far = now_ms() - times(service, next_task)[0]
        assert running.eta_s is not None
        left = (1 - running.progress) / running.progress
        assert 0 < running.eta_s <= 1.01 * left * so_far / 1000
        assert running.queue_position is None
    assert (task.eta_s, task.queue_position) == (None, None)
