"""The callers' own web server: gives sounds, slowly if asked to, and takes callbacks."""

from __future__ import annotations

import http.server
import json
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from lipwright.store.webhooks import signature

SLOW_S = 2.5
FLAKINESS = 0.1
"""Which share of the callbacks is answered with an error although it was heard."""


@dataclass
class Heard:
    """What was said of a task: its statuses in the order of arrival, each as often as it came."""

    statuses: list[str] = field(default_factory=list)
    bad_signatures: int = 0


class Receiver:
    """Serves on loopback until closed; one secret for each account."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self.secrets: dict[str, str] = {}
        self.sounds: dict[str, bytes] = {}
        self.heard: dict[str, Heard] = defaultdict(Heard)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                receiver.give(self)

            def do_POST(self) -> None:
                receiver.take(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,))
        self._thread.start()

    def give(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Answer ``/slow/NAME`` or ``/fast/NAME`` with a sound."""
        _, pace, name = request.path.split("/", 2)
        if pace == "slow":
            time.sleep(SLOW_S)
        self._answer(request, 200, self.sounds[name])

    def take(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Take ``/callbacks/ACCOUNT``; now and then pretend that it did not arrive."""
        body = request.rfile.read(int(request.headers["Content-Length"]))
        account = request.path.rsplit("/", 1)[1]
        told = json.loads(body)
        headers = request.headers
        secret = self.secrets[account]
        right = signature(
            secret, headers["webhook-id"], int(headers["webhook-timestamp"] or 0), body
        )
        with self._lock:
            heard = self.heard[told["task_id"]]
            if right not in (headers["webhook-signature"] or "").split():
                heard.bad_signatures += 1
            heard.statuses.append(told["task_status"])
            flaky = self._chance.random() < FLAKINESS
        self._answer(request, 500 if flaky else 200, b"")

    def _answer(
        self, request: http.server.BaseHTTPRequestHandler, status: int, body: bytes
    ) -> None:
        try:
            request.send_response(status)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            request.close_connection = True

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
