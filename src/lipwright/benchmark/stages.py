"""Which stage of the work the processor's time goes to, seen from outside.

A thread looks on every few milliseconds: how much each thread of the process has worked since the
last time (the kernel's own count), and in which room of lipwright it is. Nothing in the work is
touched for it, so that stages may be moved, joined or given threads of their own without this file
being told; it goes by modules only. Threads of libraries count to the stage that the library does:
x264's to encoding. Pools that several stages use count to the stage that is at work.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Collection
from types import FrameType
from typing import Final, Self

from lipwright.benchmark.native import TASKS, library_of

STAGES: Final = (
    "decode",
    "landmarks",
    "observing",
    "planning",
    "rendering",
    "encoding",
    "muxing",
    "sound",
    "other",
)
"""In the order of the work. Finding faces counts to landmarks; planning is the speech model, the
plan and what an engine prepares; other is imports, loading and everything between the stages."""

_EVERY: Final = 0.008
_HANDING: Final = "handing"
"""Between two stages; counts to the one that the thread was in last."""

_ROOMS: Final = (
    ("lipwright.media.decode", "decode"),
    ("lipwright.media.probe", "decode"),
    ("lipwright.media.samples", "decode"),
    ("lipwright.media.prefetch", _HANDING),
    ("lipwright.media.stretch_writer", "encoding"),
    ("lipwright.media.join", "muxing"),
    ("lipwright.media.movie", "muxing"),
    ("lipwright.media.part_file", "muxing"),
    ("lipwright.media.audio", "sound"),
    ("lipwright.media.mix", "sound"),
    ("lipwright.media.manifest", "muxing"),
    ("lipwright.media.provenance", "muxing"),
    ("lipwright.media.container", "muxing"),
    ("lipwright.faces", "landmarks"),
    ("lipwright.speech", "planning"),
    ("lipwright.render", "rendering"),
)
_LOOKING: Final = ("lipwright.dubbing.following",)
_PREPARING: Final = ("lipwright.dubbing.casting",)
_LIBRARIES: Final = (
    ("libx264", "encoding"),
    ("libavcodec", "decode"),
    ("libavutil", "decode"),
    ("libctranslate2", "planning"),
    ("LiteRt", "landmarks"),
    ("litert", "landmarks"),
)
_SHARING: Final = ("landmarks", "rendering", "observing", "planning", "encoding", "decode")
"""Who is likelier to use a common pool, where several are at work."""


def available() -> bool:
    """Whether this system tells how much each thread works; Linux does."""
    task = TASKS / str(threading.get_native_id())
    return (task / "schedstat").exists() and (task / "syscall").exists()


class Watch:
    """Looks on while the block runs; a context manager."""

    def __init__(self) -> None:
        self._spent = dict.fromkeys(STAGES, 0.0)
        self._seen: dict[int, float] = {}
        self._last: dict[int, str] = {}
        self._libraries: dict[int, str] = {}
        self._waiting: dict[int, float] = {}
        self._own = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="bench-watch", daemon=True)

    def __enter__(self) -> Self:
        self._seen = _worked()
        self._begun = time.process_time()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        # What threads did in their last moments, between two looks, or without ever being known.
        whole = time.process_time() - self._begun - self._own
        self._spent["other"] += max(0.0, whole - sum(self._spent.values()))

    def core_seconds(self) -> dict[str, float]:
        """Seconds of the processor in each stage of `STAGES`; together all but the watch's own."""
        return dict(self._spent)

    def _look_on(self) -> None:
        while not self._end.wait(_EVERY):
            self._look()
        self._look()
        self._own = time.thread_time()

    def _look(self) -> None:
        own = threading.get_native_id()
        tasks = {thread.ident: thread.native_id for thread in threading.enumerate()}
        at = {}
        for ident, frame in sys._current_frames().items():
            task = tasks.get(ident)
            if task is None or task == own:
                continue
            stage = stage_of(frame)
            at[task] = self._last.get(task, "other") if stage == _HANDING else stage
        self._last |= at
        worked = _worked()
        for task, seconds in worked.items():
            if task == own:
                continue
            new = max(0.0, seconds - self._seen.get(task, 0.0))
            if task in at:
                self._spent[at[task]] += new
            elif new or task in self._waiting:
                self._count_library(task, new, set(at.values()))
        self._seen = worked

    def _count_library(self, task: int, seconds: float, present: Collection[str]) -> None:
        """Count a library's thread; what it does before it is known counts when it is."""
        seconds += self._waiting.pop(task, 0.0)
        library = self._libraries.get(task) or library_of(task)
        if library is None:
            self._waiting[task] = seconds
            return
        self._libraries[task] = library
        sharing = next((stage for stage in _SHARING if stage in present), "other")
        stage = next((stage for start, stage in _LIBRARIES if start in library), sharing)
        self._spent[stage] += seconds


def stage_of(frame: FrameType | None) -> str:
    """The stage that a thread is in, by the modules on its stack, the innermost first."""
    found = ""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if not found:
            if name.startswith("lipwright.media") and "sound" in frame.f_code.co_name:
                return "sound"
            found = next((stage for room, stage in _ROOMS if name.startswith(room)), "")
            if found not in ("", "rendering"):
                return found
        elif name.startswith(_LOOKING):
            return "observing"
        elif name.startswith(_PREPARING):
            return "planning"
        frame = frame.f_back
    return found or "other"


def _worked() -> dict[int, float]:
    """Seconds that each thread has had a processor so far."""
    found = {}
    for task in TASKS.iterdir():
        try:
            found[int(task.name)] = int((task / "schedstat").read_text().split()[0]) / 1e9
        except (OSError, IndexError, ValueError):
            continue  # it has just ended
    return found
