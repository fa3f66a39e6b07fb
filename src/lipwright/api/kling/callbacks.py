"""What a callback's body says: the bare task object, without the envelope around it."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from lipwright.api.context import Context
from lipwright.api.kling.translate import FileUrl, to_state
from lipwright.jobs.values import Callback, Task

WRITER = "lipwright.api.kling.callbacks:write_body"
"""Under this name the worker finds `write_body`: it knows no API, only whom to ask."""

_FOR_NOW = {"queue_position", "eta_seconds"}


def to_callback(request: Request, context: Context, url: str) -> Callback | None:
    """Return whom a request wants told, or None if nobody."""
    return Callback(url, context.base_url(request), WRITER) if url else None


def write_body(task: Task, url: FileUrl) -> dict[str, Any]:
    """Write a task the way callbacks do."""
    return to_state(task, url).model_dump(exclude_unset=True, exclude=_FOR_NOW)
