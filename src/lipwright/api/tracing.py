"""A span for each request, where traces are made: its route and status, never its URL."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lipwright.api.envelope import request_id
from lipwright.jobs import spans

_WATCHERS = frozenset({"/healthz", "/livez", "/readyz", "/metrics"})
"""Asked every few seconds by machines; nobody wants them among the traces."""


class RequestSpans:
    """Trace requests; a caller's ``traceparent`` makes them part of the caller's own trace."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or not spans.are_on() or scope["path"] in _WATCHERS:
            await self.app(scope, receive, send)
            return
        status = 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with spans.server_span(scope["method"], Headers(scope=scope)) as span:
            try:
                await self.app(scope, receive, send_and_note)
            finally:
                route = getattr(scope.get("route"), "path", "")
                spans.tell_request(span, scope["method"], route, status, request_id(scope))
