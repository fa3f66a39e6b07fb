"""Waiting where the way is bad: streams break, services restart or have no stream left."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from scripted_service import Reply, ScriptedService, hangs_up, says

from lipwright.client import NotFoundError, Status, TaskFailedError
from lipwright.client import waiting as waiting_module

POLL_S = (0.01, 0.02)


def own(status: str, progress: int) -> dict[str, Any]:
    return {"task_id": "7", "status": status, "progress": progress, "stage": "rendering"}


def stream(*tasks: dict[str, Any], cut: bool = False) -> Reply:
    """Send events; ``cut`` ends the connection in the middle of a further one."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        handler.wfile.write(b"retry: 2000\n\n")
        for task in tasks:
            id = f"id-{task['progress']}"
            handler.wfile.write(f"id: {id}\nevent: x\ndata: {json.dumps(task)}\n\n".encode())
        if cut:
            handler.wfile.write(b'id: lost\ndata: {"task_')
        handler.close_connection = True

    return reply


def look(status: str, progress: int = 0, **more: Any) -> Reply:
    data = {"task_id": "7", "task_status": status, "progress": progress, "stage": "rendering"}
    return says(200, json.dumps({"code": 0, "data": {**data, **more}}).encode())


@pytest.fixture
def watch(
    scripted: ScriptedService, connect: Callable[..., Any]
) -> Callable[[], tuple[Any, list[tuple[str, int]]]]:
    """Wait for task 7, and return it and what was told of it."""
    client = connect(scripted.url, service="lipwright")

    def run() -> tuple[Any, list[tuple[str, int]]]:
        seen: list[tuple[str, int]] = []
        done = client.wait(
            "7",
            poll_s=POLL_S,
            timeout_s=180,
            progress=lambda task: seen.append((task.status, task.progress)),
        )
        return done, seen

    return run


def test_a_stream_that_breaks_is_taken_up_where_it_broke(
    watch: Callable[[], Any], scripted: ScriptedService
) -> None:
    scripted.script = [
        stream(own("submitted", 0), own("processing", 20), cut=True),
        look("processing", 20),
        stream(own("processing", 60), own("succeeded", 100)),
        look("succeed", 100, final_unit_deduction="0.07"),
    ]
    done, seen = watch()
    assert seen == [("submitted", 0), ("processing", 20), ("processing", 60), ("succeeded", 100)]
    assert str(done.charged) == "0.07"
    asked = [
        (one.path.rpartition("/")[2], one.headers.get("last-event-id")) for one in scripted.seen
    ]
    assert asked == [("events", None), ("7", None), ("events", "id-20"), ("7", None)]


@pytest.mark.parametrize("connect", ["blocking"], indirect=True)
def test_a_service_that_restarts_is_waited_for(
    watch: Callable[[], Any], scripted: ScriptedService
) -> None:
    away: list[Reply] = [hangs_up, hangs_up, hangs_up, hangs_up, says(503, b'{"code": 5001}')]
    scripted.script = [
        stream(own("processing", 20)),
        *away,
        stream(own("succeeded", 100)),
        look("succeed"),
    ]
    done, _ = watch()
    assert done.status is Status.SUCCEEDED


@pytest.mark.parametrize("connect", ["blocking"], indirect=True)
def test_a_service_that_stays_away_is_given_up(
    watch: Callable[[], Any], scripted: ScriptedService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_module, "GIVE_UP_S", 0.0)
    scripted.script = [says(500, b'{"code": 5000, "message": "broken"}')]
    with pytest.raises(Exception, match="broken"):
        watch()


def test_without_a_free_stream_it_asks(watch: Callable[[], Any], scripted: ScriptedService) -> None:
    scripted.script = [
        says(429, b'{"code": 1302}'),
        look("processing", 10),
        look("processing", 10),
        look("processing", 30),
        look("failed", 30, task_status_msg="the engine broke"),
    ]
    with pytest.raises(TaskFailedError, match="the engine broke"):
        watch()
    assert [one.path.rpartition("/")[2] for one in scripted.seen] == ["events", *["7"] * 4]


def test_a_task_that_is_not_there_ends_the_wait(
    watch: Callable[[], Any], scripted: ScriptedService
) -> None:
    scripted.script = [says(400, b'{"code": 1201, "message": "x", "reason": "unknown_task"}')]
    with pytest.raises(NotFoundError):
        watch()
