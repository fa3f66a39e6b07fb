"""Who is calling.

Without any key the service listens on loopback only and everybody is the default account. Web
pages in the browser of that machine can reach it, too, so a page from elsewhere is kept out: its
requests carry its own host name (DNS rebinding) or its own origin.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.requests import Request

from lipwright.api.context import Context, WithContext
from lipwright.api.problems import Problem, ProblemKind
from lipwright.jobs.values import DEFAULT_ACCOUNT

_CHALLENGE = {"WWW-Authenticate": "Bearer"}


async def _account(request: Request, context: WithContext) -> str:
    """Return the caller's account.

    Raises
    ------
    Problem
        No key where one is needed, a key that is not valid, or a web page from elsewhere.
    """
    if is_loopback(context.settings.host) and not await _keys_exist(request, context):
        _check_local(request, context)
        return DEFAULT_ACCOUNT
    scheme, _, secret = request.headers.get("authorization", "").strip().partition(" ")
    if not scheme:
        raise Problem(ProblemKind.NO_CREDENTIALS, "Authorization is empty", _CHALLENGE)
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret:
        raise Problem(
            ProblemKind.BAD_CREDENTIALS,
            "Authorization is invalid: send the header Authorization: Bearer <key>",
            _CHALLENGE,
        )
    account = await context.lanes.quick.run(context.service.find_account, secret)
    if account is None:
        raise _why_invalid(secret)
    return account


Account = Annotated[str, Depends(_account)]


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    name = host.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


async def _keys_exist(request: Request, context: Context) -> bool:
    # Once a key was made, keys are needed for good; so only a "no" is asked for again.
    state = request.app.state
    if not getattr(state, "keys_exist", False):
        state.keys_exist = await context.lanes.quick.run(context.service.keys_exist)
    return bool(state.keys_exist)


def _check_local(request: Request, context: Context) -> None:
    ours = urlsplit(context.settings.public_url).hostname
    for header, value in (
        ("Host", "//" + request.headers.get("host", "")),
        ("Origin", request.headers.get("origin")),
    ):
        if value is None:
            continue
        try:
            host = urlsplit(value).hostname or ""
        except ValueError:
            host = ""
        if not is_loopback(host) and (not ours or host != ours):
            raise Problem(
                ProblemKind.FORBIDDEN,
                f"The {header} header names another machine than this one; set LIPWRIGHT_PUBLIC_URL"
                " if the service is reached under another name",
            )


def _why_invalid(secret: str) -> Problem:
    """Say what is wrong with a refused key; signed tokens of other services say it themselves."""
    claims = _claims(secret)
    now = time.time()
    for claim, kind, words in (
        ("exp", ProblemKind.CREDENTIALS_EXPIRED, "Authorization has expired"),
        ("nbf", ProblemKind.CREDENTIALS_TOO_EARLY, "Authorization is not yet valid"),
    ):
        moment = claims.get(claim)
        if isinstance(moment, int | float) and (moment < now if claim == "exp" else moment > now):
            return Problem(kind, words, _CHALLENGE)
    hint = "; signed tokens are not accepted here, send an API key" if claims else ""
    return Problem(ProblemKind.BAD_CREDENTIALS, f"Authorization is invalid{hint}", _CHALLENGE)


def _claims(secret: str) -> dict[str, Any]:
    """Read the claims of a JSON web token unverified: it is refused anyway."""
    parts = secret.split(".")
    if len(parts) != 3:
        return {}
    try:
        middle = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = json.loads(middle)
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
