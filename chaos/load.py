"""Clients that order lip-syncs, steadily, and remember every answer."""

from __future__ import annotations

import base64
import random
import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from chaos.journal import Journal
from chaos.media import SOUND_MS
from chaos.receiver import Receiver

PATIENCE_S = 300.0
"""For how long a client asks again for what got no answer."""

SESSION_S = 600.0
_AT_ONCE = 12
_PREFIX = "/v1/videos"
_AGAIN = {408, 409, 425, 429, 500, 502, 503, 504}


class NoAnswerError(Exception):
    """Nobody answered for as long as the client's patience lasts."""


@dataclass
class Order:
    """One task that a client wanted, and what it was told."""

    tenant: str
    sound: str
    cancel: bool
    key: str
    task_id: str = ""
    refused: str = ""
    unanswered: bool = False
    cancelled: str = ""
    odd: str = ""
    tries: int = 0


class Load:
    """Orders at a rate until stopped.

    Parameters
    ----------
    urls
        Of the APIs; a client that gets no answer from one asks another.
    keys
        API key of each tenant.
    per_minute
        How many tasks.
    """

    def __init__(
        self,
        urls: list[str],
        keys: dict[str, str],
        receiver: Receiver,
        clip: Path,
        per_minute: float,
        chance: random.Random,
        journal: Journal,
    ) -> None:
        self._urls = urls
        self._keys = keys
        self._receiver = receiver
        self._clip = clip
        self._pause_s = 60.0 / per_minute
        self._chance = chance
        self._journal = journal
        self._client = httpx.Client(timeout=60, trust_env=False)
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="client")
        self._jobs: list[Future[None]] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._sessions: dict[str, tuple[float, dict[str, Any]]] = {}
        self._session_locks = {tenant: threading.Lock() for tenant in keys}
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self.orders: list[Order] = []

    def start(self) -> None:
        """Begin to order."""
        self._thread.start()

    def stop(self) -> None:
        """Order no more; returns when every client has its answer or has given up."""
        self._stop.set()
        self._thread.join()
        self._pool.shutdown(wait=True)
        for job in self._jobs:
            job.result()

    def _run(self) -> None:
        while not self._stop.is_set():
            self.order()
            self._stop.wait(self._pause_s * self._chance.uniform(0.5, 1.5))

    def order(self, sound: str = "") -> None:
        """Send one order, in a thread of its own."""
        with self._lock:
            if self._stop.is_set() or sum(not job.done() for job in self._jobs) >= _AT_ONCE:
                return
            chance = self._chance
            kinds = ["inline", "fast", "slow", "upload", "bad-slow", "bad-fast"]
            order = Order(
                chance.choice(list(self._keys)),
                sound or chance.choices(kinds, [4, 3, 2, 3, 1.2, 0.8])[0],
                chance.random() < 0.12,
                uuid.UUID(int=chance.getrandbits(128)).hex,
            )
            self.orders.append(order)
            self._jobs.append(self._pool.submit(self._carry_out, order, chance.uniform(0, 4)))

    def _carry_out(self, order: Order, before_cancel_s: float) -> None:
        try:
            body = self.body(order.tenant, order.sound)
            answer = self.ask(order.tenant, "POST", f"{_PREFIX}/advanced-lip-sync", order, body)
            if answer.status_code != 200:
                order.refused = answer.json()["message"]
                if answer.status_code != 400:
                    order.odd = f"creating was answered with {_told(answer)}"
                return
            order.task_id = answer.json()["data"]["task_id"]
            if order.cancel:
                self._stop.wait(before_cancel_s)
                path = f"/v1/lipwright/tasks/{order.task_id}/cancel"
                answer = self.ask(order.tenant, "POST", path)
                if answer.status_code == 200:
                    order.cancelled = answer.json()["data"]["status"]
                elif answer.json().get("reason") != "finished":
                    order.odd = f"cancelling was answered with {_told(answer)}"
        except NoAnswerError:
            order.unanswered = True
            self._journal.note("unanswered", f"a client of {order.tenant} gave up")
        except httpx.HTTPStatusError as error:
            order.odd = f"{error.request.url.path} was answered with {_told(error.response)}"

    def answers(self, url: str) -> bool:
        """Whether an API is ready."""
        try:
            return self._client.get(f"{url}/readyz").is_success
        except httpx.TransportError:
            return False

    def body(self, tenant: str, sound_kind: str) -> dict[str, Any]:
        """Return an order as it is sent; its video is identified before, its sound uploaded."""
        found = self._session(tenant)
        name = "bad.wav" if sound_kind.startswith("bad") else "good.wav"
        if sound_kind == "inline":
            sound = base64.b64encode(self._receiver.sounds[name]).decode()
        elif sound_kind == "upload":
            sound = self._upload(tenant, name, self._receiver.sounds[name])
        else:
            sound = f"{self._receiver.url}/{sound_kind.removeprefix('bad-')}/{name}"
        choice = {
            "face_id": found["face_data"][0]["face_id"],
            "sound_file": sound,
            "sound_start_time": 0,
            "sound_end_time": SOUND_MS,
            "sound_insert_time": 0,
        }
        return {
            "session_id": found["session_id"],
            "face_choose": [choice],
            "callback_url": f"{self._receiver.url}/callbacks/{tenant}",
        }

    def _session(self, tenant: str) -> dict[str, Any]:
        """Identify the clip, anew from time to time."""
        with self._session_locks[tenant]:
            made_at, found = self._sessions.get(tenant, (-SESSION_S, {}))
            if time.monotonic() - made_at > SESSION_S:
                url = self._upload(tenant, "clip.mp4", self._clip.read_bytes())
                path = f"{_PREFIX}/identify-face"
                answer = self.ask(tenant, "POST", path, None, {"video_url": url})
                answer.raise_for_status()
                found = answer.json()["data"]
                self._sessions[tenant] = (time.monotonic(), found)
            return found

    def _upload(self, tenant: str, name: str, content: bytes) -> str:
        answer = self.ask(tenant, "POST", "/v1/files", files={"file": (name, content)})
        answer.raise_for_status()
        url: str = answer.json()["data"]["url"]
        return url

    def ask(
        self,
        tenant: str,
        method: str,
        path: str,
        order: Order | None = None,
        body: dict[str, Any] | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Ask one API after the other until there is an answer that counts.

        Raises
        ------
        NoAnswerError
            There was none for `PATIENCE_S`.
        """
        headers = {"Authorization": f"Bearer {self._keys[tenant]}"}
        if order is not None:
            headers["Idempotency-Key"] = order.key
        deadline = time.monotonic() + PATIENCE_S
        start = self._chance.randrange(len(self._urls))
        for turn in range(1_000_000):
            if order is not None:
                order.tries += 1
            url = self._urls[(start + turn) % len(self._urls)] + path
            try:
                answer = self._client.request(method, url, headers=headers, json=body, **more)
                if answer.status_code not in _AGAIN:
                    return answer
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                break
            time.sleep(min(2.0, 0.2 * (turn + 1)))
        raise NoAnswerError

    def download(self, url: str) -> bytes:
        """Fetch what a signed link gives, from any API: the one that is named may be away."""
        path = "/" + url.split("/", 3)[3]
        for turn in range(len(self._urls) * 20):
            try:
                answer = self._client.get(self._urls[turn % len(self._urls)] + path)
                if answer.is_success:
                    return answer.content
            except httpx.TransportError:
                pass
            time.sleep(0.5)
        raise NoAnswerError

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _told(answer: httpx.Response) -> str:
    return f"HTTP {answer.status_code}: {answer.text[:200]}"
