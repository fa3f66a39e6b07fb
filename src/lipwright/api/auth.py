"""Who is calling.

Without any key the service listens on loopback only and everybody is the default account. Web
pages in the browser of that machine can reach it, too, so a page from elsewhere is kept out: its
requests carry its own host name (DNS rebinding) or its own origin.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends
from starlette.requests import Request

from lipwright.api.context import Context, WithContext
from lipwright.api.problems import Problem, ProblemKind
from lipwright.jobs.values import DEFAULT_ACCOUNT
from lipwright.store.credentials import CredentialError, CredentialFault
from lipwright.store.keys import Scope

_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods for which the scope ``read`` is enough, and which count against no rate."""

_KINDS = {
    CredentialFault.FAILED: ProblemKind.UNPROVEN_CREDENTIALS,
    CredentialFault.INVALID: ProblemKind.BAD_CREDENTIALS,
    CredentialFault.TOO_EARLY: ProblemKind.CREDENTIALS_TOO_EARLY,
    CredentialFault.EXPIRED: ProblemKind.CREDENTIALS_EXPIRED,
}


async def account_of(request: Request, context: WithContext) -> str:
    """Return the caller's account, once he may do what he asks for.

    Raises
    ------
    Problem
        No key where one is needed, a key that is not valid or may not do this, or a web page from
        elsewhere.
    LimitReachedError
        A call that makes or changes something, too soon after others.
    """
    account = await _proven_account(request, context)
    if request.method not in _READING:
        await context.lanes.quick.run(context.service.take_call, account)
    return account


async def is_keyless_local(request: Request, context: Context) -> bool:
    """Whether everybody is the owner here: on loopback, before there is a key.

    Raises
    ------
    Problem
        It would be so, but the request comes from a web page from elsewhere.
    """
    if not is_loopback(context.settings.host) or await _keys_exist(request, context):
        return False
    _check_local(request, context)
    return True


async def _proven_account(request: Request, context: Context) -> str:
    if await is_keyless_local(request, context):
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
    try:
        # A client that asks again and again is known: that costs no thread.
        key = context.service.authenticate_at_once(secret)
        if key is None:
            key = await context.lanes.quick.run(context.service.authenticate, secret)
    except CredentialError as error:
        raise Problem(_KINDS[error.fault], error.detail, _CHALLENGE) from None
    scope = Scope.READ if request.method in _READING else Scope.WRITE
    if not key.allows(scope):
        raise Problem(
            ProblemKind.FORBIDDEN,
            f"Unauthorized access to requested resource: this key lacks the scope {scope}",
            reason="scope",
        )
    return key.account_id


Account = Annotated[str, Depends(account_of)]


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
