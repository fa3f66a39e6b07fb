"""What the jobs room takes and gives: neutral values, no HTTP shapes, no database rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lipwright.dubbing.types import Fit, Identification
from lipwright.errors import LipwrightError
from lipwright.speech.synthesis import SpeechText
from lipwright.store.idempotency import Claim

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
class IdentifiedSession:
    """A session with all that was found in its video: its faces' places, too."""

    session: Session
    identification: Identification


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
    fit: Fit = Fit.STRICT
    transcript: str = ""


@dataclass(frozen=True)
class OwnVideo:
    """A video that the service already has: a result, a session's video or an uploaded one."""

    id: str


@dataclass(frozen=True)
class LegacyRequest:
    """One sound for whoever is largest in a video that nobody has identified yet.

    Attributes
    ----------
    video
        An http(s) URL, a link to one of our own files, or a video of ours.
    sound
        A URL, raw Base64 or a data URI.
    text
        To be said by a text-to-speech engine, in place of the sound.
    """

    video: str | OwnVideo
    sound: str
    text: SpeechText | None = None


@dataclass(frozen=True)
class Callback:
    """Who is to be told of a task's changes.

    Attributes
    ----------
    url
        Where to.
    base
        How links to our files begin: scheme and host under which the caller reached us.
    writer
        ``module:name`` of the `lipwright.jobs.outbox.CallbackWriter` that knows the caller's
        dialect.
    """

    url: str
    base: str
    writer: str


@dataclass(frozen=True)
class TaskOptions:
    """What may be said of a task beside its lines.

    Attributes
    ----------
    engine
        Name under which the rendering engine is registered; empty: the default.
    watermark
        Whether a watermarked copy of the result is made, too.
    callback
        Who is told of each change of status.
    claim
        The idempotency key whose work the task is.
    consent
        The caller's word that the person shown agrees.
    priority
        ``low``, ``normal``, ``high``; empty: the account's own.
    """

    engine: str = ""
    watermark: bool = False
    callback: Callback | None = None
    claim: Claim | None = None
    consent: bool = False
    priority: str = ""


@dataclass(frozen=True)
class Task:
    """A lip-sync task as its owner sees it. Times are Unix ms.

    ``parent_url`` is where the parent video comes from while it is not fetched yet (its key is
    empty until then). ``queue_position`` counts from 1 and is None once the work has begun;
    ``eta_s`` is None where nothing is known.
    """

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
    kind: TaskKind = TaskKind.ADVANCED
    session_id: str = ""
    parent_url: str = ""
    watermark: bool = False
    watermarked: StoredVideo | None = None
    callback_url: str | None = None
    priority: int = 0
    queue_position: int | None = None
    eta_s: float | None = None


@dataclass(frozen=True)
class Delivery:
    """One callback of a task: what it tells, and whether it has arrived. Times are Unix ms."""

    id: str
    number: int
    url: str
    task_status: TaskStatus
    status: str
    attempts: int
    last_error: str
    next_at_ms: int | None
    created_at_ms: int
    updated_at_ms: int


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
