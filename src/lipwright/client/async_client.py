"""The client for asyncio."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import httpx

from lipwright.client.awaiting import AwaitingRunner
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


class AsyncClient:
    """A lip-sync service: lipwright's own, Kling, or a reseller of it.

    The same as `Client`, whose methods say what they take, give and raise; all are awaited.
    Use it with ``async with``, or `close` it. Tasks of one event loop may share one.
    Callbacks such as ``progress`` are plain functions, called in the event loop; ``sent`` is
    called in a thread.

    Parameters
    ----------
    base_url, key, access_key, secret_key, service, retries
        As `Client` has them.
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
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._flows: Flows = flows_for(base_url, key, access_key, secret_key, service, retries)
        self._own_http = http is None
        self._http = httpx.AsyncClient() if http is None else http
        self._run = AwaitingRunner(self._http).run

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._own_http:
            await self._http.aclose()

    async def upload(
        self, path: str | os.PathLike[str], *, name: str = "", sent: BytesSink | None = None
    ) -> SentFile:
        """Send a local video or sound, at most 100 MB; lipwright only."""
        return await self._run(self._flows.upload(path, name, sent))

    async def identify_face(
        self,
        video: str | os.PathLike[str] = "",
        *,
        video_id: str = "",
        idempotency_key: str = "",
        sent: BytesSink | None = None,
    ) -> Session:
        """Find the faces of a video that can be lip-synced, and when."""
        return await self._run(self._flows.identify_face(video, video_id, idempotency_key, sent))

    async def create(
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
        """Create a task that makes faces say lines."""
        extras = Extras(external_task_id, callback_url, watermark, fit, engine, consent)
        return await self._run(self._flows.create(session, lines, extras, idempotency_key))

    async def query(self, task: Task | str) -> Task:
        """Look a task up, by its id or by its external id."""
        return await self._run(self._flows.query(task))

    async def list_tasks(self, *, page: int = 1, page_size: int = 30) -> list[Task]:
        """Look at the account's tasks, newest first, 1 to 500 a page."""
        return await self._run(self._flows.list_tasks(page, page_size))

    async def wait(
        self,
        task: Task | str,
        *,
        timeout_s: float | None = None,
        progress: TaskSink | None = None,
        poll_s: tuple[float, float] = (1.0, 10.0),
    ) -> Task:
        """Wait until a task has succeeded, and return it with its video."""
        return await self._run(wait(self._flows, task, Patience(timeout_s, *poll_s), progress))

    async def cancel(self, task: Task | str) -> Task:
        """End a task that waits or is worked on; its price is given back. lipwright only."""
        return await self._run(self._flows.cancel(task))

    async def download(
        self,
        source: Task | Video | SentFile | str,
        path: str | os.PathLike[str],
        *,
        progress: BytesSink | None = None,
    ) -> Path:
        """Fetch a task's video, or any file by its URL, and return where it is."""
        return await self._run(download(source, path, self._flows.retries, progress))

    async def dub(
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
        """Do it all: find the face, have it say the sound, wait, and fetch the video."""
        line = Line("", sound, at_ms=at_ms, end_ms=end_ms)
        patience = Patience(timeout_s)
        return await self._run(dub(self._flows, video, line, face, path, patience, progress))

    async def new_callback_secret(self) -> str:
        """Make the secret that signs callbacks from now on; lipwright only, shown once."""
        return await self._run(self._flows.new_callback_secret())
