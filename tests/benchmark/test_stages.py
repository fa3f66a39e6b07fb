from __future__ import annotations

import os
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest

import lipwright.media.decode
import lipwright.render.walk
from lipwright.benchmark.native import TASKS, library_of
from lipwright.benchmark.stages import STAGES, Watch, available, stage_of

pytestmark = pytest.mark.skipif(not available(), reason="only Linux tells what a thread does")

BUSY = """
def {name}(end):
    while not end():
        sum(range(2000))
"""


def busy_in(module: object, name: str = "busy") -> object:
    """A function that looks as if it were the module's."""
    space = {"__name__": module.__name__}
    exec(BUSY.format(name=name), space)
    return space[name]


def is_later_than(until: float) -> bool:
    return time.process_time() > until


def test_time_counts_to_the_room_that_spent_it() -> None:
    decode, render = busy_in(lipwright.media.decode), busy_in(lipwright.render.walk)
    begun = time.process_time()
    with Watch() as watch:
        for work, seconds in ((decode, 0.3), (render, 0.6)):
            end = partial(is_later_than, time.process_time() + seconds)
            thread = threading.Thread(target=work, args=(end,))
            thread.start()
            thread.join()
    whole = time.process_time() - begun
    spent = watch.core_seconds()
    assert set(spent) == set(STAGES)
    assert sum(spent.values()) <= whole
    assert 0.5 < spent["decode"] / 0.3 < 1.5
    assert 0.5 < spent["rendering"] / 0.6 < 1.5


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
