"""Who is next, who must wait, and what becomes of a dead worker's work: without any worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from lipwright.jobs.queue import (
    PART,
    WORKER_PREFIX,
    Item,
    NewItem,
    Queue,
    put,
    wake,
    withdraw,
)
from lipwright.settings import Settings
from lipwright.store.accounts import lock_account
from lipwright.store.database import Database
from lipwright.store.leases import Leases
from lipwright.store.tables import LeaseRow, QueueItemRow


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


class Fleet:
    """A queue and workers that only take and give."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.database = database
        self.leases = Leases(database)
        self.settings = settings
        self.queue = Queue(settings, database, self.leases)
        self.hire("w", slots=1)

    def hire(
        self, name: str, *, slots: int = 1, queues: tuple[str, ...] = ("cpu",), lease_s: float = 1e6
    ) -> None:
        self.leases.acquire(WORKER_PREFIX + name, name, lease_s)
        self.leases.offer(WORKER_PREFIX + name, name, slots, queues)

    def add(self, account: str, *names: str, cost_ms: int = 7000, **values: object) -> None:
        with self.database.write() as transaction:
            lock_account(transaction, account)
            for name in names:
                put(
                    transaction,
                    NewItem(name, name, account, cost_ms=cost_ms, **values),  # type: ignore[arg-type]
                )

    def take(
        self, worker: str = "w", queues: tuple[str, ...] = ("cpu",), *, idle: bool = True
    ) -> Item | None:
        return self.queue.claim(worker, queues, idle=idle)

    def name(self, worker: str = "w", queues: tuple[str, ...] = ("cpu",)) -> str | None:
        item = self.take(worker, queues)
        return None if item is None else item.id

    def order(self) -> list[str]:
        """Take and finish one after the other until nothing is left."""
        names = []
        while (item := self.take()) is not None:
            names.append(item.id)
            self.queue.done(item, "w")
        return names

    def kill(self, name: str) -> list[str]:
        with self.database.write() as transaction:
            transaction.get_one(LeaseRow, WORKER_PREFIX + name).expires_at_ms = 1
        assert self.queue.dead() == [name]
        return self.queue.bury(name)

    def row(self, id: str) -> QueueItemRow:
        with self.database.read() as transaction:
            return transaction.get_one(QueueItemRow, id)

    def rule(self, account: str, running: int) -> None:
        with self.database.write() as transaction:
            lock_account(transaction, account).running = running


@pytest.fixture
def fleet(settings: Settings, database: Database) -> Fleet:
    return Fleet(settings, database)


def numbered(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number:03}" for number in range(count)]


def test_one_account_is_served_in_order(fleet: Fleet) -> None:
    names = numbered("a", 20)
    fleet.add("alice", *names)
    assert fleet.order() == names


def test_five_hundred_tasks_of_one_account_do_not_hold_up_another(fleet: Fleet) -> None:
    fleet.add("alice", *numbered("a", 500))
    for _ in range(100):
        item = fleet.take()
        assert item is not None
        fleet.queue.done(item, "w")
    fleet.add("bob", "b")
    assert "b" in [fleet.name(), fleet.name()]


def test_accounts_take_turns_by_length_of_video(fleet: Fleet) -> None:
    fleet.add("alice", *numbered("a", 60), cost_ms=10_000)
    fleet.add("bob", *numbered("b", 60), cost_ms=20_000)
    first = Counter(name[0] for name in fleet.order()[:30])
    assert first["a"] == pytest.approx(20, abs=1)


def test_idleness_is_not_saved_up(fleet: Fleet) -> None:
    """Who comes late has no claim to all that others got before."""
    fleet.add("alice", *numbered("a", 50))
    for _ in range(30):
        item = fleet.take()
        assert item is not None
        fleet.queue.done(item, "w")
    fleet.add("bob", *numbered("b", 20))
    assert Counter(name[0] for name in fleet.order()[:10]) == {"a": 5, "b": 5}


def test_nor_is_past_use_held_against_an_account(fleet: Fleet) -> None:
    fleet.add("alice", *numbered("a", 50))
    fleet.order()
    fleet.add("bob", *numbered("b", 4))
    fleet.add("alice", *numbered("c", 4))
    assert Counter(name[0] for name in fleet.order()[:4]) == {"b": 2, "c": 2}


def test_a_short_task_goes_before_long_ones_that_came_at_the_same_time(fleet: Fleet) -> None:
    fleet.add("alice", "long", cost_ms=60_000)
    fleet.add("bob", "short", cost_ms=5_000)
    assert fleet.order() == ["short", "long"]


def test_a_higher_priority_gets_four_times_the_share_and_starves_nobody(fleet: Fleet) -> None:
    fleet.add("alice", *numbered("n", 40))
    fleet.add("alice", *numbered("h", 40), priority=1)
    fleet.add("alice", *numbered("l", 40), priority=-1)
    first = Counter(name[0] for name in fleet.order()[:42])
    assert first["h"] == pytest.approx(32, abs=1)
    assert first["n"] == pytest.approx(8, abs=1)
    assert first["l"] == pytest.approx(2, abs=1)


def test_an_urgent_task_overtakes_its_account_s_own(fleet: Fleet) -> None:
    fleet.add("alice", *numbered("n", 40))
    fleet.name()
    fleet.add("alice", "urgent", priority=1)
    assert "urgent" in [fleet.name(), fleet.name()]


def test_an_account_runs_no_more_than_it_may(fleet: Fleet) -> None:
    fleet.rule("alice", 2)
    fleet.add("alice", *numbered("a", 5))
    fleet.add("bob", "b")
    taken = [fleet.name() for _ in range(4)]
    assert sorted(filter(None, taken)) == ["a000", "a001", "b"]
    item = Item("a000", "a000", "alice", "lipsync", "cpu", False, 0, 0, 0, 0, {})
    fleet.queue.done(item, "w")
    assert fleet.name() == "a002"


def test_parts_of_a_running_task_are_not_held_up_by_the_limit(fleet: Fleet) -> None:
    fleet.rule("alice", 1)
    fleet.add("alice", "task")
    assert fleet.name() == "task"
    fleet.add("alice", "part", kind="part")
    assert fleet.name() == "part"


def test_a_task_whose_parts_are_done_counts_as_running(fleet: Fleet) -> None:
    fleet.rule("alice", 1)
    fleet.add("alice", "divided", "next")
    item = fleet.take()
    assert item is not None
    with fleet.database.write() as transaction:
        part = NewItem("divided:1:0", "divided", "alice", kind=PART)
        put(transaction, part, rank=0, held=True)
    fleet.queue.hold(item, "w")
    assert fleet.name() in (None, "divided:1:0")
    assert fleet.name() is None


def test_the_last_slot_is_kept_free_of_long_videos(fleet: Fleet) -> None:
    fleet.hire("v", slots=2)
    fleet.add("alice", *numbered("long", 4), cost_ms=60_000)
    assert [fleet.name("v"), fleet.name("w"), fleet.name("v")] == ["long000", "long001", None]
    fleet.add("bob", "short")
    assert fleet.name("v") == "short"


def test_a_single_slot_does_long_videos_too(fleet: Fleet) -> None:
    fleet.add("alice", "long", cost_ms=60_000)
    assert fleet.name() == "long"


def test_work_for_a_gpu_goes_to_one_only_while_one_lives(fleet: Fleet) -> None:
    fleet.hire("g", queues=("gpu", "cpu"))
    fleet.add("alice", "one", "two", queue="gpu")
    fleet.add("alice", "plain")
    assert [fleet.name("w"), fleet.name("w")] == ["plain", None]
    assert fleet.name("g", ("gpu", "cpu")) == "one"
    assert fleet.name("g", ("cpu",)) is None
    fleet.kill("g")
    assert [fleet.name("w"), fleet.name("w")] == ["one", "two"]


def test_what_a_worker_does_not_understand_is_left_to_others(
    settings: Settings, fleet: Fleet
) -> None:
    fleet.add("alice", "newer", format=3)
    fleet.add("alice", "known")
    assert [fleet.name(), fleet.name()] == ["known", None]
    newer = Queue(settings, fleet.database, fleet.leases, understands=3)
    item = newer.claim("w", ("cpu",), idle=True)
    assert item is not None
    assert item.id == "newer"


def test_a_death_with_one_task_at_work_is_that_task_s_fault(fleet: Fleet) -> None:
    fleet.hire("v")
    fleet.add("alice", "a", "b")
    assert fleet.name("v") == "a"
    assert fleet.kill("v") == ["a"]
    item = fleet.take()
    assert item is not None
    assert (item.id, item.deaths, item.alone) == ("a", 1, True)


def test_a_death_with_several_at_work_is_nobody_s_fault_and_each_is_tried_alone(
    fleet: Fleet,
) -> None:
    fleet.hire("v", slots=3)
    fleet.add("alice", "a", "b", "c")
    assert [fleet.name("v"), fleet.name("v")] == ["a", "b"]
    fleet.kill("v")
    # A busy worker takes it, so that its turn comes, but has not begun with it.
    item = fleet.take(idle=False)
    assert item is not None
    assert (item.id, item.deaths, item.alone) == ("a", 0, True)
    fleet.kill("w")
    assert fleet.row("a").deaths == 0
    fleet.hire("x")
    assert fleet.name("x") == "a"
    fleet.kill("x")
    assert (fleet.row("a").deaths, fleet.row("b").deaths) == (1, 0)


def test_a_worker_that_came_back_to_life_is_not_buried(fleet: Fleet) -> None:
    fleet.add("alice", "a")
    fleet.name()
    assert fleet.queue.dead() == []
    assert fleet.queue.bury("w") == []
    assert fleet.row("a").holder == "w"


def test_who_lost_an_item_cannot_end_it(fleet: Fleet) -> None:
    fleet.hire("v")
    fleet.add("alice", "a")
    item = fleet.take("v")
    assert item is not None
    fleet.kill("v")
    assert fleet.name("w") == "a"
    fleet.queue.done(item, "v")
    fleet.queue.release(item, "v")
    assert not fleet.queue.begun(item, "v")
    assert (fleet.row("a").state, fleet.row("a").holder) == ("running", "w")


def test_an_item_is_laid_aside_and_woken(fleet: Fleet) -> None:
    fleet.add("alice", "a")
    item = fleet.take()
    assert item is not None
    with fleet.database.write() as transaction:
        part = NewItem("a:1:0", "a", "alice", kind=PART)
        put(transaction, part, rank=0, held=True)
    assert fleet.queue.hold(item, "w")
    assert fleet.name() is None
    with fleet.database.write() as transaction:
        wake(transaction, "a")
    assert fleet.name() == "a"


def test_what_waits_is_withdrawn_with_its_task(fleet: Fleet) -> None:
    fleet.add("alice", "a", "b")
    fleet.name()
    with fleet.database.write() as transaction:
        withdraw(transaction, "a")
        withdraw(transaction, "b")
    with fleet.database.read() as transaction:
        assert [row.id for row in transaction.query(QueueItemRow)] == ["a"]


def test_a_worker_gives_back_what_it_does_not_know_of(fleet: Fleet) -> None:
    fleet.add("alice", "a", "b")
    assert [fleet.name(), fleet.name()] == ["a", "b"]
    assert fleet.queue.release_all("w", but=["b"]) == 1
    assert fleet.name() == "a"
