"""Kill -9 with real processes: the service's process tree dies in the middle of a render."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import select
from workshop import DOUBLES, line, make_video, wait_for

from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Task, TaskStatus
from lipwright.settings import Settings
from lipwright.store.tables import LedgerRow, TaskRow

HERE = Path(__file__).parent


@contextmanager
def worker_process(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, str(HERE / "run_worker_double.py")],
        env={**os.environ, **settings.to_environment()},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def rendering(task: Task) -> bool:
    return task.stage == "render" and task.progress > 0


def test_a_task_survives_the_death_of_the_whole_service(settings: Settings, tmp_path: Path) -> None:
    with worker_process(settings) as first:
        with LipsyncService(settings, functions=DOUBLES) as service:
            session = service.identify("alice", make_video(tmp_path / "video"))
            task = service.create("alice", session.id, [line(3000)])
            wait_for(service, task, rendering)
            children = psutil.Process(first.pid).children(recursive=True)
            assert children, "the render runs in a child process"
        first.send_signal(signal.SIGKILL)
        first.wait()
        _, alive = psutil.wait_procs(children, timeout=5)
        assert not alive, "the render died with its worker"

    began = time.monotonic()
    with worker_process(settings), LipsyncService(settings, functions=DOUBLES) as service:
        done = wait_for(service, task)
        assert done.status is TaskStatus.SUCCEED
        with service._open.stores.database.read() as transaction:
            assert transaction.get_one(TaskRow, task.id).attempts == 2
            charges = transaction.scalars(
                select(LedgerRow).where(LedgerRow.reference == task.id)
            ).all()
        assert [(row.kind, row.amount_micro_ptc) for row in charges] == [("lipsync", -70_000)]
    # One lease of 1 s, a start, and a render of 3 s.
    assert time.monotonic() - began < 15
    assert list(settings.temp_dir.iterdir()) == [], "nothing temporary is left, not even the dead's"


def test_sigterm_ends_a_worker_in_seconds_in_the_middle_of_a_render(
    settings: Settings, tmp_path: Path
) -> None:
    with LipsyncService(settings, functions=DOUBLES) as service:
        session = service.identify("alice", make_video(tmp_path / "video"))
        with worker_process(settings) as worker:
            task = service.create("alice", session.id, [line(3000)])
            wait_for(service, task, rendering)
            began = time.monotonic()
            worker.terminate()
            assert worker.wait(10) == 0
            assert time.monotonic() - began < 5
        assert service.find_task("alice", task.id).status is TaskStatus.PROCESSING
        assert service.health().workers == 0
