"""The client that blocks until it has its answer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx

from lipwright.client.blocking import BlockingRunner
from lipwright.client.downloading import download
from lipwright.client.dubbing import dub
from lipwright.client.flows import Flows
from lipwright.client.offers import Service
from lipwright.client.orders import Extras
from lipwright.client.retrying import Retries
from lipwright.client.setup import flows_for
from lipwright.client.values import (
    BytesSink,
    Face,
    Line,
    SentFile,
    Session,
    Task,
    TaskSink,
    Video,
)
from lipwright.client.waiting import Patience, wait


class Client:
    """A lip-sync service: lipwright's own, Kling, or a reseller of it.

    Use it as a context manager, or `close` it. Threads may share one.

    Parameters
    ----------
    base_url
        Where the service is, with the prefix that its operations have, such as
        ``http://127.0.0.1:8000`` or ``https://api.302.ai/klingai``.
    key
        API key; leave it out for a service that wants none.
    access_key, secret_key
        In place of a key: the pair with which Kling's tokens are signed.
    service
        ``lipwright`` or ``kling``; ``auto`` asks the service once, when that first matters.
    retries
        How often a request is sent again, where that is safe.
    http
        An httpx client of your own, for proxies or certificates; you close it.

    Raises
    ------
    UnusableError
        The base URL or the keys cannot be used.
    """

    def __init__(
        self,
        base_url: str,
        key: str = "",
        *,
        access_key: str = "",
        secret_key: str = "",
        service: Service = "auto",
        retries: Retries | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self._flows: Flows = flows_for(base_url, key, access_key, secret_key, service, retries)
        self._own_http = http is None
        self._http = httpx.Client() if http is None else http
        self._run = BlockingRunner(self._http).run

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._own_http:
            self._http.close()

    def upload(
        self, path: str | os.PathLike[str], *, name: str = "", sent: BytesSink | None = None
    ) -> SentFile:
        """Send a local video or sound, at most 100 MB; lipwright only.

        Parameters
        ----------
        name
            What the file is called there; by default as here.
        sent
            Told how many bytes of how many have gone.

        Raises
        ------
        NotOfferedError
            The service takes URLs only.
        ClientError
            As everywhere: `ApiError` and its subclasses if the service refuses,
            `ConnectionFailedError` if no answer came, `UnusableError` if an argument is wrong.
        """
        return self._run(self._flows.upload(path, name, sent))

    def identify_face(
        self,
        video: str | os.PathLike[str] = "",
        *,
        video_id: str = "",
        idempotency_key: str = "",
        sent: BytesSink | None = None,
    ) -> Session:
        """Find the faces of a video that can be lip-synced, and when.

        Parameters
        ----------
        video
            URL, or a local file, which is uploaded where the service takes files.
        video_id
            Instead: the id of a video that is there already.
        idempotency_key
            Yours, to send the same request again after a crash of your own; lipwright only. It
            goes with one URL, so upload a local file yourself and once.
        sent
            Told how much of a local file has gone.
        """
        return self._run(self._flows.identify_face(video, video_id, idempotency_key, sent))

    def create(
        self,
        session: Session | str,
        lines: Line | Sequence[Line],
        *,
        external_task_id: str = "",
        callback_url: str = "",
        watermark: bool = False,
        fit: str = "",
        engine: str = "",
        consent: bool = False,
        idempotency_key: str = "",
    ) -> Task:
        """Create a task that makes faces say lines.

        Parameters
        ----------
        session
            From `identify_face`, or its id.
        lines
            One, or several for one face or several. Local sounds are sent along.
        external_task_id
            An id of yours, unique; tasks can be looked up by it.
        callback_url
            Is told of every change of the task's status.
        watermark
            Whether a copy with a visible mark is wanted, too.
        fit, engine, consent
            lipwright's own: what happens to sounds that do not fit, which engine renders, and
            your word that the people shown agree.
        idempotency_key
            As in `identify_face`.
        """
        extras = Extras(external_task_id, callback_url, watermark, fit, engine, consent)
        return self._run(self._flows.create(session, lines, extras, idempotency_key))

    def query(self, task: Task | str) -> Task:
        """Look a task up, by its id or by its external id."""
        return self._run(self._flows.query(task))

    def list_tasks(self, *, page: int = 1, page_size: int = 30) -> list[Task]:
        """Look at the account's tasks, newest first, 1 to 500 a page."""
        return self._run(self._flows.list_tasks(page, page_size))

    def wait(
        self,
        task: Task | str,
        *,
        timeout_s: float | None = None,
        progress: TaskSink | None = None,
        poll_s: tuple[float, float] = (1.0, 10.0),
    ) -> Task:
        """Wait until a task has succeeded, and return it with its video.

        Parameters
        ----------
        timeout_s
            Longest wait; None for as long as it takes.
        progress
            Told of the task whenever something about it has changed.
        poll_s
            First and longest pause between two questions, where a service sends no events.

        Raises
        ------
        TaskFailedError
            It has failed, or, as a `TaskCancelledError`, was cancelled.
        WaitTimeoutError
            It goes on.
        """
        return self._run(wait(self._flows, task, Patience(timeout_s, *poll_s), progress))

    def cancel(self, task: Task | str) -> Task:
        """End a task that waits or is worked on; its price is given back. lipwright only.

        Raises
        ------
        RefusedError
            It has succeeded or failed already.
        """
        return self._run(self._flows.cancel(task))

    def download(
        self,
        source: Task | Video | SentFile | str,
        path: str | os.PathLike[str],
        *,
        progress: BytesSink | None = None,
    ) -> Path:
        """Fetch a task's video, or any file by its URL, and return where it is.

        Parameters
        ----------
        path
            File, which is replaced once all is there; or folder.
        progress
            Told how many bytes of how many have come.
        """
        return self._run(download(source, path, self._flows.retries, progress))

    def dub(
        self,
        video: str | os.PathLike[str],
        sound: str | os.PathLike[str] | bytes,
        path: str | os.PathLike[str],
        *,
        face: Face | str | int | None = None,
        at_ms: int | None = None,
        end_ms: int | None = None,
        timeout_s: float | None = None,
        progress: TaskSink | None = None,
    ) -> Path:
        """Do it all: find the face, have it say the sound, wait, and fetch the video.

        Parameters
        ----------
        face
            Which says it; by default the one that is there longest.
        at_ms, end_ms
            As in `Line`.
        """
        line = Line("", sound, at_ms=at_ms, end_ms=end_ms)
        patience = Patience(timeout_s)
        return self._run(dub(self._flows, video, line, face, path, patience, progress))

    def new_callback_secret(self) -> str:
        """Make the secret that signs callbacks from now on; lipwright only, shown once."""
        return self._run(self._flows.new_callback_secret())
