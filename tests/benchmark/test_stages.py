from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import lipwright.media.decode
import lipwright.render.walk
from lipwright.benchmark.native import TASKS, library_of
from lipwright.benchmark.stages import STAGES, Watch, available, stage_of

pytestmark = pytest.mark.skipif(not available(), reason="only Linux tells what a thread does")

PATIENCE_S = 120.0
CLOCKS_S = 0.05
"""How far the kernel's two counts of a thread's work may be apart."""

BUSY = """
def busy(is_enough):
    while not is_enough():
        sum(range(2000))
"""


def busy_in(module: ModuleType) -> Callable[[Callable[[], bool]], None]:
    """A function that looks as if it were the module's."""
    space: dict[str, Any] = {"__name__": module.__name__}
    exec(BUSY, space)
    found: Callable[[Callable[[], bool]], None] = space["busy"]
    return found


class Worker:
    """A thread that works in a room until the watch has seen so much of it.

    How soon the watch looks is for the machine to say; a thread that ended before it did would not
    be seen at all.
    """

    def __init__(self, module: ModuleType, stage: str, watch: Watch, seconds: float) -> None:
        self._stage, self._watch, self._seconds = stage, watch, seconds
        self._patience = time.monotonic() + PATIENCE_S
        self.spent = 0.0
        self._thread = threading.Thread(target=self._work, args=(busy_in(module),))
        self._thread.start()

    def _work(self, busy: Callable[[Callable[[], bool]], None]) -> None:
        busy(self._is_enough)
        self.spent = time.thread_time()

    def _is_enough(self) -> bool:
        seen = self._watch.core_seconds()[self._stage]
        return seen >= self._seconds or time.monotonic() > self._patience

    def join(self) -> float:
        """Wait for its end, and return how long it has worked by its own account."""
        self._thread.join()
        return self.spent


def test_time_counts_to_the_room_that_spent_it() -> None:
    begun = time.process_time()
    with Watch() as watch:
        decode = Worker(lipwright.media.decode, "decode", watch, 0.2).join()
        render = Worker(lipwright.render.walk, "rendering", watch, 0.4).join()
    whole = time.process_time() - begun
    spent = watch.core_seconds()
    assert set(spent) == set(STAGES)
    assert sum(spent.values()) <= whole
    # No more than they did, and all of it that was seen: what is missing came after the last look.
    assert 0.2 <= spent["decode"] <= decode + CLOCKS_S
    assert 0.4 <= spent["rendering"] <= render + CLOCKS_S


def test_two_rooms_at_work_at_once_are_told_apart() -> None:
    with Watch() as watch:
        workers = [
            Worker(lipwright.media.decode, "decode", watch, 0.1),
            Worker(lipwright.render.walk, "rendering", watch, 0.1),
        ]
        decode, render = (worker.join() for worker in workers)
    spent = watch.core_seconds()
    assert 0.1 <= spent["decode"] <= decode + CLOCKS_S
    assert 0.1 <= spent["rendering"] <= render + CLOCKS_S


def test_the_innermost_room_counts_and_sound_by_its_name() -> None:
    seen = {}

    def look(key: str) -> None:
        seen[key] = stage_of(sys._getframe())

    inner = {"__name__": "lipwright.faces.dense", "look": look}
    exec("def add(key): look(key)", inner)
    outer = {"__name__": "lipwright.dubbing.following", "add": inner["add"]}
    exec("def follow(key): add(key)", outer)
    outer["follow"]("faces")
    inner["__name__"] = "lipwright.render.mesh.observe"
    outer["follow"]("observing")
    movie = {"__name__": "lipwright.media.movie", "look": look}
    exec("def _encode_sound(key): look(key)\ndef mux(key): look(key)", movie)
    movie["_encode_sound"]("sound")
    movie["mux"]("muxing")
    writer = {"__name__": "lipwright.media.stretch_writer", "look": look}
    exec("def write(key): look(key)", writer)
    writer["write"]("encoding")
    look("other")
    assert seen == {
        "faces": "landmarks",
        "observing": "observing",
        "sound": "sound",
        "muxing": "muxing",
        "encoding": "encoding",
        "other": "other",
    }


def test_a_librarys_thread_is_known_by_its_stack() -> None:
    square = np.random.default_rng(0).random((400, 400))
    square @ square
    python = {thread.native_id for thread in threading.enumerate()}
    native = [int(task.name) for task in TASKS.iterdir() if int(task.name) not in python]
    if not native or (os.cpu_count() or 1) < 2:
        pytest.skip("numpy has no threads of its own here")
    found = {library_of(task) for task in native}
    assert any("blas" in (library or "") for library in found)
    assert library_of(2**22 + 1) is None
