"""Read what services answer: Kling's shapes, which every service speaks, and lipwright's own.

Fields that a service leaves out, and old and new spellings, are taken as they come; only what
makes an answer useless, such as a task without an id, is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from lipwright.client.errors import ServiceError
from lipwright.client.values import Face, SentFile, Session, Status, Task, Video

_CANCELLED = "cancelled by its owner"
"""What lipwright tells Kling's clients of a cancelled task, for which Kling has no status."""

_STATUSES = {
    "submitted": Status.SUBMITTED,
    "processing": Status.PROCESSING,
    "succeed": Status.SUCCEEDED,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "cancelled": Status.CANCELLED,
}


def session_from(data: Any) -> Session:
    """Read the data of identify-face."""
    data = _mapping(data)
    faces = tuple(
        Face(
            face_id=_text(face, "face_id"),
            image_url=_text(face, "face_image"),
            start_ms=_whole(face, "start_time"),
            end_ms=_whole(face, "end_time"),
        )
        for face in _mappings(data, "face_data")
    )
    return Session(_needed(data, "session_id"), faces, _units(data))


def task_from(data: Any) -> Task:
    """Read a task as Kling writes it: the data of a create or a query, or a callback."""
    data = _mapping(data)
    about = _mapping(data.get("task_info"))
    result = _mapping(data.get("task_result"))
    parent = about.get("parent_video")
    message = _text(data, "task_status_msg")
    status = _status(data, "task_status")
    if status is Status.FAILED and message == _CANCELLED:
        status = Status.CANCELLED
    return Task(
        id=_needed(data, "task_id"),
        status=status,
        external_id=_text(about, "external_task_id"),
        message=message,
        progress=_progress(data, status),
        stage=_text(data, "stage"),
        queue_position=_maybe_whole(data, "queue_position"),
        eta_s=_maybe_whole(data, "eta_seconds"),
        warnings=_warnings(data),
        source=_video(parent) if isinstance(parent, Mapping) else None,
        videos=tuple(_video(video) for video in _mappings(result, "videos")),
        charged=_units(data),
        created_at_ms=_whole(data, "created_at"),
        updated_at_ms=_whole(data, "updated_at"),
    )


def own_task_from(data: Any) -> Task:
    """Read a task as lipwright itself writes it."""
    data = _mapping(data)
    marked = [_text(video, "url") for video in _mappings(data, "watermarked")]
    videos = [_own_video(video) for video in _mappings(data, "results")]
    if videos and marked:
        first = videos[0]
        videos[0] = Video(first.id, first.url, first.duration_ms, marked[0], first.expires_at_ms)
    status = _status(data, "status")
    return Task(
        id=_needed(data, "task_id"),
        status=status,
        external_id=_text(data, "external_task_id"),
        message=_text(data, "message"),
        progress=_progress(data, status),
        stage=_text(data, "stage"),
        queue_position=_maybe_whole(data, "queue_position"),
        eta_s=_maybe_whole(data, "eta_seconds"),
        warnings=_warnings(data),
        source=next((_own_video(video) for video in _mappings(data, "source")), None),
        videos=tuple(videos),
        created_at_ms=_whole(data, "created_at"),
        updated_at_ms=_whole(data, "updated_at"),
    )


def file_from(data: Any) -> SentFile:
    """Read the data of an upload."""
    data = _mapping(data)
    return SentFile(
        id=_needed(data, "file_id"),
        url=_needed(data, "url"),
        name=_text(data, "file_name"),
        size=_whole(data, "size"),
        expires_at_ms=_whole(data, "expires_at"),
    )


def _video(data: Mapping[str, Any]) -> Video:
    try:
        duration_ms = round(Decimal(_text(data, "duration") or "0") * 1000)
    except (InvalidOperation, ValueError, OverflowError):
        duration_ms = 0
    url, marked = _text(data, "url"), _text(data, "watermark_url")
    return Video(_text(data, "id"), url, duration_ms, marked)


def _own_video(data: Mapping[str, Any]) -> Video:
    return Video(
        _text(data, "id"),
        _text(data, "url"),
        _whole(data, "duration_ms"),
        expires_at_ms=_maybe_whole(data, "expires_at"),
    )


def _status(data: Mapping[str, Any], name: str) -> Status:
    value = _text(data, name)
    if value not in _STATUSES:
        raise ServiceError(f"the service's answer has the unknown status {value[:40]!r}")
    return _STATUSES[value]


def _progress(data: Mapping[str, Any], status: Status) -> int:
    return 100 if status is Status.SUCCEEDED else _whole(data, "progress")


def _warnings(data: Mapping[str, Any]) -> tuple[str, ...]:
    found = data.get("warnings")
    return tuple(str(warning) for warning in found) if isinstance(found, list) else ()


def _units(data: Mapping[str, Any]) -> Decimal | None:
    try:
        units = Decimal(_text(data, "final_unit_deduction"))
    except InvalidOperation:
        return None
    return units if units.is_finite() else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    values = data.get(name)
    return [v for v in values if isinstance(v, Mapping)] if isinstance(values, list) else []


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return "" if value is None else str(value)


def _needed(data: Mapping[str, Any], name: str) -> str:
    value = _text(data, name)
    if not value:
        raise ServiceError(f"the service's answer lacks {name}")
    return value


def _maybe_whole(data: Mapping[str, Any], name: str) -> int | None:
    try:
        return int(data[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _whole(data: Mapping[str, Any], name: str) -> int:
    return _maybe_whole(data, name) or 0
