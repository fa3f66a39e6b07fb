"""Runs one function of ours in a fresh child process, within limits.

Whatever happens in there — broken media, a native crash, too much memory or time — becomes an
error of lipwright here, and the child and all it started are gone when the call returns.
"""

from __future__ import annotations

import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import psutil

from lipwright.dubbing.types import Progress, ProgressSink, ignore_progress
from lipwright.errors import FailedError
from lipwright.jobs.child_protocol import result_of

log = logging.getLogger(__name__)

_POLL_S = 0.05
YIELDING_NICE = 10
"""So many steps of niceness more than its parent has a child that yields."""

_COMPLAINT_BYTES = 4000


class ChildCancelledError(Exception):
    """The caller asked for the child to be killed."""


@dataclass(frozen=True)
class ChildLimits:
    """What a child may use: resident memory in MB and wall-clock time in s."""

    memory_mb: int
    time_s: float


class Child:
    """A child process that is starting up or already waits for its order.

    Start it early where the order is not known yet: interpreter and imports are then paid for
    while something else is waited for. Use it as a context manager, in one thread: on Linux a
    child dies with the thread that started it.

    Parameters
    ----------
    warm
        Modules that the child imports before its order comes.
    environment
        Variables added to this process's own.
    yielding
        Whether other processes on the machine go before it when all want the processor.
    """

    def __init__(
        self,
        *,
        warm: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        yielding: bool = False,
    ) -> None:
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            # -P: a file in the current folder must not pose as a module.
            [sys.executable, "-P", "-m", "lipwright.jobs.child_main", str(os.getpid()), *warm],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        if yielding:
            _let_others_go_before(self._process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The child's process id, which is also its process group's."""
        return self._process.pid

    def run(
        self,
        function: str,
        arguments: Mapping[str, Any],
        limits: ChildLimits,
        *,
        progress: ProgressSink = ignore_progress,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> dict[str, Any]:
        """Have the child carry out one order and wait for the answer.

        Parameters
        ----------
        function
            ``module:name`` of a `lipwright.jobs.child_main.ChildFunction`.
        arguments
            JSON-able.
        limits
            The child is killed beyond them.
        progress
            Called in this thread.
        cancelled
            Asked many times a second; the child is killed when it says True.

        Raises
        ------
        BadInputError, FailedError
            What the function raised. ``FailedError`` also with the reasons ``crashed``,
            ``out_of_memory``, ``timed_out``, ``internal``.
        ChildCancelledError
            ``cancelled`` said so.
        """
        deadline = time.monotonic() + limits.time_s
        order = json.dumps({"function": function, "arguments": dict(arguments)}).encode() + b"\n"
        self._send(order)
        watch = _MemoryWatch(self.pid, limits.memory_mb)
        for line in self._lines():
            if line:
                message = json.loads(line)
                if "progress" not in message:
                    return result_of(message)
                stage, fraction = message["progress"]
                progress(Progress(stage, fraction))
            if watch.exceeded():
                raise FailedError(
                    "out_of_memory", f"it needed more than {limits.memory_mb} MB of memory"
                )
            if time.monotonic() > deadline:
                raise FailedError("timed_out", f"it took longer than {limits.time_s:g} s")
            if cancelled():
                raise ChildCancelledError
        raise self._died()

    def _send(self, order: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(order)
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None

    def _lines(self) -> Iterator[bytes | None]:
        """Yield the child's lines as they come, and None whenever it has been quiet a moment."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        pending = b""
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, selectors.EVENT_READ)
            while True:
                if selector.select(_POLL_S):
                    piece = os.read(descriptor, 1 << 16)
                    if not piece:
                        return
                    *lines, pending = (pending + piece).split(b"\n")
                    yield from lines
                yield None

    def _died(self) -> FailedError:
        code = self._process.wait()
        self._complaints.seek(0, os.SEEK_END)
        self._complaints.seek(max(0, self._complaints.tell() - _COMPLAINT_BYTES))
        complaint = self._complaints.read().decode(errors="replace").strip()
        log.error("child %d ended with %d: %s", self.pid, code, complaint or "(no words)")
        if code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = str(-code)
            return FailedError("crashed", f"the process that did the work was ended by {name}")
        return FailedError("crashed", f"the process that did the work ended with code {code}")

    def close(self) -> None:
        """Kill whatever is left of the child and of all it started."""
        _kill_group(self._process)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:
                continue
        self._complaints.close()


class _MemoryWatch:
    """Looks at the resident memory of a child.

    Resident memory is what the machine runs short of. An address-space limit (RLIMIT_AS) is not
    used: thread stacks, allocator arenas and mapped models count there without being used.
    """

    def __init__(self, pid: int, memory_mb: int) -> None:
        self._limit = memory_mb * 1_000_000
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except psutil.NoSuchProcess:
            self._process = None

    def exceeded(self) -> bool:
        if self._process is None:
            return False
        try:
            return bool(self._process.memory_info().rss > self._limit)
        except psutil.Error:
            return False


def _let_others_go_before(pid: int) -> None:
    """Lower a process's priority, before it has any threads: each has its own on Linux."""
    if not hasattr(os, "setpriority"):
        return
    nice = min(19, os.getpriority(os.PRIO_PROCESS, 0) + YIELDING_NICE)
    with suppress(OSError):  # it is dead already: its caller will hear of that soon enough
        os.setpriority(os.PRIO_PROCESS, pid, nice)
    # Where Linux groups processes by session, the first counts only within the child's own.
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(nice))


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        # The child is its group's leader and not yet waited for, so the number is still its own.
        if process.returncode is None:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                process.kill()
    else:
        process.kill()
    process.wait()


def run_child(
    function: str,
    arguments: Mapping[str, Any],
    limits: ChildLimits,
    *,
    progress: ProgressSink = ignore_progress,
    cancelled: Callable[[], bool] = lambda: False,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Start a child, run one function in it, and see it off; see `Child.run`."""
    with Child(environment=environment) as child:
        return child.run(function, arguments, limits, progress=progress, cancelled=cancelled)


class ChildSlots:
    """A limit on how many children run at once; the others wait for their turn."""

    def __init__(self, count: int) -> None:
        self._semaphore = threading.BoundedSemaphore(count)

    def __enter__(self) -> None:
        self._semaphore.acquire()

    def __exit__(self, *_: object) -> None:
        self._semaphore.release()
