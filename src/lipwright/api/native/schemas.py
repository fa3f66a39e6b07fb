"""A task as lipwright itself shows it."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, Field, WithJsonSchema

from lipwright.api.kling.translate import charged, percent
from lipwright.jobs.outbox import DeliveryStatus, FileUrl
from lipwright.jobs.values import Delivery, StoredVideo, Task, TaskStatus
from lipwright.settings import to_ptc

StatusName = Literal["submitted", "processing", "succeeded", "failed", "cancelled"]
OrNull = Annotated[int | None, WithJsonSchema({"type": ["integer", "null"]})]


class OwnFile(BaseModel):
    """A video of ours."""

    id: str
    url: str
    duration_ms: int
    expires_at: int = Field(description="Unix time in ms at which it is removed")


class OwnDelivery(BaseModel):
    """One callback: what it tells, and whether it has arrived."""

    id: str = Field(description="the header webhook-id")
    task_status: StatusName
    status: Literal["pending", "delivered", "undelivered"]
    attempts: int
    last_error: str = Field(description="why the last attempt failed")
    next_attempt_at: OrNull = Field(description="Unix time in ms; null if there is none")
    created_at: int = Field(description="Unix time in ms")
    updated_at: int = Field(description="Unix time in ms")


class OwnTask(BaseModel):
    """A task."""

    task_id: str
    external_task_id: str
    session_id: str = Field(description="what it was made from; empty for the older lip-sync")
    kind: Literal["advanced", "legacy"] = Field(description="which operation made it")
    status: StatusName
    message: str = Field(description="why it failed or was cancelled")
    progress: int = Field(description="0 to 100")
    stage: str = Field(description="what is being done now")
    priority: Literal["low", "normal", "high"]
    queue_position: OrNull = Field(
        description="1 is next, though others' tasks may still come in between; null once the "
        "work has begun"
    )
    eta_seconds: OrNull = Field(description="estimated seconds left; null where nothing is known")
    warnings: list[str]
    source: list[OwnFile] = Field(description="the video it was made from, once that is here")
    results: list[OwnFile]
    watermarked: list[OwnFile]
    callback_url: str
    charged: str = Field(description="PTC that were taken; 0 once they were given back")
    created_at: int = Field(description="Unix time in ms")
    updated_at: int = Field(description="Unix time in ms")


def to_own(task: Task, url: FileUrl) -> OwnTask:
    """Write a task our own way."""

    def files(video: StoredVideo | None, name: str) -> list[OwnFile]:
        if video is None or not video.key:
            return []
        link = url(video.key, video.expires_at_ms, name)
        return [
            OwnFile(
                id=video.id,
                url=link,
                duration_ms=video.duration_ms,
                expires_at=video.expires_at_ms,
            )
        ]

    return OwnTask(
        task_id=task.id,
        external_task_id=task.external_id or "",
        session_id=task.session_id,
        kind=task.kind.value,
        status=status_name(task.status),
        message=task.message,
        progress=percent(task),
        stage=task.stage,
        priority=priority_name(task.priority),
        queue_position=task.queue_position,
        eta_seconds=None if task.eta_s is None else math.ceil(task.eta_s),
        warnings=list(task.warnings),
        source=files(task.parent, "source.mp4"),
        results=files(task.result, f"{task.id}.mp4"),
        watermarked=files(task.watermarked, f"{task.id}-watermarked.mp4"),
        callback_url=task.callback_url or "",
        charged=to_ptc(charged(task)),
        created_at=task.created_at_ms,
        updated_at=task.updated_at_ms,
    )


def priority_name(priority: int) -> Literal["low", "normal", "high"]:
    """Name a priority."""
    if priority == 0:
        return "normal"
    return "high" if priority > 0 else "low"


def to_own_delivery(delivery: Delivery) -> OwnDelivery:
    """Write a callback our own way."""
    return OwnDelivery(
        id=delivery.id,
        task_status=status_name(delivery.task_status),
        status=DeliveryStatus(delivery.status).value,
        attempts=delivery.attempts,
        last_error=delivery.last_error,
        next_attempt_at=delivery.next_at_ms,
        created_at=delivery.created_at_ms,
        updated_at=delivery.updated_at_ms,
    )


def status_name(status: TaskStatus) -> StatusName:
    """Return a status in English; the vendor's ``succeed`` is only for the vendor's clients."""
    match status:
        case TaskStatus.SUBMITTED:
            return "submitted"
        case TaskStatus.PROCESSING:
            return "processing"
        case TaskStatus.SUCCEED:
            return "succeeded"
        case TaskStatus.FAILED:
            return "failed"
        case TaskStatus.CANCELLED:
            return "cancelled"
