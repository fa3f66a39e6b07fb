"""Kill -9 with real processes: the service's process tree dies in the middle of a render."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import select, text
from workshop import DOUBLES, PATIENCE_S, lapse, line, make_video, wait_for

from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Task, TaskStatus
from lipwright.settings import Settings
from lipwright.store.tables import LedgerRow, QueueItemRow, TaskRow

HERE = Path(__file__).parent


def start(settings: Settings) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(HERE / "run_worker_double.py")],
        env={**os.environ, **settings.to_environment()},
    )


@contextmanager
def worker_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    process = start(settings)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@contextmanager
def worker_without_end(settings: Settings, service: LipsyncService) -> Iterator[list[int]]:
    """A worker process that is followed by another one whenever it dies; gives all their ids."""
    ids: list[int] = []
    over = threading.Event()

    def keep_going() -> None:
        while not over.is_set():
            process = start(settings)
            ids.append(process.pid)
            while process.poll() is None and not over.wait(0.05):
                pass
            process.terminate()
            process.wait(PATIENCE_S)
            lapse(service, process.pid)

    thread = threading.Thread(target=keep_going)
    thread.start()
    try:
        yield ids
    finally:
        over.set()
        thread.join()


def holder_of(service: LipsyncService, task: Task) -> str:
    with service._open.stores.database.read() as transaction:
        return transaction.get_one(QueueItemRow, task.id).holder or ""


def row_of(service: LipsyncService, task: Task) -> TaskRow:
    with service._open.stores.database.read() as transaction:
        return transaction.get_one(TaskRow, task.id)


def movements(service: LipsyncService, task: Task) -> list[tuple[str, int]]:
    with service._open.stores.database.read() as transaction:
        rows = transaction.scalars(select(LedgerRow).where(LedgerRow.reference == task.id))
        return sorted((row.kind, row.amount_micro_ptc) for row in rows)


def wait_until(condition: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def rendering(task: Task) -> bool:
    return task.stage == "render" and task.progress > 0


def test_a_task_survives_the_death_of_the_whole_service(
    settings: Settings, tmp_path: Path, hold: Path
) -> None:
    with worker_process(settings) as first:
        with LipsyncService(settings, functions=DOUBLES) as service:
            session = service.identify("alice", make_video(tmp_path / "video"))
            task = service.create("alice", session.id, [line(3000)])
            wait_for(service, task, rendering)
            children = psutil.Process(first.pid).children(recursive=True)
            assert children, "the render runs in a child process"
        first.send_signal(signal.SIGKILL)
        first.wait()
        _, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
        assert not alive, "the render died with its worker"

    hold.unlink()
    with worker_process(settings), LipsyncService(settings, functions=DOUBLES) as service:
        lapse(service, first.pid)
        done = wait_for(service, task)
        assert done.status is TaskStatus.SUCCEED
        with service._open.stores.database.read() as transaction:
            assert transaction.get_one(TaskRow, task.id).attempts == 2
            charges = transaction.scalars(
                select(LedgerRow).where(LedgerRow.reference == task.id)
            ).all()
        assert [(row.kind, row.amount_micro_ptc) for row in charges] == [("lipsync", -70_000)]
    assert list(settings.temp_dir.iterdir()) == [], "nothing temporary is left, not even the dead's"


def test_sigterm_ends_a_worker_in_the_middle_of_a_render(
    settings: Settings, tmp_path: Path, hold: Path
) -> None:
    with LipsyncService(settings, functions=DOUBLES) as service:
        session = service.identify("alice", make_video(tmp_path / "video"))
        with worker_process(settings) as worker:
            task = service.create("alice", session.id, [line(3000)])
            wait_for(service, task, rendering)
            worker.terminate()
            # By itself the render would not end.
            assert worker.wait(PATIENCE_S) == 0
        assert service.find_task("alice", task.id).status is TaskStatus.PROCESSING
        assert service.health().workers == 0


def writable(service: LipsyncService) -> bool:
    """Whether nobody holds on to a lock in the database."""
    path = service._open.stores.database.url.partition(":///")[2]
    if service._open.stores.database.url.startswith("sqlite"):
        connection = sqlite3.connect(path, timeout=2)
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        finally:
            connection.close()
        return True
    with service._open.stores.database.engine.connect() as connection:
        idle = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
            " AND xact_start < now() - interval '1 second'"
        )
        time.sleep(1.5)
        return connection.execute(idle).scalar() == 0


def freeze(service: LipsyncService, worker: subprocess.Popen[bytes]) -> None:
    """Stop a worker where it holds on to nothing in the database that others need."""
    deadline = time.monotonic() + PATIENCE_S
    worker.send_signal(signal.SIGSTOP)
    while not writable(service):
        worker.send_signal(signal.SIGCONT)
        assert time.monotonic() < deadline
        time.sleep(0.1)
        worker.send_signal(signal.SIGSTOP)


def test_a_frozen_worker_notices_that_it_lost_its_task_and_publishes_nothing(
    settings: Settings, tmp_path: Path, hold: Path
) -> None:
    with (
        LipsyncService(settings, functions=DOUBLES) as service,
        worker_process(settings) as one,
        worker_process(settings) as other,
    ):
        session = service.identify("alice", make_video(tmp_path / "video"))
        wait_until(lambda: service.health().workers == 2)
        task = service.create("alice", session.id, [line(3000)])
        wait_for(service, task, rendering)
        frozen = one if f"-{one.pid}-" in holder_of(service, task) else other
        [child] = psutil.Process(frozen.pid).children(recursive=True)
        freeze(service, frozen)
        lapse(service, frozen.pid)
        hold.unlink()
        done = wait_for(service, task)
        assert done.status is TaskStatus.SUCCEED
        folder = service._open.stores.objects.folder
        assert folder is not None
        result = folder / f"accounts/alice/results/{task.id}.mp4"
        published = result.stat().st_mtime_ns
        frozen.send_signal(signal.SIGCONT)
        # It ends as the worker that it was, and goes on as a fresh one.
        wait_until(lambda: service.health().workers == 2)
        wait_until(lambda: not child.is_running())
        assert result.stat().st_mtime_ns == published
        assert service.find_task("alice", task.id) == done
        assert row_of(service, task).attempts == 2
        assert movements(service, task) == [("lipsync", -70_000)]
        later = service.create("alice", session.id, [line()])
        assert wait_for(service, later).status is TaskStatus.SUCCEED


def test_a_task_that_kills_every_worker_fails_and_takes_no_other_with_it(
    settings: Settings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"worker_concurrency": 3, "max_attempts": 2})
    with LipsyncService(settings, functions=DOUBLES) as service:
        session = service.identify("alice", make_video(tmp_path / "video"))
        poison = service.create("alice", session.id, [line(6000)])
        others = [service.create("alice", session.id, [line(3000)]) for _ in range(2)]
        with worker_without_end(settings, service) as ids:
            done = [wait_for(service, task, within_s=300) for task in [poison, *others]]
            later = service.create("alice", session.id, [line()])
            assert wait_for(service, later).status is TaskStatus.SUCCEED
        assert done[0].status is TaskStatus.FAILED
        assert done[0].message.startswith("the work was interrupted ")
        assert [task.status for task in done[1:]] == [TaskStatus.SUCCEED] * 2
        # At most one worker died with several at work, for which nobody is blamed, then two of
        # the poison alone; a worker that only ever did bystanders died of nothing.
        assert len(ids) <= 4
        assert movements(service, poison) == [("lipsync", -70_000), ("refund", 70_000)]
        for task in others:
            assert movements(service, task) == [("lipsync", -70_000)]
