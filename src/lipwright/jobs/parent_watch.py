"""How a process of ours notices that the one that started it is gone."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_POLL_S = 1.0
_PATIENCE_S = 15.0


def die_with_parent(parent: int, signal_number: int) -> None:
    """Have the kernel send this process a signal when its parent dies (Linux only).

    The kernel means the thread that started us: parents must start us from one that stays.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.name == "posix" and os.getppid() != parent:  # it died before we could ask
        os._exit(1)


def follow_parent(parent: int, stop: threading.Event) -> None:
    """End in good order when the parent is gone, and by force if that takes too long."""

    def forced() -> None:
        time.sleep(_PATIENCE_S)
        os._exit(1)

    _when_orphaned(parent, stop.set, forced)


def _when_orphaned(parent: int, *actions: Callable[[], None]) -> None:
    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_S)
        for action in actions:
            action()

    die_with_parent(parent, signal.SIGTERM)
    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
