"""What the jobs room takes and gives: neutral values, no HTTP shapes, no database rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lipwright.errors import LipwrightError

DEFAULT_ACCOUNT = "default"
"""The account of every caller while no key exists."""


class NotFoundError(LipwrightError):
    """This account has no such thing; another account's thing is answered in the same way.

    Parameters
    ----------
    kind
        What was looked for: ``task`` or ``file``.
    id
        The id as asked for.
    """

    def __init__(self, kind: str, id: str) -> None:
        super().__init__(f"{kind} not found: {id}")
        self.kind = kind
        self.id = id


class TaskStatus(StrEnum):
    """Life of a task: submitted -> processing -> succeed | failed | cancelled."""

    SUBMITTED = "submitted"
    PROCESSING = "processing"
    SUCCEED = "succeed"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL = (TaskStatus.SUCCEED.value, TaskStatus.FAILED.value, TaskStatus.CANCELLED.value)
"""The statuses that a task never leaves."""


class TaskKind(StrEnum):
    """Which operation made a task."""

    ADVANCED = "advanced"
    LEGACY = "legacy"


@dataclass(frozen=True)
class StoredVideo:
    """A video or result in the object store; ``key`` is the object's key, never a URL.

    ``expires_at_ms`` is the Unix time in ms at which it is removed.
    """

    id: str
    key: str
    duration_ms: int
    expires_at_ms: int = 0


@dataclass(frozen=True)
class SessionFace:
    """One face of a session; ``image_key`` is the portrait's object key."""

    face_id: str
    start_ms: int
    end_ms: int
    image_key: str


@dataclass(frozen=True)
class Session:
    """A video that was identified; lives 24 hours."""

    id: str
    account_id: str
    video: StoredVideo
    faces: tuple[SessionFace, ...]
    created_at_ms: int
    expires_at_ms: int
    price_micro_ptc: int = 0


@dataclass(frozen=True)
class LineRequest:
    """One line as asked for; ``sound`` is a URL, raw Base64 or a data URI."""

    face_id: str
    sound: str
    sound_start_ms: int
    sound_end_ms: int
    insert_ms: int
    speech_volume: float = 1.0
    original_volume: float = 1.0


@dataclass(frozen=True)
class Task:
    """A lip-sync task as its owner sees it. Times are Unix ms."""

    id: str
    account_id: str
    external_id: str | None
    status: TaskStatus
    message: str
    stage: str
    progress: float
    parent: StoredVideo
    result: StoredVideo | None
    warnings: tuple[str, ...]
    created_at_ms: int
    updated_at_ms: int
    price_micro_ptc: int = 0


@dataclass(frozen=True)
class Upload:
    """A file that a caller sent; lives as long as a result. ``key`` is the object's key."""

    id: str
    account_id: str
    key: str
    file_name: str
    size_bytes: int
    expires_at_ms: int


@dataclass(frozen=True)
class Health:
    """Whether work that is accepted now will be done: live workers and waiting tasks."""

    workers: int
    waiting: int
