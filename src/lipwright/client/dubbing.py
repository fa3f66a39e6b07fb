"""The whole way in one go, for who wants a file and no more."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from lipwright.client.downloading import download, target_path
from lipwright.client.flows import Flows
from lipwright.client.orders import Extras, face_of
from lipwright.client.steps import Flow
from lipwright.client.values import Face, Line, Task, TaskSink
from lipwright.client.waiting import Patience, wait


def dub(
    flows: Flows,
    video: str | os.PathLike[str],
    line: Line,
    face: Face | str | int | None,
    path: str | os.PathLike[str],
    patience: Patience,
    tell: TaskSink | None,
) -> Flow[Path]:
    """Identify, create, wait and download."""
    target_path("video", path)  # a missing folder is said before the work, not after it
    session = yield from flows.identify_face(video)
    line = replace(line, face=face_of(session, face))
    task: Task = yield from flows.create(session, line, Extras())
    done = yield from wait(flows, task, patience, tell)
    return (yield from download(done, path, flows.retries))
