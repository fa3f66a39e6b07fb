from __future__ import annotations

import logging
from dataclasses import replace

import pytest
from sqlalchemy import select
from workshop import line, wait_for, working

from lipwright.jobs.service import LipsyncService
from lipwright.jobs.trace import RequestFormatter, about, request_id
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


def test_a_workers_lines_about_a_task_carry_its_requests_id(
    service: LipsyncService, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    seen: dict[str, str] = {}

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen[record.getMessage()] = request_id.get()

    listener = Listener()
    logger = logging.getLogger("lipwright.jobs.runner")
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
