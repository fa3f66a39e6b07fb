"""One request's id is on every line of its task's life, in the API, the worker and the courier."""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from workshop import sound, wait_for, working

from lipwright.api.app import create_app
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.sweep import sweep
from lipwright.jobs.trace import JsonFormatter
from lipwright.jobs.values import DEFAULT_ACCOUNT, TaskStatus


class Lines:
    """What a process of the service would write to standard error."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(JsonFormatter())

    def __call__(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    lines = Lines()
    logger = logging.getLogger("lipwright")
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(lines.handler)
    yield lines
    logger.removeHandler(lines.handler)
    logger.setLevel(before)


@pytest.fixture
def refusing_once() -> Iterator[str]:
    """A receiver of callbacks that does not take the first one at once."""
    first = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200 if first.is_set() else 503)
            first.set()
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/told?token=secret"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_request_is_followed_through_api_worker_and_courier(
    service: LipsyncService,
    video: Path,
    lines: Lines,
    refusing_once: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lipwright.jobs.courier.FIRST_PAUSE_S", 0.1)
    session = service.identify(DEFAULT_ACCOUNT, video)
    client = TestClient(create_app(service.settings, service), base_url="http://127.0.0.1")
    made = client.post(
        "/klingai/v1/videos/advanced-lip-sync",
        json={
            "session_id": session.id,
            "callback_url": refusing_once,
            "face_choose": [
                {
                    "face_id": "0",
                    "sound_file": sound(2500),
                    "sound_start_time": 0,
                    "sound_end_time": 2500,
                    "sound_insert_time": 500,
                }
            ],
        },
    )
    assert made.status_code == 200, made.text
    request, task = made.headers["x-request-id"], made.json()["data"]["task_id"]
    with working(service.settings):
        done = wait_for(service, service.find_task(DEFAULT_ACCOUNT, task))
        assert done.status is TaskStatus.SUCCEED
        deadline = time.monotonic() + 180
        while sum("is delivered" in line["message"] for line in lines()) < 3:
            assert time.monotonic() < deadline, lines()
            time.sleep(0.05)
    sweep(service.settings, service._open.stores, now=done.created_at_ms + 10**12)

    mine = [line for line in lines() if line.get("request_id") == request]
    assert {line["logger"].removeprefix("lipwright.jobs.") for line in mine} >= {
        "creating", "courier",
    }  # fmt: skip
    assert all(line["task_id"] == task for line in mine)
    said = "\n".join(line["message"] for line in mine)
    for words in ("is accepted", "is taken up", "has succeeded", "was not taken", "is delivered"):
        assert words in said
    # Nothing that names the task lacks the ids, and what is about no task has none.
    for line in lines():
        if task in line["message"]:
            assert (line.get("request_id"), line.get("task_id")) == (request, task)
    swept = [line for line in lines() if line["logger"].endswith("sweep")]
    assert swept
    assert not any("task_id" in line or "request_id" in line for line in swept)
    assert "secret" not in "\n".join(map(str, lines()))
