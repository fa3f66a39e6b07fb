"""What several want at the same moment is done once, whoever dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from workshop import DOUBLES, make_video

from lipwright.dubbing.bank_file import write_arrays
from lipwright.errors import BadInputError
from lipwright.jobs.bank_objects import BankObjects, BorrowedBanks
from lipwright.jobs.bank_turns import known_pieces
from lipwright.jobs.cache_metrics import LOOKUPS
from lipwright.jobs.orders import Order, OrderedLine
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.single_flight import How, SingleFlight
from lipwright.jobs.stores import Stores
from lipwright.settings import Settings
from lipwright.store.database import Database

AT_ONCE = 6
VIDEO = "cd" * 32
_SECRET = SecretStr("the same on every machine")


def lookups(cache: str) -> dict[str, float]:
    registry = CollectorRegistry()
    registry.register(LOOKUPS)
    return {
        how.value: registry.get_sample_value(
            "lipwright_cache_lookups_total", {"cache": cache, "outcome": how.value}
        )
        or 0.0
        for how in How
    }


def all_at_once(*works: Callable[[], None]) -> None:
    start = threading.Barrier(len(works))
    faults: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        start.wait()
        try:
            work()
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


@pytest.fixture
def flights(database_url: str) -> Iterator[list[SingleFlight]]:
    """One for each of several machines: nothing shared but the database."""
    with ExitStack() as stack:
        databases = [Database(database_url) for _ in range(AT_ONCE)]
        databases[0].migrate()
        for database in databases:
            stack.callback(database.close)
        yield [SingleFlight(database, lease_s=10.0, patience_s=120.0) for database in databases]


def test_the_work_is_done_once_and_all_get_its_result(flights: list[SingleFlight]) -> None:
    results: dict[str, int] = {}
    worked: list[int] = []
    hows: list[How] = []
    looks = [0] * AT_ONCE

    def ask(flight: SingleFlight, number: int) -> None:
        def look() -> int | None:
            looks[number] += 1
            return results.get("x")

        def work() -> int:
            worked.append(number)
            # Whoever looks a second time has seen that somebody is at it.
            deadline = time.monotonic() + 60
            while min(looks) < 2:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            results["x"] = number
            return number

        found, how = flight.once("x", look, work)
        assert found == results["x"]
        hows.append(how)

    all_at_once(*(lambda f=f, n=n: ask(f, n) for n, f in enumerate(flights)))  # type: ignore[misc]
    assert len(worked) == 1
    assert sorted(hows) == [How.DONE] + [How.WAITED] * (AT_ONCE - 1)
    assert flights[0].once("x", lambda: results.get("x"), lambda: -1) == (worked[0], How.KNOWN)
    assert flights[0].held("x") == []


def test_who_waited_for_nothing_is_told_the_true_reason(flights: list[SingleFlight]) -> None:
    refused: list[int] = []

    def ask(flight: SingleFlight, number: int) -> None:
        def work() -> int:
            refused.append(number)
            time.sleep(0.5)
            raise BadInputError("video", "not_a_video", "it is not a video")

        with pytest.raises(BadInputError, match="not a video"):
            flight.once("x", lambda: None, work)

    all_at_once(*(lambda f=f, n=n: ask(f, n) for n, f in enumerate(flights)))  # type: ignore[misc]
    assert sorted(refused) == list(range(AT_ONCE))


def test_a_lease_is_renewed_while_it_is_held(flights: list[SingleFlight]) -> None:
    with SingleFlight(flights[0]._database, 4.0, 1.0).hold("x") or pytest.fail("it was free"):
        first = flights[1]._row("x")
        assert first is not None
        deadline = time.monotonic() + 180
        while (row := flights[1]._row("x")) is None or row.expires_at_ms == first.expires_at_ms:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert flights[1]._row("x") is None


HOLDER = """
import sys, time
from lipwright.jobs.single_flight import SingleFlight
from lipwright.store.database import Database

def work():
    print("working", flush=True)
    time.sleep(600)

SingleFlight(Database(sys.argv[1]), 1.0, 60.0).once("x", lambda: None, work)
"""


def test_the_work_of_the_dead_is_taken_over_once(
    flights: list[SingleFlight], database_url: str
) -> None:
    results: dict[str, int] = {}
    worked: list[int] = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, database_url], stdout=subprocess.PIPE, text=True
    ) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "working\n"

            def ask(flight: SingleFlight, number: int) -> None:
                def work() -> int:
                    worked.append(number)
                    time.sleep(0.5)
                    results["x"] = number
                    return number

                flight.once("x", lambda: results.get("x"), work)

            def kill() -> None:
                time.sleep(0.5)
                holder.send_signal(signal.SIGKILL)

            all_at_once(
                kill,
                *(lambda f=f, n=n: ask(f, n) for n, f in enumerate(flights)),  # type: ignore[misc]
            )
        finally:
            holder.kill()
    assert len(worked) == 1


def test_nobody_waits_for_ever_and_a_wait_can_be_ended(flights: list[SingleFlight]) -> None:
    with flights[0].hold("x") or pytest.fail("it was free"):
        short = SingleFlight(flights[1]._database, lease_s=10.0, patience_s=0.5)
        assert short.once("x", lambda: None, lambda: 7) == (7, How.DONE)

        def unwanted() -> None:
            raise InterruptedError

        with pytest.raises(InterruptedError):
            flights[2].once("x", lambda: None, lambda: 7, check=unwanted)
        assert flights[3].held("x") == ["x"]


@pytest.fixture
def machines(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[LipsyncService]]:
    """Three machines: database and storage are shared, the data folders are their own."""
    monkeypatch.setenv("LIPWRIGHT_TEST_LOOKED", str(tmp_path / "looked"))
    functions = replace(DOUBLES, identify="child_doubles:find_faces_slowly")
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                LipsyncService(
                    settings.model_copy(
                        update={
                            "data_dir": tmp_path / f"machine{number}",
                            "storage_url": (tmp_path / "objects").as_uri(),
                            "signing_secret": _SECRET,
                            # A machine that is busy must not be taken for dead here.
                            "lease_s": 10.0,
                        }
                    ),
                    functions=functions,
                )
            )
            for number in range(3)
        ]


def test_a_video_is_looked_at_once_in_the_fleet_but_once_for_each_tenant(
    machines: list[LipsyncService], tmp_path: Path
) -> None:
    video = make_video(tmp_path / "video.mp4")
    before = lookups("identification")
    all_at_once(
        *(lambda m=m: m.identify("alice", video) and None for m in machines)  # type: ignore[misc]
    )
    looked = tmp_path / "looked"
    assert looked.read_text().count("looked") == 1
    counted = {how: count - before[how] for how, count in lookups("identification").items()}
    assert counted["miss"] == 1
    assert counted["waited"] + counted["hit"] == 2
    machines[0].identify("alice", video)
    assert looked.read_text().count("looked") == 1
    # What one tenant has, another is not told by a quick answer.
    machines[0].identify("bob", video)
    assert looked.read_text().count("looked") == 2


class Render:
    """One task's render on a machine of its own, as far as banks are concerned."""

    def __init__(self, banks: BankObjects, identification: Path, folder: Path) -> None:
        self._banks = banks
        self._identification = identification
        self._folder = folder
        self.looked: set[int] = set()
        self.began = threading.Event()
        self.go_on = threading.Event()

    def run(self, insert_ms: int) -> None:
        lines = (OrderedLine("0", 0, 1_000, insert_ms, 1.0),)
        order = Order(f"accounts/a/inputs/{VIDEO}.mp4", "i", 1.0, lines)
        with self._banks.lending() as lend:
            banks = lend("a", order, self._identification, self._folder)
            assert banks is not None
            self.began.set()
            self._look(banks)
            assert self.go_on.wait(60)
            self._banks.share(banks)
            self._banks.keep(banks)

    def _look(self, banks: BorrowedBanks) -> None:
        [name] = banks.seals
        known = known_pieces(banks.folder / name)
        needed = set(range(4))  # five pieces are wanted, four are there
        self.looked = needed - known
        names = {f"{piece}/seen": np.array(True) for piece in needed}
        if self.looked:
            write_arrays(banks.folder / name, {"name": name}, names)


@pytest.fixture
def renders(settings: Settings, tmp_path: Path) -> Iterator[list[Render]]:
    identification = make_video(tmp_path / "identification.json")
    with ExitStack() as stack:
        made = []
        for number in range(2):
            changed = settings.model_copy(
                update={
                    "data_dir": tmp_path / f"machine{number}",
                    "storage_url": (tmp_path / "objects").as_uri(),
                    "lease_s": 10.0,
                    "signing_secret": _SECRET,
                }
            )
            stores = stack.enter_context(Stores(changed))
            folder = tmp_path / f"banks{number}"
            made.append(Render(BankObjects(changed, stores), identification, folder))
        yield made


def test_a_face_is_followed_by_one_render_and_the_other_waits_for_that(
    renders: list[Render], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = renders
    before = lookups("bank")
    waiting = threading.Event()
    held = SingleFlight.held

    def seen(flight: SingleFlight, prefix: str) -> list[str]:
        names = held(flight, prefix)
        if names:
            waiting.set()
        return names

    monkeypatch.setattr(SingleFlight, "held", seen)

    def follow() -> None:
        assert first.began.wait(60)
        second.go_on.set()
        second.run(500)

    def share() -> None:
        assert waiting.wait(60)
        assert not second.began.wait(0.5), "it did not wait"
        first.go_on.set()

    all_at_once(lambda: first.run(500), follow, share)
    assert first.looked == {0, 1, 2, 3}
    assert second.looked == set()
    counted = {how: count - before[how] for how, count in lookups("bank").items()}
    assert counted == {"hit": 0, "waited": 1, "miss": 1}


def test_a_render_that_fails_lets_the_others_look(renders: list[Render]) -> None:
    first, second = renders
    first._look = lambda banks: (_ for _ in ()).throw(OSError("the disk is full"))  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk"):
        first.run(500)
    second.go_on.set()
    second.run(500)
    assert second.looked == {0, 1, 2, 3}
