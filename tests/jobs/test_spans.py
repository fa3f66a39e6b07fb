"""Traces: one from the request to the callback; nothing at all unless it is asked for."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from workshop import line, sound, wait_for, working

from lipwright.api.app import create_app
from lipwright.errors import FailedError
from lipwright.jobs import spans
from lipwright.jobs.checkup import State, look_over
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import DEFAULT_ACCOUNT, Session, TaskStatus
from lipwright.settings import Settings

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TASKS = "/klingai/v1/videos/advanced-lip-sync"


@pytest.fixture(autouse=True)
def nothing_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def made() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    spans.use(SimpleSpanProcessor(exporter), "lipwright-test")
    yield exporter
    spans.shut_down()


class Receiver:
    """Takes whatever is posted to it."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                outer.bodies.append((self.path, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def wait_until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 180
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_one_trace_goes_from_the_request_to_the_callback(
    service: LipsyncService, video: Path, made: InMemorySpanExporter, receiver: Receiver
) -> None:
    session = service.identify(DEFAULT_ACCOUNT, video)
    client = TestClient(create_app(service.settings, service), base_url="http://127.0.0.1")
    asked = {
        "session_id": session.id,
        "callback_url": f"{receiver.url}/told",
        "face_choose": [
            {
                "face_id": "0",
                "sound_file": sound(2500),
                "sound_start_time": 0,
                "sound_end_time": 2500,
                "sound_insert_time": 500,
            }
        ],
    }
    response = client.post(TASKS, json=asked, headers={"traceparent": CALLER})
    assert response.status_code == 200, response.text
    task_id = response.json()["data"]["task_id"]
    with working(service.settings):
        done = wait_for(service, service.find_task(DEFAULT_ACCOUNT, task_id))
        assert done.status is TaskStatus.SUCCEED
        wait_until(lambda: len(receiver.bodies) == 3, "callbacks")
    finished = made.get_finished_spans()
    by_name: dict[str, Any] = {span.name: span for span in finished}
    trace = int(CALLER.split("-")[1], 16)
    mine = {span.name for span in finished if span.context.trace_id == trace}
    assert {
        "POST /advanced-lip-sync", "accept", "queue", "task", "prepare", "render", "stage publish",
        "finish", "callback",
    } <= mine  # fmt: skip
    assert by_name["task"].attributes["lipwright.task_id"] == task_id
    assert by_name["accept"].parent.span_id == by_name["POST /advanced-lip-sync"].context.span_id
    assert by_name["task"].parent.span_id == by_name["accept"].context.span_id
    assert by_name["queue"].start_time <= by_name["queue"].end_time
    assert by_name["render"].parent.span_id == by_name["task"].context.span_id
    assert sum(span.name == "callback" for span in finished) == 3
    server = by_name["POST /advanced-lip-sync"]
    assert server.attributes["lipwright.request_id"] == response.headers["x-request-id"]
    assert server.attributes["http.response.status_code"] == 200
    said = str([(span.name, dict(span.attributes)) for span in finished])
    assert receiver.url not in said


def test_without_traces_an_order_is_what_it_always_was(
    service: LipsyncService, session: Session
) -> None:
    from lipwright.store.tables import TaskRow

    task = service.create("alice", session.id, [line()])
    with service._open.stores.database.read() as transaction:
        assert "trace" not in transaction.get_one(TaskRow, task.id).order


def test_what_fails_is_an_error_without_its_words(made: InMemorySpanExporter) -> None:
    def fail() -> None:
        raise FailedError("crashed", "a secret path")

    with pytest.raises(FailedError), spans.span("work"):
        spans.traced("inner")(fail)()
    for span in made.get_finished_spans():
        assert span.status.description == "FailedError"
        assert not span.events


def test_spans_are_sent_where_the_environment_says(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    spans.set_up("lipwright-worker")
    assert spans.are_on()
    with spans.span("task", task_id="42"):
        inside = spans.here()
    spans.shut_down()
    [(path, body)] = receiver.bodies
    assert path == "/v1/traces"
    told = ExportTraceServiceRequest.FromString(body)
    [resource] = told.resource_spans
    names = {entry.key: entry.value.string_value for entry in resource.resource.attributes}
    assert names["service.name"] == "lipwright-worker"
    [span] = resource.scope_spans[0].spans
    assert (span.name, span.trace_id.hex()) == ("task", inside.split("-")[1])


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, False),
    ],
)
def test_who_asks_for_traces(
    environment: dict[str, str], wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert spans.are_wanted() is wanted


def test_a_protocol_that_is_not_spoken_costs_the_traces_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    spans.set_up("x")
    assert not spans.are_on()
    assert "grpc is not spoken here" in caplog.text


def test_nothing_of_it_is_loaded_by_default() -> None:
    program = (
        "import sys, lipwright.jobs.worker_main, lipwright.jobs.spans as s\n"
        "s.set_up('x')\n"
        "with s.span('a'): assert s.here() == ''\n"
        "sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_checkup_tells_of_them(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def traces() -> Any:
        return next(found for found in look_over(settings) if found.check == "traces")

    monkeypatch.setattr("lipwright.jobs.checkup.CHECKS", {"traces": _only_traces()})
    assert traces().state is State.OK
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://joe:hunter2@collector:4318")
    assert traces().detail == "they go to http://…@collector:4318"
    monkeypatch.setattr(spans, "are_installed", lambda: False)
    assert traces().state is State.WARNING
    assert "lipwright[otel]" in traces().mend


def _only_traces() -> Any:
    from lipwright.jobs.checkup import CHECKS

    return CHECKS["traces"]
