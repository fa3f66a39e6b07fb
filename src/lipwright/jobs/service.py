"""The neutral core behind the HTTP API: identify a video, create a task, look it up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from lipwright.jobs.values import Health, LineRequest, Session, Task, Upload
from lipwright.settings import Settings


@dataclass(frozen=True)
class OpenedFile:
    """A file of ours that a link opened.

    Attributes
    ----------
    key
        The object's key.
    size
        Length in bytes.
    media_type
        MIME type by the key's suffix, ``application/octet-stream`` if unknown.
    etag
        Quoted entity tag; an object never changes under its key.
    """

    key: str
    size: int
    media_type: str
    etag: str

    def stream(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to, not including, ``end`` in pieces."""
        raise NotImplementedError


class LipsyncService:
    """All that the service does for an account, free of HTTP.

    Thread-safe. The methods block (up to a minute for `identify`), so an async caller runs them
    in worker threads. Renders happen in a worker (`lipwright.jobs.worker`), never here.

    Parameters
    ----------
    settings
        Where the database, the files and the limits are.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def start(self) -> None:
        """Open (and migrate) the database and the object store; runs no worker."""
        raise NotImplementedError

    def close(self) -> None:
        """Give back everything `start` opened; running identifications are killed."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def health(self) -> Health:
        """Ask the database how many workers live and how many tasks wait.

        Raises
        ------
        Exception
            Whatever the database says when it cannot be reached.
        """
        raise NotImplementedError

    def keys_exist(self) -> bool:
        """Whether any API key, revoked or not, was ever created: then callers must show one."""
        raise NotImplementedError

    def find_account(self, secret: str) -> str | None:
        """Return the account of an API key's secret, or None if it is unknown or revoked."""
        raise NotImplementedError

    def identify(self, account_id: str, video: str | Path) -> Session:
        """Find the faces of a video that can be lip-synced.

        Parameters
        ----------
        account_id
            Whose session it becomes.
        video
            An http(s) URL, a link to one of our own files, or a file on this machine (which is
            copied and left alone).

        Raises
        ------
        BadInputError
            Field ``video``: cannot be fetched, not a usable video, outside `API_LIMITS`.
        FailedError
            Identifying ran out of time or memory, or crashed.
        """
        raise NotImplementedError

    def create(
        self,
        account_id: str,
        session_id: str,
        lines: Sequence[LineRequest],
        *,
        external_id: str | None = None,
    ) -> Task:
        """Check the lines, accept the task and charge for it, all or nothing.

        Returns once the task is durable. Takes at most about ``settings.fetch_wait_s``: a sound
        whose source is slower is fetched by the worker, and its faults show in the task.

        Raises
        ------
        BadInputError
            Fields ``session`` (``unknown_session``, ``expired_session``), ``lines`` (``empty``),
            ``face`` (``unknown_face``, ``duplicate_face``), ``speech`` (not Base64, unreachable,
            wrong format, too large, …), ``speech_start``, ``speech_end``, ``insert``,
            ``speech_volume``, ``original_volume``, ``external_task_id`` (``duplicate``); with
            ``index`` set to the line's position where one is at fault.
        """
        raise NotImplementedError

    def find_task(self, account_id: str, id: str) -> Task:
        """Return a task by its id or by its caller's own external id.

        Raises
        ------
        NotFoundError
            The account has no such task, or it has expired.
        """
        raise NotImplementedError

    def upload(self, account_id: str, file_name: str, path: Path) -> Upload:
        """Keep a caller's file for later use as a video or a sound.

        Parameters
        ----------
        account_id
            Whose file it is.
        file_name
            The caller's name for it; only its suffix and its readable part are used.
        path
            The bytes, on this machine; copied and left alone.
        """
        raise NotImplementedError

    def link(self, key: str, expires_at_ms: int, name: str | None = None) -> str:
        """Return the path of a signed link to an object: ``/v1/files/{token}/{name}``.

        Parameters
        ----------
        key
            The object's key.
        expires_at_ms
            When the link stops working, Unix time in ms. Equal arguments give equal links.
        name
            File name at the end of the path; by default the key's last part.
        """
        raise NotImplementedError

    def open_file(self, token: str) -> OpenedFile:
        """Open the file that a link's token stands for.

        Raises
        ------
        NotFoundError
            The token is forged or expired, or the file is gone.
        """
        raise NotImplementedError
