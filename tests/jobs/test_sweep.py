from __future__ import annotations

import time

import pytest
from sqlalchemy import select
from workshop import line, wait_for, working

from lipwright.errors import BadInputError
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.sweep import sweep
from lipwright.jobs.values import NotFoundError, Session, TaskStatus
from lipwright.store.clock import now_ms
from lipwright.store.idempotency import Claim
from lipwright.store.tables import ArtifactRow, FaceRow, LedgerRow, SessionRow, TaskRow

DAY_MS = 86_400_000


def keys(service: LipsyncService) -> set[str]:
    with service._open.stores.database.read() as transaction:
        return {key.split("/")[2] for key in transaction.scalars(select(ArtifactRow.key))}


def test_things_go_when_their_time_is_over(
    service: LipsyncService, session: Session, video: object
) -> None:
    stores = service._open.stores
    with working(service.settings):
        task = wait_for(service, service.create("alice", session.id, [line()]))
    waiting = service.create("alice", session.id, [line()])
    now = now_ms()

    def sweep_at(later_ms: int) -> dict[str, int]:
        return sweep(
            service.settings, stores, forget_workflows=forgotten.extend, now=now + later_ms
        )

    forgotten: list[str] = []
    sweep_at(0)
    assert keys(service) == {"inputs", "identifications", "sessions", "sounds", "results"}
    sweep_at(DAY_MS + 1000)
    assert keys(service) == {"inputs", "identifications", "sounds", "results"}
    sweep_at(30 * DAY_MS + 60_000)
    assert keys(service) == {"inputs", "identifications"}
    assert forgotten == []
    sweep_at(37 * DAY_MS + 60_000)
    assert forgotten == [task.id]
    with pytest.raises(NotFoundError):
        service.find_task("alice", task.id)
    assert service.find_task("alice", waiting.id).id == waiting.id
    assert keys(service) == set()
    with stores.database.read() as transaction:
        assert transaction.scalars(select(SessionRow)).all() == []
        assert transaction.scalars(select(FaceRow)).all() == []
        assert len(transaction.scalars(select(LedgerRow)).all()) == 3, "money is never forgotten"
    folder = stores.objects.folder
    assert folder is not None
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_an_expired_session_is_told_from_an_unknown_one_for_a_while(
    service: LipsyncService, session: Session
) -> None:
    stores = service._open.stores
    with stores.database.write() as transaction:
        transaction.get_one(SessionRow, session.id).expires_at_ms = now_ms() - 1000
    sweep(service.settings, stores)
    with pytest.raises(BadInputError) as caught:
        service.create("alice", session.id, [line()])
    assert caught.value.reason == "expired_session"


def test_an_expired_result_says_so_for_a_while(service: LipsyncService, session: Session) -> None:
    stores = service._open.stores
    with working(service.settings):
        task = wait_for(service, service.create("alice", session.id, [line()]))
    assert task.result is not None
    with stores.database.write() as transaction:
        transaction.get_one(TaskRow, task.id).expires_at_ms = now_ms() - 1
    for _ in range(2):
        found = service.find_task("alice", task.id)
        assert (found.status, found.result) == (TaskStatus.SUCCEED, None)
        assert found.message == "the result has expired and was removed"
        sweep(service.settings, stores)


def test_idempotency_keys_go_after_a_day(service: LipsyncService) -> None:
    claim = service.claim("alice", "k", "f")
    assert isinstance(claim, Claim)
    stores = service._open.stores
    for later_ms, count in ((DAY_MS - 60_000, 0), (DAY_MS + 60_000, 1)):
        swept = sweep(service.settings, stores, now=now_ms() + later_ms)
        assert swept["idempotency keys"] == count


def test_a_worker_sweeps_by_itself(service: LipsyncService) -> None:
    dead = service.settings.temp_dir / "1-dead"
    dead.mkdir()
    (dead / "lock").touch()
    (dead / "video").write_text("x")
    with working(service.settings):
        for _ in range(2000):
            if not dead.exists():
                break
            time.sleep(0.05)
    assert not dead.exists()
