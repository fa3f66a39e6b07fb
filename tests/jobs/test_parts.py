from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from part_doubles import FRAMES, PART_DOUBLES
from sqlalchemy import select
from workshop import PATIENCE_S, lapse, line, wait_for

from lipwright.jobs.attempts import Attempt
from lipwright.jobs.parts import Parts, Share, key_of, shares_of
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Session, Task, TaskStatus
from lipwright.jobs.worker import run_worker
from lipwright.settings import Settings
from lipwright.store.tables import ArtifactRow, LedgerRow, QueueItemRow, TaskRow

HERE = Path(__file__).parent
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
JOINED = "".join(f"part {index}\n" for index in FRAMES).encode()


@pytest.fixture(autouse=True)
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the doubles write down which parts they rendered, and in which worker."""
    path = tmp_path / "parts"
    monkeypatch.setenv("LIPWRIGHT_TEST_PARTS", str(path))
    return path


@contextmanager
def working(settings: Settings, slots: int) -> Iterator[None]:
    """Run a worker in a thread for the length of the block."""
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=run_worker,
        args=(settings.model_copy(update={"worker_concurrency": slots}), stop),
        kwargs={"functions": PART_DOUBLES, "ready": ready},
    )
    thread.start()
    assert ready.wait(PATIENCE_S)
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def worker_that_is_followed(settings: Settings, service: LipsyncService) -> Iterator[None]:
    """A worker process with two slots, followed by another one whenever it dies."""
    over = threading.Event()
    environment = {**settings.to_environment(), "LIPWRIGHT_WORKER_CONCURRENCY": "2"}

    def keep_going() -> None:
        while not over.is_set():
            process = subprocess.Popen(
                [sys.executable, str(HERE / "run_parts_worker.py")],
                env={**os.environ, **environment},
            )
            while process.poll() is None and not over.wait(0.05):
                pass
            process.terminate()
            process.wait(PATIENCE_S)
            lapse(service, process.pid)

    thread = threading.Thread(target=keep_going)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def content(service: LipsyncService, task: Task) -> bytes:
    assert task.result is not None
    return service._open.stores.objects.read(task.result.key)


def attempts(service: LipsyncService, task: Task) -> int:
    with service._open.stores.database.read() as transaction:
        return transaction.get_one(TaskRow, task.id).attempts


def charged(service: LipsyncService, task: Task) -> int:
    with service._open.stores.database.read() as transaction:
        rows = transaction.scalars(select(LedgerRow).where(LedgerRow.reference == task.id)).all()
    return sum(row.amount_micro_ptc for row in rows)


def items(service: LipsyncService) -> list[str]:
    with service._open.stores.database.read() as transaction:
        return sorted(transaction.scalars(select(QueueItemRow.id)))


def kept(service: LipsyncService) -> list[str]:
    with service._open.stores.database.read() as transaction:
        keys = transaction.scalars(select(ArtifactRow.key))
        return sorted(key for key in keys if "/parts/" in key)


def wait_until(condition: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def test_a_divided_task_is_rendered_in_parts_and_joined_once(
    service: LipsyncService, session: Session, written: Path
) -> None:
    with working(service.settings, slots=3):
        task = service.create("alice", session.id, [line()])
        done = wait_for(service, task)
        wait_until(lambda: items(service) == [])
    assert (done.status, done.progress, done.warnings) == (TaskStatus.SUCCEED, 1.0, ("dark",))
    assert content(service, done) == JOINED
    assert attempts(service, task) == 1
    assert charged(service, task) == -70_000
    assert kept(service) == []
    assert sorted(int(one.split()[0]) for one in written.read_text().splitlines()) == list(FRAMES)


@ONE_DATABASE
def test_one_slot_alone_divides_nothing(service: LipsyncService, session: Session) -> None:
    with working(service.settings, slots=1):
        done = wait_for(service, service.create("alice", session.id, [line()]))
    assert content(service, done) == b"in one"


@ONE_DATABASE
def test_it_can_be_switched_off(service: LipsyncService, session: Session) -> None:
    never = service.settings.model_copy(update={"split_seconds": 0.0})
    with working(never, slots=2):
        done = wait_for(service, service.create("alice", session.id, [line()]))
    assert content(service, done) == b"in one"


@ONE_DATABASE
def test_progress_adds_up(service: LipsyncService, session: Session, hold: Path) -> None:
    seen = []

    def look(task: Task) -> bool:
        seen.append(task.progress)
        if 0.2 < task.progress < 0.95:
            hold.unlink(missing_ok=True)
        return task.status in (TaskStatus.SUCCEED, TaskStatus.FAILED)

    with working(service.settings, slots=2):
        wait_for(service, service.create("alice", session.id, [line(3000)]), look)
    between = [one for one in seen if 0.2 < one < 0.95]
    assert between
    assert sorted(seen) == seen


def test_a_part_that_fails_ends_the_task(service: LipsyncService, session: Session) -> None:
    with working(service.settings, slots=2):
        task = service.create("alice", session.id, [line(5000)])
        done = wait_for(service, task)
        wait_until(lambda: items(service) == [])
    assert done.status is TaskStatus.FAILED
    assert done.message == "rendering failed: the model is gone"
    assert charged(service, task) == 0


def test_a_cancelled_task_takes_its_parts_along(
    service: LipsyncService, session: Session, hold: Path
) -> None:
    with working(service.settings, slots=2):
        task = service.create("alice", session.id, [line(3000)])
        wait_until(lambda: len(items(service)) > 1)
        service.cancel("alice", task.id)
        wait_until(lambda: items(service) == [])
    assert service.find_task("alice", task.id).result is None
    assert charged(service, task) == 0


@ONE_DATABASE
def test_a_worker_that_dies_with_a_part_costs_only_that_part(
    service: LipsyncService, session: Session
) -> None:
    with worker_that_is_followed(service.settings, service):
        task = service.create("alice", session.id, [line(4000)])
        done = wait_for(service, task, within_s=300)
    assert done.status is TaskStatus.SUCCEED
    assert content(service, done) == JOINED
    assert attempts(service, task) == 1
    assert charged(service, task) == -70_000


@ONE_DATABASE
def test_parts_that_kill_every_worker_end_as_interrupted(
    service: LipsyncService, session: Session
) -> None:
    with ExitStack() as stack:
        stack.enter_context(worker_that_is_followed(service.settings, service))
        task = service.create("alice", session.id, [line(6000)])
        done = wait_for(service, task, within_s=600)
    assert done.status is TaskStatus.FAILED
    assert "interrupted" in done.message
    assert charged(service, task) == 0


@ONE_DATABASE
def test_a_task_whose_parts_were_lost_begins_anew(
    service: LipsyncService, session: Session, hold: Path
) -> None:
    with working(service.settings, slots=2):
        task = service.create("alice", session.id, [line(3000)])
        wait_until(lambda: any(key.endswith("/0") for key in kept(service)))
        service._open.stores.artifacts.remove(key_of(Attempt(task.id, "alice", 1), 0))
        hold.unlink()
        done = wait_for(service, task, within_s=300)
    assert done.status is TaskStatus.SUCCEED
    assert content(service, done) == JOINED
    assert attempts(service, task) == 2
    assert charged(service, task) == -70_000


@ONE_DATABASE
def test_an_attempt_that_lost_its_task_divides_nothing(
    service: LipsyncService, session: Session
) -> None:
    task = service.create("alice", session.id, [line()])
    parts = Parts(service._open.stores)
    share = Share(7, (0,), 10, 10, 0.0)
    assert not parts.divide(Attempt(task.id, "alice", 7), [share])
    assert items(service) == [task.id]
    assert parts.attempt_of(task.id, 7) is None


@pytest.mark.parametrize("most", [1, 2, 3, 4, 5, 9])
def test_shares_are_whole_even_and_in_order(most: int) -> None:
    shares = shares_of(FRAMES, most, attempt=2, start=0.25)
    assert [index for share in shares for index in share.indices] == list(FRAMES)
    assert min(most, 2) <= len(shares) <= most
    assert all(share.indices for share in shares)
    assert sum(share.frames for share in shares) == 80
    assert all(share.all_frames == 80 and share.start == 0.25 for share in shares)
    assert max(share.frames for share in shares) <= 80 / len(shares) + 30
    assert all(Share.from_dict(share.to_dict()) == share for share in shares)
