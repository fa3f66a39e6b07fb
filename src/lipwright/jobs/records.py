"""Between rows and values: how sessions, tasks and uploads are looked up and shown."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as Transaction

from lipwright.errors import BadInputError
from lipwright.jobs.values import (
    NotFoundError,
    Session,
    SessionFace,
    StoredVideo,
    Task,
    TaskStatus,
    Upload,
)
from lipwright.store.clock import now_ms
from lipwright.store.tables import FaceRow, SessionRow, TaskRow, UploadRow


def live_session(transaction: Transaction, account_id: str, session_id: str) -> SessionRow:
    """Return a session of this account that has not expired; else `BadInputError`."""
    row = transaction.scalars(
        select(SessionRow).where(SessionRow.id == session_id, SessionRow.account_id == account_id)
    ).first()
    if row is None:
        raise BadInputError("session", "unknown_session", f"there is no session {session_id}")
    if row.expires_at_ms <= now_ms():
        raise BadInputError("session", "expired_session", f"session {session_id} has expired")
    return row


def task_row(transaction: Transaction, account_id: str, id: str) -> TaskRow:
    """Return a task by its own or its external id; a task's own id goes first."""
    rows = transaction.scalars(
        select(TaskRow).where(
            TaskRow.account_id == account_id, or_(TaskRow.id == id, TaskRow.external_id == id)
        )
    ).all()
    live = [row for row in rows if row.expires_at_ms > now_ms()]
    if not live:
        raise NotFoundError("task", id)
    return min(live, key=lambda row: row.id != id)


def session_value(row: SessionRow, faces: list[FaceRow]) -> Session:
    """Return a session as its owner sees it."""
    return Session(
        id=row.id,
        account_id=row.account_id,
        video=StoredVideo(
            row.video_id, row.video_key, row.video_duration_ms, row.video_expires_at_ms
        ),
        faces=tuple(
            SessionFace(face.face_id, face.start_ms, face.end_ms, face.image_key)
            for face in sorted(faces, key=lambda face: face.position)
        ),
        created_at_ms=row.created_at_ms,
        expires_at_ms=row.expires_at_ms,
        price_micro_ptc=row.price_micro_ptc,
    )


def task_value(row: TaskRow) -> Task:
    """Return a task as its owner sees it."""
    result = None
    if row.result_id is not None and row.result_key is not None:
        result = StoredVideo(
            row.result_id, row.result_key, row.result_duration_ms or 0, row.expires_at_ms
        )
    return Task(
        id=row.id,
        account_id=row.account_id,
        external_id=row.external_id,
        status=TaskStatus(row.status),
        message=row.message,
        stage=row.stage,
        progress=row.progress,
        parent=StoredVideo(
            row.parent_id, row.parent_key, row.parent_duration_ms, row.parent_expires_at_ms
        ),
        result=result,
        warnings=tuple(row.warnings),
        created_at_ms=row.created_at_ms,
        updated_at_ms=row.updated_at_ms,
        price_micro_ptc=row.price_micro_ptc,
    )


def upload_value(row: UploadRow) -> Upload:
    """Return an upload as its owner sees it."""
    return Upload(row.id, row.account_id, row.key, row.file_name, row.size_bytes, row.expires_at_ms)
