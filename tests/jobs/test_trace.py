from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace

import pytest
from sqlalchemy import select
from workshop import line, wait_for, working

from lipwright.jobs.service import LipsyncService
from lipwright.jobs.trace import JsonFormatter, RequestFormatter, about, blot_out, request_id
from lipwright.jobs.values import Session, TaskStatus
from lipwright.store.tables import TaskRow


def record() -> logging.LogRecord:
    return logging.LogRecord("lipwright.x", logging.INFO, "", 1, "it happened", (), None)


def test_lines_about_a_request_end_with_its_id() -> None:
    assert RequestFormatter().format(record()).endswith("lipwright.x: it happened")
    with about("abc"):
        assert RequestFormatter().format(record()).endswith("it happened [request abc]")
    assert request_id.get() == ""


def test_a_trace_comes_after_the_id() -> None:
    made = record()
    made.exc_text = "Traceback"
    with about("abc"):
        assert RequestFormatter().format(made).endswith("[request abc]\nTraceback")


def test_lines_about_a_task_end_with_both_ids() -> None:
    with about("abc", task="42"):
        line = RequestFormatter().format(record())
    assert line.endswith("it happened [request abc] [task 42]")


def test_a_line_as_json() -> None:
    made = record()
    with about("abc"), about(task="42"):
        line = JsonFormatter().format(made)
    found = json.loads(line)
    assert found.pop("time").endswith("Z")
    assert found == {
        "level": "info",
        "logger": "lipwright.x",
        "message": "it happened",
        "request_id": "abc",
        "task_id": "42",
    }
    assert "request_id" not in json.loads(JsonFormatter().format(made))


def test_a_trace_stays_on_its_line_of_json() -> None:
    try:
        raise ValueError("Bearer abcdefgh12345")
    except ValueError:
        made = logging.LogRecord("x", logging.ERROR, "", 1, "one\ntwo", (), sys.exc_info())
    line = JsonFormatter().format(made)
    assert "\n" not in line
    assert "abcdefgh12345" not in line
    assert json.loads(line)["trace"].startswith("Traceback")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("sent Bearer lw_abcdefghijkl to it", "sent Bearer … to it"),
        ("the key lw_0123456789abcdef failed", "the key lw_… failed"),
        ("whsec_c2VjcmV0c2VjcmV0", "whsec_…"),
        ("got /v1/files/AAAAbbbbCCCCdddd_-1/a.mp4", "got /v1/files/…/a.mp4"),
        ("a token eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln here", "a token … here"),
        ("postgresql://joe:pass@db/x is away", "postgresql://…@db/x is away"),
        ("GET https://b.example/a?X-Amz-Signature=1 ended", "GET https://b.example/a?… ended"),
        ("task 850508686686064678: 3 frames", "task 850508686686064678: 3 frames"),
    ],
)
def test_what_opens_something_is_blotted_out(said: str, kept: str) -> None:
    assert blot_out(said) == kept
    made = logging.LogRecord("x", logging.INFO, "", 1, "%s", (said,), None)
    assert json.loads(JsonFormatter().format(made))["message"] == kept
    assert RequestFormatter().format(made).endswith(kept)


def test_a_workers_lines_about_a_task_carry_its_requests_id(
    service: LipsyncService, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    seen: dict[str, str] = {}

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen[record.getMessage()] = request_id.get()

    listener = Listener()
    logger = logging.getLogger("lipwright.jobs.attempts")
    logger.addHandler(listener)
    try:
        with about("req-1"):
            task = service.create("alice", session.id, [replace(line(5000))])
        with service._open.stores.database.read() as transaction:
            kept = transaction.scalar(select(TaskRow.request_id).where(TaskRow.id == task.id))
        assert kept == "req-1"
        with working(service.settings):
            assert wait_for(service, task).status is TaskStatus.FAILED
    finally:
        logger.removeHandler(listener)
    [(words, id)] = seen.items()
    assert words.startswith(f"task {task.id} failed")
    assert id == "req-1"
