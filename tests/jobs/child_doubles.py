"""Functions that children run in the tests, in place of the real work."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from lipwright.errors import BadInputError, FailedError
from lipwright.jobs.child_main import Report


def echo(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    report("thinking", 0.25)
    report("speaking", 0.75)
    print("this must not disturb the answer")
    os.write(1, b"nor this\n")
    return {"said": arguments["word"], "pid": os.getpid()}


def bad_input(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    raise BadInputError("speech_end", "past_end", "6000 ms is past the end", index=1)


def failed(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    raise FailedError("no_model", "the model is gone")


def surprise(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    raise ZeroDivisionError("a secret path")


def crash(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    ctypes.string_at(0)
    return {}


def leave(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    os._exit(7)


def eat_memory(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    eaten = []
    while True:
        eaten.append(b"x" * 10_000_000)


def sleep(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    marker = arguments.get("marker")
    if marker:
        Path(marker).write_text(str(os.getpid()))
    time.sleep(arguments["seconds"])
    return {}


def sleep_with_grandchild(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(arguments["marker"]).write_text(str(grandchild.pid))
    time.sleep(60)
    return {}
