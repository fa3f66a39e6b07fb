"""Between Kling's shapes and the core's values."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import PurePosixPath

from lipwright.api.kling.schemas import (
    AdvancedLipSyncRequest,
    BalanceDeduction,
    CreatedTask,
    CreatedTaskInfo,
    Face,
    IdentifiedFaces,
    ResultVideo,
    TaskInfo,
    TaskResult,
    TaskState,
    TaskStatusName,
    Video,
    Watermark,
)
from lipwright.dubbing.types import Fit
from lipwright.errors import BadInputError
from lipwright.jobs.values import LineRequest, OwnVideo, Session, StoredVideo, Task, TaskStatus
from lipwright.settings import to_ptc

FileUrl = Callable[[str, int, str], str]
"""Makes a URL of an object's key, the time in Unix ms when it ends, and a file name."""

_FIELDS = {
    "video": "video_url",
    "session": "session_id",
    "lines": "face_choose",
    "idempotency_key": "Idempotency-Key",
}
_LINE_FIELDS = {
    "face": "face_id",
    "speech": "sound_file",
    "speech_start": "sound_start_time",
    "speech_end": "sound_end_time",
    "insert": "sound_insert_time",
    "speech_volume": "sound_volume",
    "original_volume": "original_audio_volume",
}


def to_lines(request: AdvancedLipSyncRequest) -> list[LineRequest]:
    """Return the lines that a request asks for."""
    return [
        LineRequest(
            face_id=choice.face_id,
            sound=choice.sound_file,
            sound_start_ms=choice.sound_start_time,
            sound_end_ms=choice.sound_end_time,
            insert_ms=choice.sound_insert_time,
            speech_volume=choice.sound_volume,
            original_volume=choice.original_audio_volume,
            fit=Fit(choice.fit or request.fit),
            transcript=choice.transcript,
        )
        for choice in request.face_choose
    ]


def to_video(url: str, id: str) -> str | OwnVideo:
    """Return the video that a request names by its URL or by its id, exactly one of them.

    Raises
    ------
    BadInputError
        Field ``video`` (``missing``) or ``video_id`` (``conflicting``).
    """
    if url and id:
        raise BadInputError("video_id", "conflicting", "must be empty if video_url is given")
    if not (url or id):
        raise BadInputError("video", "missing", "is required")
    return url or OwnVideo(id)


def to_identified(session: Session, url: FileUrl) -> IdentifiedFaces:
    """Write a session the way Identify-Face answers."""
    return IdentifiedFaces(
        session_id=session.id,
        face_data=[
            Face(
                face_id=face.face_id,
                face_image=url(face.image_key, session.expires_at_ms, f"face_{face.face_id}.jpg"),
                start_time=face.start_ms,
                end_time=face.end_ms,
            )
            for face in session.faces
        ],
        final_unit_deduction=to_ptc(session.price_micro_ptc),
        final_balance_deduction=_deduction(session.price_micro_ptc, session.price_micro_ptc),
    )


def to_created(task: Task) -> CreatedTask:
    """Write a task the way its creation is answered: as it was then, however often it is told."""
    info = CreatedTaskInfo()
    if task.external_id:
        info.external_task_id = task.external_id
    return CreatedTask(
        task_id=task.id,
        task_info=info,
        task_status="submitted",
        created_at=task.created_at_ms,
        updated_at=task.created_at_ms,
    )


def to_state(task: Task, url: FileUrl) -> TaskState:
    """Write a task the way a query is answered."""
    suffix = PurePosixPath(task.parent.key).suffix or ".mp4"
    parent = Video(id=task.parent.id, url=task.parent_url, duration="0")
    if task.parent.key:
        parent = _video(task.parent, url, f"source{suffix}")
    info = TaskInfo(parent_video=parent)
    if task.external_id:
        info.external_task_id = task.external_id
    return TaskState(
        task_id=task.id,
        task_status=status_of(task),
        task_status_msg=task.message,
        task_info=info,
        task_result=TaskResult(videos=[_result(task, task.result, url)] if task.result else []),
        watermark_info=Watermark(enabled=task.watermark),
        progress=percent(task),
        stage=task.stage,
        queue_position=task.queue_position,
        eta_seconds=None if task.eta_s is None else math.ceil(task.eta_s),
        warnings=list(task.warnings),
        final_unit_deduction=to_ptc(charged(task)),
        final_balance_deduction=_deduction(charged(task), task.price_micro_ptc),
        created_at=task.created_at_ms,
        updated_at=task.updated_at_ms,
    )


def charged(task: Task) -> int:
    """Return what a task has cost so far: one that came to nothing was paid back."""
    ended = (TaskStatus.FAILED, TaskStatus.CANCELLED)
    return 0 if task.status in ended else task.price_micro_ptc


def _deduction(charged_micro_ptc: int, price_micro_ptc: int) -> BalanceDeduction:
    return BalanceDeduction(quota=to_ptc(charged_micro_ptc), list_price=to_ptc(price_micro_ptc))


def to_message(error: BadInputError, external_id: str = "") -> str:
    """Say what is wrong with a request in Kling's names.

    Parameters
    ----------
    error
        In the core's names.
    external_id
        The caller's own id, for the one message that quotes it.
    """
    if error.field == "external_task_id" and error.reason == "duplicate":
        return f"External_task_id {external_id} already exists"
    return f"{to_field(error)}: {error.detail}"


def to_field(error: BadInputError) -> str:
    """Name the field that is wrong as Kling's clients know it."""
    if error.field in _LINE_FIELDS:
        return f"face_choose[{error.index or 0}].{_LINE_FIELDS[error.field]}"
    field = _FIELDS.get(error.field, error.field)
    return field if error.index is None else f"{field}[{error.index}]"


def status_of(task: Task) -> TaskStatusName:
    """Return a task's status in the vendor's words, which know no cancelled task."""
    match task.status:
        case TaskStatus.SUBMITTED:
            return "submitted"
        case TaskStatus.PROCESSING:
            return "processing"
        case TaskStatus.SUCCEED:
            return "succeed"
        case _:
            return "failed"


def percent(task: Task) -> int:
    """Return a task's progress in 0..100; 100 means that it has succeeded."""
    if task.status is TaskStatus.SUCCEED:
        return 100
    return min(99, max(0, int(task.progress * 100)))


def seconds(milliseconds: int) -> str:
    """Write a duration as Kling does: seconds, as text, no more digits than it has."""
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".") if rest else str(whole)


def _video(video: StoredVideo, url: FileUrl, name: str) -> Video:
    return Video(
        id=video.id,
        url=url(video.key, video.expires_at_ms, name),
        duration=seconds(video.duration_ms),
    )


def _result(task: Task, result: StoredVideo, url: FileUrl) -> ResultVideo:
    plain = _video(result, url, f"{task.id}.mp4")
    video = ResultVideo(id=plain.id, url=plain.url, duration=plain.duration)
    if task.watermarked is not None:
        marked = task.watermarked
        video.watermark_url = url(marked.key, marked.expires_at_ms, f"{task.id}-watermarked.mp4")
    return video
