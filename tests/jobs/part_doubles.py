"""Functions that children run in the tests of divided tasks, in place of the real work."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from child_doubles import held

from lipwright.errors import FailedError
from lipwright.jobs.child_main import Report
from lipwright.jobs.work import ChildFunctions

COPIED = 2
FRAMES = {0: 10, 1: 20, 3: 10, 4: 10, 5: 30}
"""Stretch 2 of 6 is copied, the others are parts."""

PART_DOUBLES = ChildFunctions(
    identify="child_doubles:find_faces",
    probe="child_doubles:measure_sound",
    render="part_doubles:render",
    render_share="part_doubles:render_share",
    join="part_doubles:join",
    warm_probe=(),
)


def render(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Divide the work, if that is asked for; else do it."""
    report("track", 0.1)
    if arguments["divide_over_s"]:
        plan = {"stretches": [{"copied": index == COPIED} for index in range(6)]}
        return {"plan": plan, "frames": list(FRAMES.items()), "share": 0.2, "frames_looked_at": 9}
    Path(arguments["output"]).write_bytes(b"in one")
    return {"duration_ms": 7000, "frame_count": 80, "warnings": []}


def render_share(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Render as the sound's length says: 2xxx ms takes no time, 3xxx as long as
    the test holds part 4, 4xxx kills the worker
    once, 5xxx fails, 6xxx kills every worker.
    """
    assert json.loads(Path(arguments["plan"]).read_text())["stretches"]
    kind = int(Path(arguments["lines"][0]["speech"]).read_bytes()) // 1000
    for index in arguments["indices"]:
        report("render", 0.0)
        if kind == 3:
            time.sleep(0.1)
            while index == 4 and held():
                time.sleep(0.1)
        elif kind == 5 and index == 4:
            raise FailedError("no_model", "the model is gone")
        elif kind == 6 or (kind == 4 and index == 4 and _first("killed")):
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(600)
        Path(arguments["folder"], str(index)).write_text(f"part {index}\n")
        with open(os.environ["LIPWRIGHT_TEST_PARTS"], "a") as file:
            file.write(f"{index} {os.getppid()}\n")
    return {"frames": sum(FRAMES[index] for index in arguments["indices"])}


def join(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Put the parts together."""
    parts = [Path(arguments["folder"], str(index)).read_text() for index in FRAMES]
    Path(arguments["output"]).write_text("".join(parts))
    return {"duration_ms": 7000, "frame_count": 90, "warnings": ["dark"]}


def _first(name: str) -> bool:
    marker = Path(os.environ["LIPWRIGHT_TEST_PARTS"] + name)
    if marker.exists():
        return False
    marker.touch()
    return True
