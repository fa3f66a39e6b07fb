"""What the client takes and gives: immutable values. Times and lengths are integer ms."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Status(StrEnum):
    """Where a task is; a service that knows no cancelling calls such a task failed."""

    SUBMITTED = "submitted"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Face:
    """One face through one stretch of a video.

    Attributes
    ----------
    face_id
        Valid within its session.
    image_url
        A picture of the face; may be empty.
    start_ms, end_ms
        When it can be lip-synced, on the video's clock.
    """

    face_id: str
    image_url: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class Session:
    """The faces of one video; valid for 24 hours.

    Attributes
    ----------
    id
        What `create` wants.
    faces
        In order of appearance; there may be none.
    charged
        Units that were taken, None if the service does not say.
    """

    id: str
    faces: tuple[Face, ...]
    charged: Decimal | None = None


@dataclass(frozen=True)
class Line:
    """One line of speech for one face.

    Attributes
    ----------
    face
        Of the session, or its id.
    sound
        URL, local file, or the bytes of an mp3, wav, m4a or aac.
    at_ms
        Where the line begins on the video's clock; by default where the face does.
    start_ms, end_ms
        The part of the sound that is used, on its own clock. Without an end it is as much as
        fits; services other than lipwright need the end of anything but a local wav.
    volume, original_volume
        Factors from 0 to 2 on the sound and on the video's own.
    fit
        ``strict``, ``trim``, ``pad`` or ``loop_video``; lipwright only.
    transcript
        What is said, in English; sharpens the lips; lipwright only.
    """

    face: Face | str | int
    sound: str | os.PathLike[str] | bytes
    at_ms: int | None = None
    start_ms: int = 0
    end_ms: int | None = None
    volume: float = 1.0
    original_volume: float = 1.0
    fit: str = ""
    transcript: str = ""


@dataclass(frozen=True)
class Video:
    """A video that the service keeps.

    Attributes
    ----------
    url
        Needs no key; stops working when the video expires.
    watermark_url
        The copy with a visible mark, empty if none was wanted.
    expires_at_ms
        Unix time, None if the service does not say.
    """

    id: str
    url: str
    duration_ms: int
    watermark_url: str = ""
    expires_at_ms: int | None = None


@dataclass(frozen=True)
class Task:
    """A task as the service last showed it.

    Attributes
    ----------
    message
        Why it failed or was cancelled.
    progress
        0 to 100; only lipwright says more than 0 and 100.
    queue_position, eta_s
        None where nothing is known.
    source
        The video it was made from.
    videos
        What it made; empty before it has succeeded, and after the result has expired.
    charged
        Units that were taken, None if the service does not say.
    created_at_ms, updated_at_ms
        Unix time.
    """

    id: str
    status: Status
    external_id: str = ""
    message: str = ""
    progress: int = 0
    stage: str = ""
    queue_position: int | None = None
    eta_s: int | None = None
    warnings: tuple[str, ...] = ()
    source: Video | None = None
    videos: tuple[Video, ...] = ()
    charged: Decimal | None = None
    created_at_ms: int = 0
    updated_at_ms: int = 0

    @property
    def ended(self) -> bool:
        """Whether nothing about it will change any more."""
        return self.status in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


@dataclass(frozen=True)
class SentFile:
    """A local file that the service now keeps.

    Attributes
    ----------
    id
        Accepted as ``video_id``.
    url
        Accepted wherever a URL is.
    expires_at_ms
        Unix time.
    """

    id: str
    url: str
    name: str
    size: int
    expires_at_ms: int


@dataclass(frozen=True)
class Callback:
    """A callback that was signed with the secret.

    Attributes
    ----------
    id
        Of the message; the same message may come more than once.
    sent_at_s
        Unix time.
    task
        As the message shows it.
    """

    id: str
    sent_at_s: int
    task: Task


TaskSink = Callable[[Task], None]
"""Is told of a task whenever something about it has changed."""

BytesSink = Callable[[int, int], None]
"""Is told how many bytes of how many have moved; the total is 0 where nobody knows it."""
