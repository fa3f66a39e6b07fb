"""``Idempotency-Key``: a request that is sent twice under one key is carried out once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.context import Context
from lipwright.api.problems import Problem, ProblemKind
from lipwright.store.idempotency import Claim, ClaimLostError, Done, Running, check_key

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"

WAIT_S = 90.0
"""Longest wait for the first request of a key; then the second is told to come again."""

_LOOK_S = 0.2

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A key of the caller's choice, kept for 24 hours: whoever sends the same request"
    " again under it gets the same answer and is charged once.",
}


async def once(
    request: Request,
    context: Context,
    account: str,
    body: Mapping[str, Any],
    work: Callable[[Claim | None], Awaitable[Response]],
    replay: Callable[[str], Awaitable[Response]],
) -> Response:
    """Carry a request out, unless that was done before under the key that it names.

    Parameters
    ----------
    request, context, account, body
        The request; its body as it was read. The last part of the path and the body together are
        what a key stands for: under which prefix a path is called makes no difference.
    work
        Carries it out and answers; the claim goes to the core.
    replay
        Answers from the id of what was made when it was carried out.

    Raises
    ------
    BadInputError
        The key is no key, or was used for something else.
    Problem
        Another request with this key takes very long.
    """
    header = request.headers.get(HEADER)
    if header is None:
        return await work(None)
    key = check_key(header)
    fingerprint = await context.lanes.quick.run(
        _fingerprint, request.scope["path"].rpartition("/")[2], body
    )
    claim = await _claim(context, account, key, fingerprint)
    if isinstance(claim, Done):
        answer = await replay(claim.reference)
        answer.headers[REPLAYED_HEADER] = "true"
        return answer
    try:
        return await work(claim)
    except ClaimLostError:
        raise _still_running() from None
    finally:
        with anyio.CancelScope(shield=True):
            await context.lanes.quick.run(context.service.end_claim, claim)


async def _claim(context: Context, account: str, key: str, fingerprint: str) -> Claim | Done:
    deadline = time.monotonic() + WAIT_S
    while True:
        found = await context.lanes.quick.run(context.service.claim, account, key, fingerprint)
        if not isinstance(found, Running):
            return found
        if time.monotonic() > deadline:
            raise _still_running()
        await anyio.sleep(_LOOK_S)


def _still_running() -> Problem:
    return Problem(
        ProblemKind.BUSY,
        f"{HEADER}: the first request with this key is still running; try again later",
        {"Retry-After": "5"},
        reason="still_running",
    )


def _fingerprint(operation: str, body: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(operation.encode() + b"\0")
    digest.update(json.dumps(body, sort_keys=True).encode())
    return digest.hexdigest()
