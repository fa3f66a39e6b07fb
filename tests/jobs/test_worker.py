from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from workshop import line, make_video, wait_for, working

from lipwright.jobs import engine
from lipwright.jobs.attempts import Attempt
from lipwright.jobs.links import token_in
from lipwright.jobs.queue import FORMAT, WORKER_PREFIX
from lipwright.jobs.runner import TaskRunner
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Session, Task, TaskStatus
from lipwright.jobs.work import ChildFunctions
from lipwright.store.accounts import lock_account
from lipwright.store.ledger import balance
from lipwright.store.tables import LedgerRow, QueueItemRow, TaskRow


def movements(service: LipsyncService, task: Task) -> list[tuple[str, int]]:
    with service._open.stores.database.read() as transaction:
        rows = transaction.scalars(select(LedgerRow).where(LedgerRow.reference == task.id)).all()
    return sorted((row.kind, row.amount_micro_ptc) for row in rows)


def attempts(service: LipsyncService, task: Task) -> int:
    with service._open.stores.database.read() as transaction:
        return transaction.get_one(TaskRow, task.id).attempts


def test_tasks_are_rendered_and_published(service: LipsyncService, session: Session) -> None:
    waiting = service.create("alice", session.id, [line()])
    with working(service.settings):
        assert service.health().workers == 1
        task = wait_for(service, waiting)
        later = wait_for(service, service.create("alice", session.id, [line(2600)]))
    assert later.status is TaskStatus.SUCCEED
    assert task.status is TaskStatus.SUCCEED
    assert (task.progress, task.stage, task.warnings) == (1.0, "done", ("dark",))
    assert task.result is not None
    assert task.result.duration_ms == 7000
    token = token_in(service.link(task.result.key, task.result.expires_at_ms))
    assert token is not None
    opened = service.open_file(token)
    assert (b"".join(opened.stream()), opened.media_type) == (
        b"a video in which face 0",
        "video/mp4",
    )
    assert movements(service, task) == [("lipsync", -70_000)]
    assert service.health().workers == 0
    assert [path.name for path in service.settings.temp_dir.iterdir()] == [
        service._open.stores.scratch.path.name
    ]


def test_progress_shows_while_a_task_runs(
    service: LipsyncService, session: Session, hold: Path
) -> None:
    with working(service.settings):
        task = service.create("alice", session.id, [line(3000)])
        task = wait_for(service, task, lambda task: 0.2 < task.progress < 1)
        assert (task.status, task.stage) == (TaskStatus.PROCESSING, "render")
        assert task.updated_at_ms > task.created_at_ms
        hold.unlink()
        assert wait_for(service, task).status is TaskStatus.SUCCEED


@pytest.mark.parametrize(
    ("length_ms", "words"),
    [
        (4000, "rendering failed: the process that did the work was ended by SIGSEGV"),
        (5000, "rendering failed: the model is gone"),
    ],
)
def test_a_failed_render_says_why_and_gives_the_money_back(
    service: LipsyncService, session: Session, length_ms: int, words: str
) -> None:
    with working(service.settings):
        task = wait_for(service, service.create("alice", session.id, [line(length_ms)]))
        # The worker lives on.
        good = wait_for(service, service.create("alice", session.id, [line()]))
    assert (task.status, task.message) == (TaskStatus.FAILED, words)
    assert task.result is None
    assert movements(service, task) == [("lipsync", -70_000), ("refund", 70_000)]
    assert good.status is TaskStatus.SUCCEED
    with service._open.stores.database.read() as transaction:
        assert balance(transaction, "alice") == -77_000


def test_a_render_that_takes_too_long_fails(service: LipsyncService, session: Session) -> None:
    settings = service.settings.model_copy(update={"render_timeout_s": 1.0})
    with working(settings):
        task = wait_for(service, service.create("alice", session.id, [line(3000)]))
    assert task.message == "rendering failed: it took longer than 1 s"


def test_a_slow_sound_is_fetched_by_the_worker(
    service: LipsyncService, session: Session, slow_url: str
) -> None:
    good = replace(line(), sound=f"{slow_url}/good.wav")
    bad = replace(line(), sound=f"{slow_url}/noise.wav")
    short = replace(line(), sound=f"{slow_url}/good.wav?short", sound_end_ms=3000, insert_ms=0)
    tasks = [service.create("alice", session.id, [request]) for request in (good, bad, short)]
    with working(service.settings):
        done = [wait_for(service, task) for task in tasks]
    assert done[0].status is TaskStatus.SUCCEED
    assert done[1].message == "the speech cannot be used: it is not a sound"
    assert done[2].status is TaskStatus.FAILED
    assert done[2].message.startswith("the speech end cannot be used: ")


def test_a_stopped_worker_hands_its_task_back_uncounted(
    service: LipsyncService, session: Session, hold: Path
) -> None:
    task = service.create("alice", session.id, [line(3000)])
    with working(service.settings):
        wait_for(service, task, lambda task: task.progress > 0)
    # The render, which would have gone on, was ended with the worker.
    assert attempts(service, task) == 0
    hold.unlink()
    with working(service.settings):
        assert wait_for(service, task).status is TaskStatus.SUCCEED
    assert attempts(service, task) == 1
    assert movements(service, task) == [("lipsync", -70_000)]


def test_a_task_of_a_dead_worker_is_taken_over(service: LipsyncService, session: Session) -> None:
    task = service.create("alice", session.id, [line()])
    stores = service._open.stores
    # What a worker leaves that was killed in its second attempt: an item that it holds, a lease.
    with stores.database.write() as transaction:
        transaction.get_one(TaskRow, task.id).attempts = 2
        item = transaction.get_one(QueueItemRow, task.id)
        item.state, item.holder, item.started_at_ms = "running", "dead", 1
        item.deaths = 1
    stores.leases.acquire(WORKER_PREFIX + "dead", "dead", 1.0)
    with working(service.settings):
        done = wait_for(service, task)
    assert done.status is TaskStatus.SUCCEED
    assert attempts(service, task) == 3


def test_after_three_deaths_a_task_is_a_failure(service: LipsyncService, session: Session) -> None:
    task = service.create("alice", session.id, [line()])
    with service._open.stores.database.write() as transaction:
        transaction.get_one(TaskRow, task.id).attempts = 3
        transaction.get_one(QueueItemRow, task.id).deaths = 3
    with working(service.settings):
        done = wait_for(service, task)
    assert done.status is TaskStatus.FAILED
    assert done.message == "the work was interrupted 3 times and is not tried again"
    assert movements(service, task) == [("lipsync", -70_000), ("refund", 70_000)]


def test_an_attempt_that_was_taken_over_cannot_disturb_its_successor(
    service: LipsyncService, session: Session
) -> None:
    task = service.create("alice", session.id, [line()])
    runner = TaskRunner(service.settings, service._open.stores, ChildFunctions())
    first = runner.begin(task.id)
    second = runner.begin(task.id)
    assert first == Attempt(task.id, "alice", 1)
    assert second == Attempt(task.id, "alice", 2)
    result = {"key": "k", "duration_ms": 1, "warnings": []}
    runner.fail(first, "too late")
    runner.finish(first, result)
    assert service.find_task("alice", task.id).status is TaskStatus.PROCESSING
    runner.finish(second, result)
    runner.fail(second, "too late")
    assert service.find_task("alice", task.id).status is TaskStatus.SUCCEED
    assert movements(service, task) == [("lipsync", -70_000)]
    assert runner.begin(task.id) is None


def test_a_task_and_its_workflow_are_accepted_together_or_not_at_all(
    service: LipsyncService, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("no engine")

    monkeypatch.setattr(engine, "announce", broken)
    with pytest.raises(RuntimeError, match="no engine"):
        service.create("alice", session.id, [line()])
    monkeypatch.undo()
    with service._open.stores.database.read() as transaction:
        assert transaction.scalars(select(TaskRow)).all() == []
        assert balance(transaction, "alice") == -7_000
    assert service._open.client.list_workflows() == []


def test_a_task_that_is_not_in_the_queue_is_brought_in(
    service: LipsyncService, session: Session
) -> None:
    task = service.create("alice", session.id, [line()])
    with service._open.stores.database.write() as transaction:
        transaction.delete(transaction.get_one(QueueItemRow, task.id))
    with working(service.settings):
        assert wait_for(service, task).status is TaskStatus.SUCCEED
    assert movements(service, task) == [("lipsync", -70_000)]


def test_nothing_is_left_of_a_task_in_the_queue(service: LipsyncService, session: Session) -> None:
    done = service.create("alice", session.id, [line()])
    cancelled = service.create("alice", session.id, [line()])
    service.cancel("alice", cancelled.id)
    with working(service.settings):
        wait_for(service, done)
    with service._open.stores.database.read() as transaction:
        assert transaction.scalars(select(QueueItemRow)).all() == []


def test_workers_of_a_fleet_may_differ(service: LipsyncService) -> None:
    settings = service.settings.model_copy(
        update={"worker_concurrency": 3, "worker_queues": ("cpu", "gpu")}
    )
    leases = service._open.stores.leases
    with working(settings):
        [offer] = leases.offers(WORKER_PREFIX)
        assert (offer.slots, offer.queues) == (3, ("gpu", "cpu"))
        # The GPU is its own as long as it lives: a second worker there would not get it.
        [gpu] = leases.live("gpu:")
        assert gpu == offer.holder
    assert leases.live("gpu:") == set()


def test_a_task_of_a_newer_release_waits_for_a_worker_that_understands_it(
    service: LipsyncService, session: Session
) -> None:
    newer, known = (service.create("alice", session.id, [line()]) for _ in range(2))
    with service._open.stores.database.write() as transaction:
        transaction.get_one(QueueItemRow, newer.id).format = FORMAT + 1
    with working(service.settings):
        assert wait_for(service, known).status is TaskStatus.SUCCEED
        assert service.find_task("alice", newer.id).status is TaskStatus.SUBMITTED
    with working(service.settings, understands=FORMAT + 1):
        assert wait_for(service, newer).status is TaskStatus.SUCCEED


def test_a_tenant_with_many_tasks_does_not_hold_up_another(
    service: LipsyncService, session: Session, tmp_path: Path, hold: Path
) -> None:
    many = [service.create("alice", session.id, [line(3000)]) for _ in range(30)]
    with service._open.stores.database.write() as transaction:
        lock_account(transaction, "alice").running = 1
    mine = service.identify("bob", make_video(tmp_path / "bob"))
    single = service.create("bob", mine.id, [line()])
    with working(service.settings.model_copy(update={"worker_concurrency": 2})):
        assert wait_for(service, single).status is TaskStatus.SUCCEED
        waiting = [service.find_task("alice", task.id).status for task in many]
        assert waiting.count(TaskStatus.SUBMITTED) >= 29
        assert waiting.count(TaskStatus.PROCESSING) <= 1
