from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from lipwright.api.lookups import AT_ONCE, MOST, TaskLookups, Wanted
from lipwright.api.threads import Lane
from lipwright.jobs.values import NotFoundError, StoredVideo, Task, TaskKind, TaskStatus

PATIENCE_S = 60.0


def a_task(id: str, account_id: str) -> Task:
    return Task(
        id=id,
        account_id=account_id,
        external_id=None,
        status=TaskStatus.SUBMITTED,
        message="",
        stage="",
        progress=0.0,
        parent=StoredVideo("p1", "videos/p1.mp4", 5000, 1_700_000_000_000),
        result=None,
        warnings=(),
        created_at_ms=1_700_000_000_000,
        updated_at_ms=1_700_000_000_000,
        price_micro_ptc=0,
    )


class Found:
    """Finds the tasks of alice, once it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.asked: list[int] = []
        self.fails = False

    def __call__(self, wanted: Sequence[Wanted]) -> list[Task | None]:
        self.asked.append(len(wanted))
        assert self.may.wait(PATIENCE_S)
        if self.fails:
            raise ConnectionError("away")
        return [
            a_task(id, account) if account == "alice" and kind is None else None
            for account, id, kind in wanted
        ]


async def begun(tasks: Sequence[asyncio.Task[Task]]) -> None:
    for _ in range(10):  # each gets its turn, and those that it starts, too
        await asyncio.sleep(0)


def test_lookups_that_come_meanwhile_are_done_together() -> None:
    found = Found()

    async def ask() -> list[Task]:
        lookups = TaskLookups(found, Lane(4))
        asking = [asyncio.create_task(lookups.find("alice", f"t{n}")) for n in range(MOST + 10)]
        await begun(asking)
        found.may.set()
        return await asyncio.gather(*asking)

    tasks = asyncio.run(ask())
    assert [task.id for task in tasks] == [f"t{n}" for n in range(MOST + 10)]
    assert sum(found.asked) == MOST + 10
    assert max(found.asked) <= MOST
    assert len(found.asked) <= AT_ONCE + 2


def test_a_task_that_is_not_there_is_no_trouble_for_others() -> None:
    found = Found()
    found.may.set()

    async def ask() -> list[Task | BaseException]:
        lookups = TaskLookups(found, Lane(4))
        return await asyncio.gather(
            lookups.find("bob", "t1"),
            lookups.find("alice", "t1"),
            lookups.find("alice", "t1", TaskKind.LEGACY),
            return_exceptions=True,
        )

    other, own, legacy = asyncio.run(ask())
    assert isinstance(other, NotFoundError)
    assert isinstance(own, Task)
    assert isinstance(legacy, NotFoundError)


def test_what_fails_fails_for_those_who_asked_and_nobody_else() -> None:
    found = Found()
    found.may.set()

    async def ask() -> Task:
        lookups = TaskLookups(found, Lane(4))
        found.fails = True
        with pytest.raises(ConnectionError):
            await lookups.find("alice", "t1")
        found.fails = False
        return await lookups.find("alice", "t2")

    assert asyncio.run(ask()).id == "t2"


def test_who_goes_away_keeps_nobody_waiting() -> None:
    found = Found()

    async def ask() -> list[Task]:
        lookups = TaskLookups(found, Lane(4))
        asking = [asyncio.create_task(lookups.find("alice", f"t{n}")) for n in range(6)]
        await begun(asking)
        for gone in asking[::2]:
            gone.cancel()
        found.may.set()
        return await asyncio.gather(*asking[1::2])

    assert [task.id for task in asyncio.run(ask())] == ["t1", "t3", "t5"]
