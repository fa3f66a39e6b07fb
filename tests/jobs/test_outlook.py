from __future__ import annotations

import pytest
from workshop import line, wait_for, working

from lipwright.jobs.outlook import Outlook, outlook
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Session, Task, TaskStatus
from lipwright.store.clock import now_ms
from lipwright.store.tables import TaskRow


def set_task(service: LipsyncService, task: Task, **values: object) -> None:
    with service._open.stores.database.write() as transaction:
        row = transaction.get_one(TaskRow, task.id)
        for name, value in values.items():
            setattr(row, name, value)


def look(service: LipsyncService, task: Task, slots: int) -> Outlook:
    with service._open.stores.database.read() as transaction:
        return outlook(transaction, transaction.get_one(TaskRow, task.id), slots)


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
    return task


def test_without_any_experience_only_the_place_is_known(
    service: LipsyncService, session: Session
) -> None:
    tasks = [service.create("alice", session.id, [line()]) for _ in range(3)]
    for place, task in enumerate(tasks, 1):
        set_task(service, task, created_at_ms=1000 + place)
    assert [look(service, task, 1) for task in tasks] == [Outlook(1), Outlook(2), Outlook(3)]
    assert service.find_task("alice", tasks[1].id).queue_position == 2


def test_a_waiting_task_is_judged_by_what_earlier_ones_took(
    service: LipsyncService, session: Session
) -> None:
    for took_s in (10.0, 14.0, 90.0):
        finished(service, session, took_s)
    first, second = (service.create("alice", session.id, [line()]) for _ in range(2))
    set_task(service, first, created_at_ms=1)
    # The median, so that one slow task says nothing: 14 s for one task.
    assert look(service, first, 1).eta_s == pytest.approx(14, abs=0.1)
    assert look(service, second, 1).eta_s == pytest.approx(28, abs=0.1)
    assert look(service, second, 2).eta_s == pytest.approx(14, abs=0.1)
    # Nobody works: nobody knows.
    assert look(service, second, 0) == Outlook(2, None)
    set_task(service, first, status="processing", started_at_ms=now_ms() - 4_000)
    assert look(service, first, 1).eta_s == pytest.approx(10, abs=0.3)
    assert look(service, second, 1).queue_position == 1
    assert look(service, second, 1).eta_s == pytest.approx(24, abs=0.3)


def test_a_task_under_way_is_judged_by_its_own_progress(
    service: LipsyncService, session: Session
) -> None:
    finished(service, session, 1000.0)
    task = service.create("alice", session.id, [line()])
    set_task(service, task, status="processing", progress=0.75, started_at_ms=now_ms() - 9_000)
    assert look(service, task, 1) == Outlook(None, pytest.approx(3, abs=0.1))


def test_real_tasks_leave_the_experience(service: LipsyncService, session: Session) -> None:
    with working(service.settings):
        task = wait_for(service, service.create("alice", session.id, [line(3000)]))
        next_task = service.create("alice", session.id, [line(3000)])
        seen = service.find_task("alice", next_task.id)
        assert seen.eta_s is None or 2 < seen.eta_s < 10
        running = wait_for(service, next_task, lambda task: task.status is TaskStatus.PROCESSING)
        running = wait_for(service, next_task, lambda task: task.progress > 0.5)
        assert running.eta_s is not None
        assert 0 < running.eta_s < 5
        assert running.queue_position is None
    assert (task.eta_s, task.queue_position) == (None, None)
