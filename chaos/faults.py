"""What is done to the fleet. Every fault returns what it hit, or nothing if there was no victim."""

from __future__ import annotations

import os
import random
import resource
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from chaos.fleet import Fleet, Member
from chaos.journal import Journal
from chaos.load import Load
from chaos.proxy import Line, Proxy
from chaos.servers.ceph import Ceph
from chaos.servers.postgres import Postgres
from chaos.tables import FINAL, Tables, Work

STAGES = ("prepare", "render", "encode", "publish")
VICTIM_S = 90.0
"""How long a fault waits for a task in the stage that it wants to strike in."""

TAKE_OVER_S = 180.0
_LOOK_S = 0.02


class Faults:
    """All that can happen, to one fleet."""

    def __init__(
        self,
        fleet: Fleet,
        postgres: Postgres,
        ceph: Ceph,
        proxies: dict[str, Proxy],
        tables: Tables,
        load: Load,
        lease_s: float,
        chance: random.Random,
        journal: Journal,
    ) -> None:
        self._fleet = fleet
        self._postgres = postgres
        self._ceph = ceph
        self._proxies = proxies
        self._tables = tables
        self._load = load
        self._lease_s = lease_s
        self._chance = chance
        self._journal = journal
        self.kinds: dict[str, Callable[[], str | None]] = {
            **{f"kill worker in {stage}": self._killer(stage) for stage in STAGES},
            "kill API": self._kill_api,
            "restart PostgreSQL": self._restart_postgres,
            "kill PostgreSQL": self._kill_postgres,
            "kill S3 gateway": self._kill_gateway,
            "kill S3 storage": self._kill_storage,
            "freeze worker": self._freeze_worker,
            "cut network to database": self._cut,
            "silence network to database": self._silence,
            "fill disk": self._fill_disk,
            "exhaust memory": self._exhaust_memory,
            "kill render": self._kill_render,
        }

    def _victim(self, stage: str = "") -> tuple[Member, Work] | None:
        """Wait for a worker that does a task, in some stage if one is named."""
        deadline = time.monotonic() + VICTIM_S
        ordered_at = 0.0
        while time.monotonic() < deadline:
            for work in self._tables.at_work():
                if work.pid is None or stage not in ("", work.stage):
                    continue
                member = self._fleet.member_of(work.pid)
                if member is not None:
                    return member, work
            if time.monotonic() - ordered_at > 10:
                ordered_at = time.monotonic()
                self._load.order("slow" if stage == "prepare" else "inline")
            time.sleep(_LOOK_S)
        return None

    def _killer(self, stage: str) -> Callable[[], str | None]:
        def kill() -> str | None:
            found = self._victim(stage)
            if found is None:
                return None
            member, work = found
            whole = self._chance.random() < 0.5
            if whole:
                member.kill()
            else:
                with suppress(psutil.NoSuchProcess):
                    psutil.Process(work.pid).kill()
            self._watch_take_over(work, time.time())
            what = "with all its processes" if whole else "alone, its supervisor lives"
            return f"{member.name} {what}, task {work.task_id}"

        return kill

    def _watch_take_over(self, work: Work, struck_at: float) -> None:
        """Wait until somebody has begun the task again, or it had ended in the last moment."""
        deadline = time.monotonic() + TAKE_OVER_S
        while time.monotonic() < deadline:
            row = self._tables.task(work.task_id)
            seconds = (row["started_at_ms"] or 0) / 1000 - struck_at
            if seconds > 0:
                self._journal.note(
                    "take-over", f"task {work.task_id} after {seconds:.1f} s", seconds=seconds
                )
                return
            if row["status"] in FINAL:
                return
            time.sleep(0.1)
        self._journal.note("take-over", f"task {work.task_id} was not taken over", seconds=None)

    def _kill_api(self) -> str | None:
        api = self._chance.choice(self._fleet.apis)
        for _ in range(3):
            self._load.order()
        time.sleep(self._chance.uniform(0, 1))
        api.kill()
        return api.name

    def _restart_postgres(self) -> str | None:
        pause_s = self._chance.uniform(0, 3)
        self._load.order()
        self._postgres.restart(pause_s)
        return f"away for {pause_s:.1f} s and its recovery"

    def _kill_postgres(self) -> str | None:
        self._victim()
        self._postgres.kill()
        time.sleep(self._chance.uniform(0, 3))
        self._postgres.start()
        return "kill -9 of the postmaster"

    def _kill_gateway(self) -> str | None:
        self._victim(self._chance.choice(["", "publish"]))
        self._ceph.kill_gateway()
        pause_s = self._chance.uniform(0, 6)
        time.sleep(pause_s)
        self._ceph.start_gateway()
        return f"away for {pause_s:.1f} s"

    def _kill_storage(self) -> str | None:
        self._load.order("upload")
        self._ceph.kill_storage()
        return "kill -9 of the storage daemon"

    def _freeze_worker(self) -> str | None:
        found = self._victim("render") or self._victim()
        if found is None:
            return None
        member, work = found
        struck_at = time.time()
        member.freeze()
        seconds = self._lease_s + self._chance.uniform(4, 10)
        watch = threading.Thread(target=self._watch_take_over, args=(work, struck_at))
        watch.start()
        time.sleep(seconds)
        member.thaw()
        watch.join()
        return f"{member.name} for {seconds:.1f} s, task {work.task_id}"

    def _cut(self) -> str | None:
        return self._break_line(Line.CUT)

    def _silence(self) -> str | None:
        return self._break_line(Line.SILENT)

    def _break_line(self, line: Line) -> str | None:
        if self._chance.random() < 0.7:
            found = self._victim()
            name = found[0].name if found else self._chance.choice(self._fleet.workers).name
        else:
            name = self._chance.choice(self._fleet.apis).name
        seconds = self._lease_s + self._chance.uniform(-3, 8)
        self._proxies[name].set(line)
        time.sleep(seconds)
        self._proxies[name].set(Line.OPEN)
        return f"{name} for {seconds:.1f} s"

    def _fill_disk(self) -> str | None:
        """Leave the worker whose disk is small no byte of it."""
        member = self._fleet.workers[0]
        if not os.path.ismount(member.folder):
            return self._limit_files(member)
        ballast = member.folder / "ballast"
        _fill(ballast)
        try:
            for _ in range(len(self._fleet.workers)):
                self._load.order("inline")
            time.sleep(self._chance.uniform(8, 15))
        finally:
            ballast.unlink()
        return f"{member.name}: no byte left"

    def _limit_files(self, member: Member) -> str | None:
        """Forbid a worker files of any size, where no small disk could be made for it."""
        for process in member.family():
            with suppress(psutil.Error, OSError):
                process.rlimit(psutil.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        self._load.order("inline")
        time.sleep(self._chance.uniform(8, 15))
        member.kill()
        return f"{member.name}: no file above 4 kB"

    def _exhaust_memory(self) -> str | None:
        found = self._victim("render")
        child = _render_of(found[0]) if found else None
        if found is None or child is None:
            return None
        with suppress(psutil.Error, OSError):
            limit = child.memory_info().vms + (1 << 20)
            child.rlimit(psutil.RLIMIT_AS, (limit, limit))
        return f"{found[0].name} gets no memory any more for task {found[1].task_id}"

    def _kill_render(self) -> str | None:
        """Do what the kernel does when the machine's memory is short: kill the largest process."""
        found = self._victim("render")
        child = _render_of(found[0]) if found else None
        if found is None or child is None:
            return None
        with suppress(psutil.NoSuchProcess):
            child.kill()
        return f"the render of {found[0].name}, task {found[1].task_id}"


def _render_of(member: Member) -> psutil.Process | None:
    for process in member.family():
        with suppress(psutil.Error):
            if any("child_main" in word for word in process.cmdline()):
                return process
    return None


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
