"""What a line of the log is about: the request and the task, in the service and in its workers.

The ids are kept in context variables, so they follow a request into its worker threads. What
could open something (keys, tokens, signed links) is blotted out of every line, whoever wrote it.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered, or whose task is being worked on."""

task_id: ContextVar[str] = ContextVar("task_id", default="")
"""The id of the task that is being made, worked on or told of."""

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_BLOT = "…"

_SECRETS = (
    (re.compile(r"(/v1/files/)[A-Za-z0-9_-]{16,}"), rf"\1{_BLOT}"),
    (re.compile(r"(?i)(\bbearer\s+)[^\s\"',;]+"), rf"\1{_BLOT}"),
    (re.compile(r"\b(lw_|whsec_)[A-Za-z0-9_+/=-]{8,}"), rf"\1{_BLOT}"),
    # Three dotted parts, the first of which is JSON: a signed token.
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), _BLOT),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/\s@]+@"), rf"\1{_BLOT}@"),
    # A query may hold anybody's signature.
    (re.compile(r"(\bhttps?://[^\s?\"'<>]+\?)[^\s\"'<>]+"), rf"\1{_BLOT}"),
)


@contextmanager
def about(id: str | None = None, *, task: str | None = None) -> Iterator[None]:
    """Say in which request's name, and on which task, the block works; None: as before."""
    tokens = [
        (variable, variable.set(value))
        for variable, value in ((request_id, id), (task_id, task))
        if value is not None
    ]
    try:
        yield
    finally:
        for variable, token in tokens:
            variable.reset(token)


def blot_out(text: str) -> str:
    """Return a text without what could open something."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


class RequestFormatter(logging.Formatter):
    """Ends each line that is about a request or a task with the ids."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line without a trace."""
        line = super().formatMessage(record)
        for name, id in _ids(record).items():
            line += f" [{name.removesuffix('_id')} {id}]"
        return line

    def format(self, record: logging.LogRecord) -> str:
        """Return the line and its trace."""
        return blot_out(super().format(record))


class JsonFormatter(logging.Formatter):
    """Writes each line as one JSON object.

    ``time`` (UTC), ``level``, ``logger``, ``message``; ``request_id``, ``task_id`` and ``trace``
    where there is one.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the object; it holds no line break."""
        time = datetime.fromtimestamp(record.created, UTC)
        line = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": blot_out(record.getMessage()),
            **_ids(record),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            line["trace"] = blot_out(record.exc_text)
        return json.dumps(line, ensure_ascii=False)


def _ids(record: logging.LogRecord) -> dict[str, str]:
    ids = {
        "request_id": getattr(record, "request_id", "") or request_id.get(),
        "task_id": getattr(record, "task_id", "") or task_id.get(),
    }
    return {name: id for name, id in ids.items() if id}


def set_up_logging(level: str, format: str = "text") -> None:
    """Log to standard error.

    Parameters
    ----------
    level
        Least severe messages to log.
    format
        ``text``, or ``json`` for one object a line.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if format == "json" else RequestFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler])
