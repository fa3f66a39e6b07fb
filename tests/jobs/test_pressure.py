from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select
from workshop import DOUBLES, line

from lipwright.jobs.pressure import OverloadedError
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Session
from lipwright.settings import Settings
from lipwright.store.tables import LedgerRow

MORE_THAN_ANY_MACHINE_MB = 10**12


def charges(service: LipsyncService) -> int:
    with service._open.stores.database.read() as transaction:
        return transaction.scalar(select(func.count()).select_from(LedgerRow)) or 0


def test_a_long_queue_is_refused_before_anything_is_charged(
    service: LipsyncService, session: Session, settings: Settings
) -> None:
    with LipsyncService(
        settings.model_copy(update={"max_waiting": 2}), functions=DOUBLES
    ) as narrow:
        for _ in range(2):
            narrow.create("alice", session.id, [line()])
        before = charges(service)
        with pytest.raises(OverloadedError) as caught:
            narrow.create("alice", session.id, [line()])
        assert caught.value.reason == "queue_full"
        assert caught.value.retry_after_s > 0
        assert charges(service) == before
        [first, _] = narrow.list_tasks("alice", offset=0, limit=10)
        narrow.cancel("alice", first.id)
        narrow.create("alice", session.id, [line()])


@pytest.mark.parametrize(
    ("setting", "reason"), [("min_free_disk_mb", "no_space"), ("min_free_memory_mb", "no_memory")]
)
def test_a_machine_without_room_takes_nothing_on(
    service: LipsyncService,
    session: Session,
    settings: Settings,
    video: Path,
    setting: str,
    reason: str,
) -> None:
    before = charges(service)
    tight = settings.model_copy(update={setting: MORE_THAN_ANY_MACHINE_MB})
    with LipsyncService(tight, functions=DOUBLES) as full:
        for call in (
            lambda: full.create("alice", session.id, [line()]),
            lambda: full.identify("alice", video),
            lambda: full.upload("alice", "a.mp4", video),
        ):
            with pytest.raises(OverloadedError) as caught:
                call()
            assert caught.value.reason == reason
        assert full.list_tasks("alice", offset=0, limit=10) == []
    assert charges(service) == before


def test_zero_means_no_limit(session: Session, settings: Settings) -> None:
    free = settings.model_copy(update={"max_waiting": 0, "min_free_disk_mb": 0})
    with LipsyncService(free, functions=DOUBLES) as service:
        for _ in range(3):
            service.create("alice", session.id, [line()])
