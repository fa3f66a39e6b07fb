"""Which request a line of the log is about: in the service, and in the worker that does its task.

The id is kept in a context variable, so it follows a request into its worker threads.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered, or whose task is being worked on."""

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@contextmanager
def about(id: str) -> Iterator[None]:
    """Say in which request's name the block works."""
    token = request_id.set(id)
    try:
        yield
    finally:
        request_id.reset(token)


class RequestFormatter(logging.Formatter):
    """Ends each line that is about a request with the request's id."""

    def __init__(self) -> None:
        super().__init__(_FORMAT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line without a trace."""
        line = super().formatMessage(record)
        id = getattr(record, "request_id", "") or request_id.get()
        return f"{line} [request {id}]" if id else line


def set_up_logging(level: str) -> None:
    """Log to standard error, each line with its request's id."""
    handler = logging.StreamHandler()
    handler.setFormatter(RequestFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler])
