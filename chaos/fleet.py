"""The processes of the service: APIs and workers, each with a folder of its own."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from chaos.journal import Journal

MARK = "LIPWRIGHT_CHAOS_RUN"
"""Variable by which the processes of a run are known, whoever started them."""

_STOP_S = 60.0


class Member:
    """One command of the fleet, started again and again.

    Parameters
    ----------
    name
        For the journal.
    command
        Arguments after ``python -m lipwright``.
    folder
        Its data folder.
    environment
        All its settings.
    """

    def __init__(
        self, name: str, command: list[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.folder = folder
        self.log = folder.with_suffix(".log")
        self._command = command
        self._environment = {**environment, "LIPWRIGHT_DATA_DIR": str(folder)}
        self._process: subprocess.Popen[bytes] | None = None
        self.restart_at: float | None = None
        self.frozen: list[psutil.Process] = []

    def start(self) -> None:
        """Start it; does not wait."""
        self.restart_at = None
        self.frozen = []
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lipwright", *self._command],
                cwd=self.folder.parent,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def runs(self) -> bool:
        """Whether its first process lives."""
        return self._process is not None and self._process.poll() is None

    def family(self) -> list[psutil.Process]:
        """Return its process and all that came of it."""
        if not self.runs:
            return []
        assert self._process is not None
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._process.pid)
            return [process, *process.children(recursive=True)]
        return []

    def kill(self) -> None:
        """Kill -9 all of it at once, as if the machine had lost power."""
        own, family = self._process, self.family()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.suspend()  # nobody gets to see that another one has died
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if own is not None:  # not what the tender may have started meanwhile
            own.wait(_STOP_S)
        deadline = time.monotonic() + _STOP_S
        while any(map(_lives, family)) and time.monotonic() < deadline:
            time.sleep(0.02)

    def freeze(self) -> None:
        """Stop all of it without its noticing."""
        self.frozen = self.family()
        for process in self.frozen:
            with suppress(psutil.NoSuchProcess):
                process.suspend()

    def thaw(self) -> None:
        """Let it go on."""
        for process in reversed(self.frozen):
            with suppress(psutil.NoSuchProcess):
                process.resume()
        self.frozen = []

    def stop(self) -> int | None:
        """End it in good order; return its exit code, None if it had to be killed."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return None


class Fleet:
    """All members, and the one who starts the dead ones again, as an operating system would."""

    def __init__(self, journal: Journal, chance: random.Random) -> None:
        self.apis: list[Member] = []
        self.workers: list[Member] = []
        self.urls: list[str] = []
        self._journal = journal
        self._chance = chance
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._tender = threading.Thread(target=self._tend, name="tender", daemon=True)

    @property
    def members(self) -> list[Member]:
        """APIs and workers."""
        return [*self.apis, *self.workers]

    def start(self) -> None:
        """Start everything, one after the other: the first one makes the tables."""
        for member in self.members:
            member.start()
        self._tender.start()

    def member_of(self, pid: int) -> Member | None:
        """Return whose process that is."""
        for member in self.members:
            if any(process.pid == pid for process in member.family()):
                return member
        return None

    def _tend(self) -> None:
        while not self._stop.wait(0.2):
            with self._lock:
                for member in self.members:
                    if member.runs:
                        continue
                    if member.restart_at is None:
                        member.restart_at = time.monotonic() + self._chance.uniform(1, 4)
                    elif time.monotonic() > member.restart_at and not self._stop.is_set():
                        member.start()
                        self._journal.note("restart", f"{member.name} is started again")

    def stop(self) -> list[str]:
        """End all in good order; return who did not."""
        self._stop.set()
        with self._lock:
            codes: dict[str, int | None] = {}
            threads = []
            for member in self.members:

                def end(member: Member = member) -> None:
                    member.thaw()
                    codes[member.name] = member.stop()

                threads.append(threading.Thread(target=end))
                threads[-1].start()
            for thread in threads:
                thread.join()
        return [name for name, code in codes.items() if code != 0]


def strays(run: str) -> list[psutil.Process]:
    """Return the processes of a run that are still there."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if (
                process.pid != os.getpid()
                and _lives(process)
                and process.environ().get(MARK) == run
            ):
                found.append(process)
    return found


def _lives(process: psutil.Process) -> bool:
    """Whether a process is more than an entry that nobody has asked for yet."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
