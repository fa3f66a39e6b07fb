"""The child's side: ``python -m lipwright.jobs.child_main PARENT_PID`` runs one function.

Nothing heavy is imported before the order arrives, except what the parent names as arguments:
a child can be started early and be warm when its work is known.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

from lipwright.jobs.child_protocol import error_to_message
from lipwright.jobs.parent_watch import die_with_parent

PROGRESS_INTERVAL_S = 0.2

Report = Callable[[str, float], None]
ChildFunction = Callable[[dict[str, Any], Report], dict[str, Any]]
"""Takes JSON-able arguments and a sink for progress; gives a JSON-able result."""


def die_at_end_of(stream: IO[bytes]) -> None:
    """Where the kernel does not help: the parent's death closes the pipe that feeds us."""

    def watch() -> None:
        with suppress(OSError, ValueError):
            stream.read()
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def offer_to_the_oom_killer() -> None:
    """If the machine runs out of memory, this process is the one to go, never the service."""
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("600")


class _Messages:
    """Writes messages on what was standard output, out of reach of libraries that print."""

    def __init__(self) -> None:
        self._file = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._last = 0.0
        self._stage = ""

    def send(self, message: dict[str, Any]) -> None:
        self._file.write(json.dumps(message).encode() + b"\n")

    def report(self, stage: str, fraction: float) -> None:
        now = time.monotonic()
        if stage == self._stage and now - self._last < PROGRESS_INTERVAL_S:
            return
        self._stage, self._last = stage, now
        self.send({"progress": [stage, fraction]})


def find_function(name: str) -> ChildFunction:
    """Return the function that ``module:name`` names."""
    module, _, attribute = name.partition(":")
    function: ChildFunction = getattr(importlib.import_module(module), attribute)
    return function


def main() -> None:
    """Read one order from standard input, carry it out, answer, end."""
    parent, *warm = sys.argv[1:]
    die_with_parent(int(parent), signal.SIGKILL)
    offer_to_the_oom_killer()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    messages = _Messages()
    for module in warm:
        importlib.import_module(module)
    line = sys.stdin.buffer.readline()
    if not line:
        return
    die_at_end_of(sys.stdin.buffer)
    order = json.loads(line)
    try:
        function = find_function(order["function"])
        message = {"result": function(order["arguments"], messages.report)}
    except Exception as error:
        message = error_to_message(error)
        if message.get("failed", {}).get("reason") == "internal":
            traceback.print_exc()
    messages.send(message)
    sys.stderr.flush()
    # Native libraries sometimes crash while they tidy up; the answer is out, nothing else counts.
    os._exit(0)


if __name__ == "__main__":
    main()
