"""A service that answers as a script says, over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Seen:
    """A request that the service got; its headers' names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ScriptedService:
    """Answers with one reply after the other; the last goes on for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.script: list[Reply] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                service.seen.append(Seen(self.command, self.path, headers, body))
                script = service.script
                (script.pop(0) if len(script) > 1 else script[0])(self)

            do_GET = do_POST = _answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def says(status: int, body: bytes = b"", length: int | None = None, **headers: str) -> Reply:
    """Answer with a body; ``length`` is what it claims to be long."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    """Take the request and answer nothing."""
    handler.close_connection = True
