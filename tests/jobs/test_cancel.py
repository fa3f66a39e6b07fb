from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select
from workshop import DOUBLES, PATIENCE_S, line, wait_for, working

from lipwright.errors import BadInputError
from lipwright.jobs.attempts import Attempt
from lipwright.jobs.links import token_in
from lipwright.jobs.runner import TaskRunner
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import NotFoundError, Session, Task, TaskStatus
from lipwright.store.ledger import balance
from lipwright.store.tables import LedgerRow


def children(within: psutil.Process) -> list[psutil.Process]:
    found = []
    for process in within.children(recursive=True):
        try:
            if "lipwright.jobs.child_main" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def movements(service: LipsyncService, task: Task) -> list[tuple[str, int]]:
    with service._open.stores.database.read() as transaction:
        rows = transaction.scalars(select(LedgerRow).where(LedgerRow.reference == task.id)).all()
    return sorted((row.kind, row.amount_micro_ptc) for row in rows)


def test_a_waiting_task_never_begins(service: LipsyncService, session: Session) -> None:
    task = service.create("alice", session.id, [line()])
    other = service.create("alice", session.id, [line()])
    cancelled = service.cancel("alice", task.id)
    assert (cancelled.status, cancelled.message) == (TaskStatus.CANCELLED, "cancelled by its owner")
    assert movements(service, task) == [("lipsync", -70_000), ("refund", 70_000)]
    with working(service.settings):
        assert wait_for(service, other).status is TaskStatus.SUCCEED
    seen = service.find_task("alice", task.id)
    assert (seen.status, seen.result, seen.queue_position) == (TaskStatus.CANCELLED, None, None)


def test_a_running_task_stops_and_frees_the_worker(
    service: LipsyncService, session: Session, hold: Path
) -> None:
    with working(service.settings):
        task = service.create("alice", session.id, [line(3000)])
        wait_for(service, task, lambda task: task.progress > 0)
        [child] = children(psutil.Process())
        began = time.monotonic()
        assert service.cancel("alice", task.id).status is TaskStatus.CANCELLED
        # By itself the render would not end.
        assert psutil.wait_procs([child], timeout=PATIENCE_S)[0]
        took = time.monotonic() - began
        later = wait_for(service, service.create("alice", session.id, [line()]))
    assert later.status is TaskStatus.SUCCEED
    assert service.find_task("alice", task.id).status is TaskStatus.CANCELLED
    assert movements(service, task) == [("lipsync", -70_000), ("refund", 70_000)]
    with service._open.stores.database.read() as transaction:
        assert balance(transaction, "alice") == -7_000 - 70_000
    print(f"cancelled in {took:.2f} s")


def test_a_worker_in_another_process_stops_as_well(
    service: LipsyncService, session: Session, hold: Path
) -> None:
    worker = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "run_worker_double.py")],
        env={**os.environ, **service.settings.to_environment()},
    )
    try:
        task = service.create("alice", session.id, [line(3000)])
        wait_for(service, task, lambda task: task.progress > 0)
        [child] = children(psutil.Process(worker.pid))
        began = time.monotonic()
        service.cancel("alice", task.id)
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() - began < PATIENCE_S
            time.sleep(0.02)
        took = time.monotonic() - began
    finally:
        worker.terminate()
        worker.wait(PATIENCE_S)
    print(f"cancelled in {took:.2f} s")


def test_a_task_that_waits_for_a_slow_source_stops_too(
    service: LipsyncService, session: Session, slow_url: str
) -> None:
    # Longer than this test has patience.
    with working(service.settings.model_copy(update={"fetch_timeout_s": 600.0})):
        slow = replace(line(), sound=f"{slow_url}/never.wav")
        task = service.create("alice", session.id, [slow])
        wait_for(service, task, lambda task: task.status is TaskStatus.PROCESSING)
        service.cancel("alice", task.id)
        # The worker does one thing at a time.
        later = wait_for(service, service.create("alice", session.id, [line()]), within_s=100)
        assert later.status is TaskStatus.SUCCEED
    assert service.find_task("alice", task.id).status is TaskStatus.CANCELLED


def test_twice_is_once_and_the_end_is_the_end(service: LipsyncService, session: Session) -> None:
    task = service.create("alice", session.id, [line()])
    first = service.cancel("alice", task.id)
    second = service.cancel("alice", task.id)
    assert second == first
    assert movements(service, task) == [("lipsync", -70_000), ("refund", 70_000)]
    with working(service.settings):
        good = wait_for(service, service.create("alice", session.id, [line()]))
        bad = wait_for(service, service.create("alice", session.id, [line(5000)]))
    for ended, word in ((good, "succeeded"), (bad, "failed")):
        with pytest.raises(BadInputError, match=f"has already {word}") as caught:
            service.cancel("alice", ended.id)
        assert (caught.value.field, caught.value.reason) == ("task", "finished")
        assert service.find_task("alice", ended.id).status is ended.status
    assert movements(service, good) == [("lipsync", -70_000)]


def test_nobody_cancels_what_is_not_his(service: LipsyncService, session: Session) -> None:
    task = service.create("alice", session.id, [line()])
    with pytest.raises(NotFoundError):
        service.cancel("bob", task.id)
    assert service.find_task("alice", task.id).status is TaskStatus.SUBMITTED


def test_a_file_that_was_published_a_moment_too_late_is_removed(
    service: LipsyncService, session: Session, tmp_path: Path
) -> None:
    task = service.create("alice", session.id, [line()])
    stores = service._open.stores
    runner = TaskRunner(service.settings, stores, DOUBLES)
    attempt = runner.begin(task.id)
    assert isinstance(attempt, Attempt)
    key = f"accounts/alice/results/{task.id}.mp4"
    stores.artifacts.publish("alice", key, b"late", 2**50)
    service.cancel("alice", task.id)
    runner.finish(attempt, {"key": key, "duration_ms": 1, "warnings": []})
    assert service.find_task("alice", task.id).result is None
    token = token_in(service.link(key, 2**50))
    assert token is not None
    with pytest.raises(NotFoundError):
        service.open_file(token)
    assert os.listdir(service.settings.temp_dir)
