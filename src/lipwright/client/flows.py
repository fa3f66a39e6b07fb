"""What the client does, step by step, written once for the sync and the async client."""

from __future__ import annotations

import functools
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lipwright.client.answers import data_of
from lipwright.client.credentials import Credentials
from lipwright.client.errors import NotOfferedError, UnusableError
from lipwright.client.offers import Address, Service, service_that_says
from lipwright.client.orders import (
    MOST_INLINE_BYTES,
    Extras,
    Sound,
    choice_of,
    existing,
    is_url,
    lines_of,
    read_sound,
)
from lipwright.client.parsing import file_from, own_task_from, session_from, task_from
from lipwright.client.retrying import Retries, send
from lipwright.client.steps import Answer, Call, Flow, Work
from lipwright.client.values import BytesSink, Line, SentFile, Session, Task

IDENTIFY_S = 120.0
"""Longest silence while faces are looked for: the whole video is read first."""


class Flows:
    """The operations of one service.

    Parameters
    ----------
    address, credentials
        Where it is and who asks.
    retries
        How often a request is sent again.
    service
        Which it is; ``auto`` asks it once, when that first matters.
    """

    def __init__(
        self, address: Address, credentials: Credentials, retries: Retries, service: Service
    ) -> None:
        self.address = address
        self.retries = retries
        self._credentials = credentials
        self._service = service

    def headers(self) -> dict[str, str]:
        """Return what every request to the service carries."""
        headers = {"Accept": "application/json", "User-Agent": "lipwright-client"}
        if authorization := self._credentials.header():
            headers["Authorization"] = authorization
        return headers

    def is_lipwright(self) -> Flow[bool]:
        """Say whether the service is lipwright's own server."""
        if self._service == "auto":
            # Without the key: what is at this path of another service is not known.
            call = Call("GET", self.address.own("healthz"), read_s=20)
            answer = yield from send(call, self.retries, repeatable=True)
            self._service = service_that_says(answer)
        return self._service == "lipwright"

    def upload(
        self, path: str | os.PathLike[str], name: str = "", sent: BytesSink | None = None
    ) -> Flow[SentFile]:
        """Send a local file."""
        yield from self._need_lipwright("takes no files, only URLs")
        file: Path = yield Work(functools.partial(existing, path))
        call = Call(
            "POST",
            self.address.own(f"v1/files?file_name={quote(name or file.name)}"),
            {**self.headers(), "Content-Type": "application/octet-stream"},
            file=file,
            file_size=file.stat().st_size,
            sent=sent,
        )
        answer = yield from send(call, self.retries, repeatable=False)
        return file_from(data_of(answer))

    def identify_face(
        self,
        video: str | os.PathLike[str],
        video_id: str = "",
        idempotency_key: str = "",
        sent: BytesSink | None = None,
    ) -> Flow[Session]:
        """Find the faces of a video."""
        if bool(video) == bool(video_id):
            raise UnusableError("give either a video or a video_id")
        body = {"video_id": video_id}
        if video:
            url = str(video)
            if not is_url(video):
                url = (yield from self.upload(video, sent=sent)).url
            body = {"video_url": url}
        data = yield from self._post("identify-face", body, idempotency_key, IDENTIFY_S)
        return session_from(data)

    def create(
        self,
        session: Session | str,
        lines: Line | Sequence[Line],
        extras: Extras,
        idempotency_key: str = "",
    ) -> Flow[Task]:
        """Create a task."""
        lipwright = yield from self.is_lipwright()
        if not lipwright and (extras.fit or extras.engine or extras.consent):
            raise NotOfferedError("only lipwright's own server knows fit, engine and consent")
        choices = []
        inline = 0
        for line in lines_of(lines):
            sound: Sound = yield Work(functools.partial(read_sound, line.sound))
            inline += len(sound.content)
            if lipwright and inline > MOST_INLINE_BYTES and sound.path is not None:
                inline -= len(sound.content)
                kept = yield from self.upload(sound.path)
                sound = Sound(url=kept.url, duration_ms=sound.duration_ms)
            choices.append(choice_of(line, sound, lipwright=lipwright, fit=extras.fit))
        body = {
            "session_id": session.id if isinstance(session, Session) else str(session),
            "face_choose": choices,
            **extras.fields(),
        }
        data = yield from self._post("advanced-lip-sync", body, idempotency_key)
        return task_from(data)

    def query(self, task: Task | str) -> Flow[Task]:
        """Look a task up."""
        url = self.address.videos(f"advanced-lip-sync/{self.id_of(task)}")
        return task_from((yield from self._get(url)))

    def list_tasks(self, page: int, page_size: int) -> Flow[list[Task]]:
        """Look at the account's tasks."""
        url = self.address.videos(f"advanced-lip-sync?pageNum={page:d}&pageSize={page_size:d}")
        data = yield from self._get(url)
        return [task_from(one) for one in data] if isinstance(data, list) else []

    def cancel(self, task: Task | str) -> Flow[Task]:
        """End a task."""
        yield from self._need_lipwright("cannot cancel tasks")
        url = self.address.own(f"v1/lipwright/tasks/{self.id_of(task)}/cancel")
        # Doing it twice is doing it once, so it may be sent again.
        answer = yield from send(Call("POST", url, self.headers()), self.retries, repeatable=True)
        return own_task_from(data_of(answer))

    def new_callback_secret(self) -> Flow[str]:
        """Make a secret that signs callbacks."""
        yield from self._need_lipwright("gives out its secrets elsewhere")
        call = Call("POST", self.address.own("v1/lipwright/webhook-secret"), self.headers())
        data = data_of((yield from send(call, self.retries, repeatable=False)))
        return str(data["secret"])

    def id_of(self, task: Task | str) -> str:
        """Return a task's id as it stands in a path; raises `UnusableError` if it is empty."""
        id = task.id if isinstance(task, Task) else task
        if not id or id in (".", ".."):
            raise UnusableError("a task's id must not be empty")
        return quote(id, safe="")

    def _need_lipwright(self, lack: str) -> Flow[None]:
        if not (yield from self.is_lipwright()):
            raise NotOfferedError(f"this service {lack}; lipwright's own server does")

    def _get(self, url: str) -> Flow[Any]:
        answer = yield from send(Call("GET", url, self.headers()), self.retries, repeatable=True)
        return data_of(answer)

    def _post(
        self, operation: str, body: Mapping[str, Any], idempotency_key: str, read_s: float = 60.0
    ) -> Flow[Any]:
        if len(idempotency_key) > 255 or not (
            idempotency_key.isascii() and idempotency_key.isprintable()
        ):
            raise UnusableError("an idempotency key has 1 to 255 printable ASCII characters")
        lipwright = yield from self.is_lipwright()
        headers = {**self.headers(), "Content-Type": "application/json"}
        if lipwright:
            headers["Idempotency-Key"] = idempotency_key or secrets.token_hex(16)
        elif idempotency_key:
            raise NotOfferedError("this service knows no idempotency keys")
        call = Call(
            "POST",
            self.address.videos(operation),
            headers,
            content=json.dumps(body).encode(),
            read_s=read_s,
        )
        answer: Answer = yield from send(call, self.retries, repeatable=lipwright)
        return data_of(answer)
