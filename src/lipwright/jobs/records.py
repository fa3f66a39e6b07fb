"""Between rows and values: how sessions, tasks and uploads are looked up and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, or_, select
from sqlalchemy.orm import Session as Transaction

from lipwright.errors import BadInputError
from lipwright.jobs.outlook import padded
from lipwright.jobs.values import (
    Delivery,
    NotFoundError,
    Session,
    SessionFace,
    StoredVideo,
    Task,
    TaskKind,
    TaskStatus,
    Upload,
)
from lipwright.store.clock import now_ms
from lipwright.store.tables import DeliveryRow, FaceRow, SessionRow, TaskRow, UploadRow

EXPIRED_MESSAGE = "the result has expired and was removed"


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


def task_row(
    transaction: Transaction,
    account_id: str,
    id: str,
    *,
    kind: TaskKind | None = None,
    lock: bool = False,
) -> TaskRow:
    """Return a task by its own or its external id; a task's own id goes first.

    Parameters
    ----------
    transaction
        For reading, or for writing if the row is to be locked.
    account_id, id
        Whose task, and which.
    kind
        Look only at tasks that this operation made.
    lock
        Keep others from changing the row until the transaction ends.
    """
    query = select(TaskRow).where(
        TaskRow.account_id == account_id, or_(TaskRow.id == id, TaskRow.external_id == id)
    )
    if kind is not None:
        query = query.where(TaskRow.kind == kind.value)
    rows = transaction.scalars(query.with_for_update() if lock else query).all()
    if not rows:
        raise NotFoundError("task", id)
    return min(rows, key=lambda row: row.id != id)


Wanted = tuple[str, str, TaskKind | None]
"""An account, a task's id or external id, and the operation that made it, if that matters."""


def task_views(transaction: Transaction, wanted: Sequence[Wanted]) -> list[Row[Any] | None]:
    """Look many tasks up at once, as `task_row` does one: what `task_value` needs, no more.

    Returns
    -------
    list
        For each that is wanted its row, None where the account has no such task.
    """
    accounts = padded(sorted({account_id for account_id, _, _ in wanted}))
    ids = padded(sorted({id for _, id, _ in wanted}))
    rows = transaction.execute(_VIEWS, {"accounts": accounts, "ids": ids}).all()
    by_id: dict[tuple[str, str], Any] = {(row.account_id, row.id): row for row in rows}
    by_external_id: dict[tuple[str, str], Any] = {
        (row.account_id, row.external_id): row for row in rows
    }

    def find(account_id: str, id: str, kind: TaskKind | None) -> Row[Any] | None:
        candidates: list[Row[Any] | None] = [
            by_id.get((account_id, id)),
            by_external_id.get((account_id, id)),
        ]
        for found in candidates:
            if found is not None and kind in (None, found.kind):
                return found
        return None

    return [find(*one) for one in wanted]


_columns = TaskRow.__table__.c
_UNSEEN = ("work_order", "request_id", "attempts", "callback_writer", "callback_base")
_VIEWS = select(
    *(column for column in _columns if column.name not in _UNSEEN),
    _columns.work_order["source_url"].as_string().label("source_url"),
).where(
    _columns.account_id.in_(bindparam("accounts", expanding=True)),
    or_(
        _columns.id.in_(bindparam("ids", expanding=True)),
        _columns.external_id.in_(bindparam("ids", expanding=True)),
    ),
)


def task_rows(
    transaction: Transaction, account_id: str, kind: TaskKind, offset: int, limit: int
) -> list[TaskRow]:
    """Return the account's tasks of a kind, newest first."""
    return list(
        transaction.scalars(
            select(TaskRow)
            .where(TaskRow.account_id == account_id, TaskRow.kind == kind.value)
            .order_by(TaskRow.created_at_ms.desc(), TaskRow.id.desc())
            .offset(offset)
            .limit(limit)
        )
    )


def find_session(transaction: Transaction, account_id: str, session_id: str) -> Session:
    """Return a session of this account, even an expired one; else `NotFoundError`."""
    row = transaction.scalars(
        select(SessionRow).where(SessionRow.id == session_id, SessionRow.account_id == account_id)
    ).first()
    if row is None:
        raise NotFoundError("session", session_id)
    faces = transaction.scalars(select(FaceRow).where(FaceRow.session_id == row.id)).all()
    return session_value(row, list(faces))


def own_video_key(transaction: Transaction, account_id: str, id: str) -> str:
    """Return the object's key of a video of this account: a result, an upload, a session's own.

    Raises
    ------
    BadInputError
        Field ``video_id``: ``unknown_video``, ``expired_video``.
    """
    now = now_ms()
    expired = False
    candidates: list[tuple[Any, Any, Any, Any]] = [
        (TaskRow.result_id, TaskRow.result_key, TaskRow.expires_at_ms, TaskRow.account_id),
        (UploadRow.id, UploadRow.key, UploadRow.expires_at_ms, UploadRow.account_id),
        (
            SessionRow.video_id,
            SessionRow.video_key,
            SessionRow.video_expires_at_ms,
            SessionRow.account_id,
        ),
        (TaskRow.parent_id, TaskRow.parent_key, TaskRow.parent_expires_at_ms, TaskRow.account_id),
    ]
    for column, key, expires, account in candidates:
        found = transaction.execute(
            select(key, expires).where(column == id, account == account_id, key != "")
        ).first()
        if found is not None:
            if found[1] > now:
                return str(found[0])
            expired = True
    if expired:
        raise BadInputError("video_id", "expired_video", f"video {id} is not kept any more")
    raise BadInputError("video_id", "unknown_video", f"there is no video {id}")


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


def task_value(row: TaskRow | Row[Any]) -> Task:
    """Return a task as its owner sees it."""
    source_url = row.order.get("source_url") if isinstance(row, TaskRow) else row.source_url
    result = watermarked = None
    message = row.message
    if row.result_id is not None and row.expires_at_ms <= now_ms():
        message = EXPIRED_MESSAGE
    elif row.result_id is not None and row.result_key is not None:
        length = row.result_duration_ms or 0
        result = StoredVideo(row.result_id, row.result_key, length, row.expires_at_ms)
        if row.watermark_key is not None:
            watermarked = StoredVideo(row.result_id, row.watermark_key, length, row.expires_at_ms)
    return Task(
        id=row.id,
        account_id=row.account_id,
        external_id=row.external_id,
        status=TaskStatus(row.status),
        message=message,
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
        kind=TaskKind(row.kind),
        session_id=row.session_id,
        parent_url=source_url or "",
        watermark=row.watermark,
        watermarked=watermarked,
        callback_url=row.callback_url,
        priority=row.priority,
    )


def delivery_value(row: DeliveryRow) -> Delivery:
    """Return a callback as its owner sees it."""
    return Delivery(
        id=row.id,
        number=row.number,
        url=row.url,
        task_status=TaskStatus(row.task_status),
        status=row.status,
        attempts=row.attempts,
        last_error=row.last_error,
        next_at_ms=row.next_at_ms if row.status == "pending" else None,
        created_at_ms=row.created_at_ms,
        updated_at_ms=row.updated_at_ms,
    )


def upload_value(row: UploadRow) -> Upload:
    """Return an upload as its owner sees it."""
    return Upload(row.id, row.account_id, row.key, row.file_name, row.size_bytes, row.expires_at_ms)
