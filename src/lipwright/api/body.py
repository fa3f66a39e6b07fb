"""Read a request's body, as much as is allowed and no longer than is decent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pydantic_core
from starlette.requests import ClientDisconnect, Request

from lipwright.api.problems import Problem, ProblemKind

READ_TIMEOUT_S = 60.0
"""Longest silence of a caller in the middle of a body."""


async def stream_body(
    request: Request, max_bytes: int, name: str, overhead: int = 0
) -> AsyncIterator[bytes]:
    """Yield the body as it comes.

    Parameters
    ----------
    request
        Whose body is not read yet.
    max_bytes
        More is refused, at once if the request announces it, else when it has come.
    name
        What the refusal calls the body.
    overhead
        Bytes that the body may have on top, for what is wrapped around its content.

    Raises
    ------
    Problem
        Too large, or too slow.
    ClientDisconnect
        The caller is gone.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > max_bytes + overhead:
        raise _too_large(max_bytes, name)
    received = 0
    more = True
    while more:
        try:
            with anyio.fail_after(READ_TIMEOUT_S):
                message = await request.receive()
        except TimeoutError:
            raise Problem(
                ProblemKind.MALFORMED, f"{name}: stopped before its end", reason="body_stopped"
            ) from None
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        received += len(chunk)
        if received > max_bytes + overhead:
            raise _too_large(max_bytes, name)
        if chunk:
            yield chunk


async def read_json_object(request: Request, max_bytes: int) -> dict[str, Any]:
    """Read the body as one JSON object, whatever its content type claims.

    Raises
    ------
    Problem
        Too large, not JSON, or JSON but not an object.
    """
    parts = [chunk async for chunk in stream_body(request, max_bytes, "request body")]
    try:
        value = pydantic_core.from_json(b"".join(parts), allow_inf_nan=False, cache_strings="none")
    except ValueError:
        raise Problem(
            ProblemKind.MALFORMED, "The request body is not valid JSON", reason="not_json"
        ) from None
    if not isinstance(value, dict):
        raise Problem(
            ProblemKind.MALFORMED, "The request body is not a JSON object", reason="not_an_object"
        )
    return value


def megabytes(count: int) -> str:
    """Write a number of bytes the way limits are written."""
    return f"{count / 1_000_000:g} MB" if count >= 100_000 else f"{count / 1000:g} KB"


def _too_large(max_bytes: int, name: str) -> Problem:
    return Problem(
        ProblemKind.BAD_VALUE,
        f"{name}: must be at most {megabytes(max_bytes)}",
        reason="too_large",
        field=name.replace(" ", "_"),
    )
