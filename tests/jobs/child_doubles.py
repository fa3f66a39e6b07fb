"""Functions that children run in the tests, in place of the real work."""

from __future__ import annotations

import ctypes
import json
import os
import signal
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
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(arguments["marker"]).write_text(str(grandchild.pid))
    time.sleep(600)
    return {}


def held() -> bool:
    """Whether the test wants renders to go on until it has seen what it wants to see."""
    hold = os.environ.get("LIPWRIGHT_TEST_HOLD")
    return hold is not None and os.path.exists(hold)


def find_faces(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Believe the test: the video is JSON that says what is to be found in it."""
    data = Path(arguments["video"]).read_bytes()
    if not data.startswith(b"{"):
        raise BadInputError("video", "not_a_video", "it is not a video")
    return dict(json.loads(data))


def measure_sound(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Believe the test: the sound is its own length in ms, in digits."""
    data = Path(arguments["speech"]).read_bytes()
    if not data.isdigit():
        raise BadInputError("speech", "not_a_sound", "it is not a sound")
    return {"duration_ms": int(data), "format": "wav"}


def render(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Render as the sound's length says: 2xxx ms takes no time, 3xxx 3 s and as long as the test
    holds it, 4xxx crashes, 6xxx kills the worker.
    """
    line = arguments["lines"][0]
    length = int(Path(line["speech"]).read_bytes())
    if length // 1000 == 3:
        for step in range(30):
            report("render", step / 30)
            time.sleep(0.1)
            while step == 20 and held():
                report("render", step / 30)
                time.sleep(0.1)
    elif length // 1000 == 4:
        ctypes.string_at(0)
    elif length // 1000 == 6:
        report("render", 0.1)
        time.sleep(0.5)
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    elif length // 1000 == 5:
        raise FailedError("no_model", "the model is gone")
    Path(arguments["output"]).write_bytes(b"a video in which face " + line["face_id"].encode())
    return {"duration_ms": 7000, "frame_count": 175, "warnings": ["dark"]}


def find_faces_slowly(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Find what the test says, after a second, and write down that it was done."""
    with open(os.environ["LIPWRIGHT_TEST_LOOKED"], "a") as file:
        file.write("looked\n")
    time.sleep(1.0)
    return find_faces(arguments, report)


def render_playable(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Render a clip that any player shows, of one second."""
    import av
    import numpy as np

    with av.open(arguments["output"], "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        picture = np.zeros((64, 64, 3), np.uint8)
        for _ in range(25):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return {"duration_ms": 1000, "frame_count": 25, "warnings": []}
