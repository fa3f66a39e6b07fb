"""What the tests of jobs share: doubles for the work, sounds, videos, a worker."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from sqlalchemy import update

from lipwright.dubbing.serialize import identification_to_dict
from lipwright.dubbing.types import Identification
from lipwright.faces.types import Box, FaceSample, IdentifiedFace
from lipwright.jobs.queue import FORMAT
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import LineRequest, Task
from lipwright.jobs.work import ChildFunctions
from lipwright.jobs.worker import run_worker
from lipwright.media.types import ColorTags, VideoInfo
from lipwright.settings import Settings
from lipwright.store.tables import LeaseRow

HERE = Path(__file__).parent

PATIENCE_S = 180.0
"""How long tests wait for what takes a moment, on a machine that has much else to do."""

DOUBLES = ChildFunctions(
    identify="child_doubles:find_faces",
    probe="child_doubles:measure_sound",
    render="child_doubles:render",
    warm_probe=(),
)


def sound(length_ms: int) -> str:
    """What the doubles take for a sound of that length."""
    return b64encode(str(length_ms).encode()).decode()


def line(length_ms: int = 2500, face_id: str = "0", **changes: object) -> LineRequest:
    values: dict[str, object] = {
        "face_id": face_id,
        "sound": sound(length_ms),
        "sound_start_ms": 0,
        "sound_end_ms": length_ms,
        "insert_ms": 500,
    }
    return LineRequest(**{**values, **changes})  # type: ignore[arg-type]


def make_video(path: Path, name: str = "a") -> Path:
    """Write what the doubles take for a video of 7 s with two faces."""
    info = VideoInfo(
        width=1280,
        height=720,
        frame_rate=Fraction(25),
        time_base=Fraction(1, 12800),
        duration_ms=7000,
        rotation=0,
        color=ColorTags(),
        has_audio=False,
        container="mov,mp4,m4a,3gp,3g2,mj2",
        codec="h264",
        size_bytes=1000,
    )
    faces = tuple(
        IdentifiedFace(
            face_id=str(index),
            start_ms=0,
            end_ms=end,
            image_jpeg=f"portrait {index} of {name}".encode(),
            samples=(FaceSample(0, Box(0, 0, 10, 10)),),
        )
        for index, end in enumerate((7000, 1500))
    )
    path.write_text(json.dumps(identification_to_dict(Identification(info, faces))))
    return path


def lapse(service: LipsyncService, pid: int) -> None:
    """Let the leases of a worker that is dead or stopped lapse, as time would."""
    with service._open.stores.database.write() as transaction:
        transaction.execute(
            update(LeaseRow)
            .where(LeaseRow.holder.contains(f"-{pid}-", autoescape=True))
            .values(expires_at_ms=1)
        )


@contextmanager
def working(settings: Settings, understands: int = FORMAT) -> Iterator[None]:
    """Run a worker in a thread for the length of the block."""
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(
        target=run_worker,
        args=(settings, stop),
        kwargs={"functions": DOUBLES, "ready": ready, "understands": understands},
    )
    thread.start()
    assert ready.wait(PATIENCE_S)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def wait_for(
    service: LipsyncService,
    task: Task,
    until: Callable[[Task], bool] = lambda task: task.status in ("succeed", "failed"),
    within_s: float = PATIENCE_S,
) -> Task:
    """Look at a task until it is as the test wants it."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        task = service.find_task(task.account_id, task.id)
        if until(task):
            return task
        time.sleep(0.05)
    raise AssertionError(f"the task is still {task}")
