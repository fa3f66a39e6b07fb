"""Check that a callback comes from the service, and read it.

The signature is that of Standard Webhooks: HMAC-SHA256 over ``{id}.{timestamp}.{body}`` with the
secret's decoded bytes; while a secret is being replaced the header has two of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

from lipwright.client.errors import CallbackError, ServiceError
from lipwright.client.parsing import task_from
from lipwright.client.values import Callback

TOLERANCE_S = 300
"""How old, or how far ahead, a callback may be: whoever records one cannot send it later."""

_PREFIX = "whsec_"


def verify_callback(
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
    *,
    tolerance_s: int = TOLERANCE_S,
    now_s: float | None = None,
) -> Callback:
    """Check a callback's signature and age, and read its task.

    Parameters
    ----------
    headers
        Of the request, in any letter case.
    body
        The request's bytes as they came, before any parsing.
    secret
        ``whsec_`` and Base64, as the service gave it out.
    tolerance_s
        Longest time between the sending and now.
    now_s
        Unix time; by default the clock's.

    Returns
    -------
    Callback
        The message. It may come more than once, so remember its ``id``.

    Raises
    ------
    CallbackError
        It is not signed with the secret, is too old, or is not about a task.
    """
    id, sent_at_s = check_signature(headers, body, secret, tolerance_s=tolerance_s, now_s=now_s)
    try:
        return Callback(id, sent_at_s, task_from(json.loads(body)))
    except (ValueError, ServiceError) as error:
        raise CallbackError(f"the callback is signed, but it is no task: {error}") from error


def check_signature(
    headers: Mapping[str, str],
    body: bytes,
    secret: str,
    *,
    tolerance_s: int = TOLERANCE_S,
    now_s: float | None = None,
) -> tuple[str, int]:
    """Check a signature and its age; returns the message's id and its Unix time in s.

    Raises
    ------
    CallbackError
        As `verify_callback`.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    try:
        id, sent = lowered["webhook-id"], lowered["webhook-timestamp"]
        signatures = lowered["webhook-signature"].split()
    except KeyError as missing:
        raise CallbackError(f"the callback has no header {missing.args[0]}") from None
    if not (sent.isascii() and sent.isdecimal() and len(sent) < 16):
        raise CallbackError("the callback's time is no number")
    try:
        key = base64.b64decode(secret.strip().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise CallbackError("the secret must be whsec_ and Base64") from None
    if not key:
        raise CallbackError("the secret is empty")
    text = f"{id}.{sent}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256))
    # All are compared, each in constant time, so that nothing can be learned from the time.
    matches = [hmac.compare_digest(one.encode(), expected) for one in signatures]
    if not any(matches):
        raise CallbackError("the callback is not signed with this secret")
    age_s = (time.time() if now_s is None else now_s) - int(sent)
    if abs(age_s) > tolerance_s:
        raise CallbackError(f"the callback was signed {age_s:.0f} s ago, too long to trust it")
    return id, int(sent)
