"""Take the data out of an answer's envelope, or say as an error what the service said instead."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from lipwright.client.errors import (
    ApiError,
    AuthenticationError,
    BalanceError,
    BusyError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ServiceError,
)
from lipwright.client.steps import Answer

_NO_MONEY = (1100, 1101, 1102)
"""Kling: the account is abnormal, in arrears, or its resources are used up."""

_NOT_ALLOWED = (1103, 1304)
"""Kling: no right to the resource; the caller's address is not on the account's list."""

_UNKNOWN = ("unknown_task", "unknown_session", "expired_session", "unknown_video", "expired_video")


def data_of(answer: Answer) -> Any:
    """Return the data of an answer that says success.

    Raises
    ------
    ApiError
        It says otherwise: under a status other than 2xx, or under 200 with a code other than 0, as
        some gateways do.
    """
    body = answer.json()
    if not 200 <= answer.status < 300:
        raise error_of(answer)
    if not isinstance(body, Mapping) or "code" not in body:
        raise ServiceError("the answer is not one of a lip-sync service", http_status=answer.status)
    if body["code"] != 0:
        raise error_of(answer)
    return body.get("data")


def error_of(answer: Answer) -> ApiError:
    """Return the error that an answer tells of, in a class of its own for what callers do."""
    body = answer.json()
    body = body if isinstance(body, Mapping) else {}
    nested = body.get("error")  # how 302.ai writes the errors that are not Kling's
    if isinstance(nested, Mapping) and "code" not in body:
        body = {"code": nested.get("err_code"), "message": nested.get("message")}
    code = body.get("code")
    code = code if isinstance(code, int) else 0
    reason = str(body.get("reason") or "")
    text = answer.content[:200].decode("utf-8", "replace").strip()
    message = str(body.get("message") or "") or text or "the answer is empty"
    return _class_of(answer.status, code, reason, message)(
        message,
        code=code,
        http_status=answer.status,
        request_id=str(body.get("request_id") or answer.headers.get("x-request-id", "")),
        reason=reason,
        field=str(body.get("field") or ""),
        retry_after_s=retry_after(answer.headers),
    )


def retry_after(headers: Mapping[str, str], now_s: float | None = None) -> float | None:
    """Return the seconds that ``Retry-After`` names, as a number or as a date (RFC 9110)."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, moment - (time.time() if now_s is None else now_s))


def _class_of(status: int, code: int, reason: str, message: str) -> type[ApiError]:
    if code in _NO_MONEY:
        return BalanceError
    if status == 403 or code in _NOT_ALLOWED:
        return ForbiddenError
    if status == 401 or 1000 <= code <= 1004:
        return AuthenticationError
    if status == 429 or code in (1302, 1303):
        return BusyError
    if status >= 500 or code >= 5000:
        return ServiceError
    # Kling and lipwright say 400 and 1201 of an unknown task; the words are Kling's own.
    if status == 404 or reason in _UNKNOWN or message.startswith("Task not found"):
        return NotFoundError
    return RefusedError
