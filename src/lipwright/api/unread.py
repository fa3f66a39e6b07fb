"""Let a refused caller finish speaking, so that the refusal reaches him.

When a server answers and closes while the caller still sends, the caller's machine often throws
the answer away (TCP resets the connection because of the unread bytes). So a refusal that comes
before the body's end is sent at once, and the rest of the body is read and dropped, up to a point.
"""

from __future__ import annotations

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_DROPPED_BYTES = 64_000_000
MAX_DROPPING_S = 5.0


class DropUnreadBody:
    """After an early answer, read what is left of the request's body before hanging up."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, then drop what nobody read."""
        if scope["type"] != "http" or not _has_body(scope):
            await self.app(scope, receive, send)
            return
        # A caller who waits for "100 Continue" has sent nothing yet that could be lost.
        waits = Headers(scope=scope).get("expect", "").lower() == "100-continue"
        done = False

        async def watched_receive() -> Message:
            nonlocal done, waits
            waits = False
            message = await receive()
            done = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def drop() -> None:
            dropped = 0
            with anyio.move_on_after(MAX_DROPPING_S):
                while not done and dropped < MAX_DROPPED_BYTES:
                    dropped += len((await watched_receive()).get("body", b""))

        async def delayed_send(message: Message) -> None:
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if last and not done and not waits:
                await send({**message, "more_body": True})
                await drop()
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await send(message)

        await self.app(scope, watched_receive, delayed_send)


def _has_body(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
