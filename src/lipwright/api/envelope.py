"""The envelope of every JSON answer: ``{code, message, request_id, data}``."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lipwright.jobs.trace import about

REQUEST_ID_HEADER = "X-Request-Id"
SUCCEEDED = "SUCCEED"


def request_id(scope: Scope) -> str:
    """Return the id of the request that a scope belongs to; the first call makes it."""
    state: dict[str, Any] = scope.setdefault("state", {})
    if "request_id" not in state:
        state["request_id"] = str(uuid.uuid4())
    made: str = state["request_id"]
    return made


def success(scope: Scope, data: Any) -> JSONResponse:
    """Answer that it worked; a success always has data."""
    identity = request_id(scope)
    return JSONResponse(
        {"code": 0, "message": SUCCEEDED, "request_id": identity, "data": data},
        headers={REQUEST_ID_HEADER: identity, "Cache-Control": "no-store"},
    )


def failure(
    scope: Scope,
    status: int,
    code: int,
    message: str,
    headers: Mapping[str, str] | None = None,
    *,
    reason: str,
    field: str = "",
) -> JSONResponse:
    """Answer that it did not work; a failure never has data, and a field only if one is wrong."""
    identity = request_id(scope)
    body = {"code": code, "message": message, "request_id": identity, "reason": reason}
    if field:
        body["field"] = field
    return JSONResponse(
        body,
        status_code=status,
        headers={REQUEST_ID_HEADER: identity, "Cache-Control": "no-store", **(headers or {})},
    )


class RequestIds:
    """Put the request's id on answers that are no envelope, too, and on all that is logged."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault(REQUEST_ID_HEADER, request_id(scope))
            await send(message)

        with about(request_id(scope)):
            await self.app(scope, receive, send_with_id)
