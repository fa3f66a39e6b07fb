"""Answer everything that goes wrong in the envelope, with Kling's codes.

This holds for the whole service, the native routes too: a client knows one shape of error.
"""

from __future__ import annotations

import logging
import math

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lipwright.api.envelope import failure, request_id
from lipwright.api.kling.codes import CODES, code_of
from lipwright.api.kling.translate import to_field, to_message
from lipwright.api.problems import Problem, ProblemKind
from lipwright.errors import BadInputError, FailedError
from lipwright.jobs.pressure import OverloadedError
from lipwright.store.accounts import LimitReachedError

log = logging.getLogger(__name__)

INTERNAL_MESSAGE = "Server internal error"


def install(app: FastAPI) -> None:
    """Make the app answer its errors in the envelope."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(BadInputError, _bad_input)
    app.add_exception_handler(FailedError, _failed)
    app.add_exception_handler(LimitReachedError, _limit)
    app.add_exception_handler(OverloadedError, _overloaded)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_middleware(AnswerFaults)


def _answer(request: Request, problem: Problem) -> Response:
    code = CODES[problem.kind]
    return failure(
        request.scope,
        code.status,
        code.code,
        problem.message,
        problem.headers,
        reason=problem.reason,
        field=problem.field,
    )


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return _answer(request, error)


def _bad_input(request: Request, error: Exception) -> Response:
    assert isinstance(error, BadInputError)
    code = code_of(error)
    return failure(
        request.scope,
        code.status,
        code.code,
        to_message(error),
        reason=error.reason,
        field=to_field(error),
    )


def _limit(request: Request, error: Exception) -> Response:
    assert isinstance(error, LimitReachedError)
    headers = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after_s)))
    return _answer(request, Problem(ProblemKind(error.reason), error.detail, headers))


def _overloaded(request: Request, error: Exception) -> Response:
    assert isinstance(error, OverloadedError)
    headers = {"Retry-After": str(max(1, math.ceil(error.retry_after_s)))}
    return _answer(
        request, Problem(ProblemKind.UNAVAILABLE, error.detail, headers, reason=error.reason)
    )


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, FailedError)
    log.error("request %s failed (%s): %s", request_id(request.scope), error.reason, error)
    match error.reason:
        case "timed_out":
            problem = Problem(ProblemKind.TIMEOUT, "The work took too long", reason=error.reason)
        case "closing":
            problem = Problem(
                ProblemKind.UNAVAILABLE, "The service is stopping", reason=error.reason
            )
        case _:
            problem = Problem(ProblemKind.INTERNAL, INTERNAL_MESSAGE, reason=error.reason)
    return _answer(request, problem)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.scope["path"][:200]
    match error.status_code:
        case 404:
            problem = Problem(ProblemKind.UNKNOWN_ROUTE, f"Nothing is served at {path}")
        case 405:
            problem = Problem(
                ProblemKind.WRONG_METHOD,
                f"{request.method} is not a method of {path}",
                error.headers,
            )
        case status if status < 500:
            problem = Problem(ProblemKind.MALFORMED, "Invalid request parameters")
        case _:
            problem = Problem(ProblemKind.INTERNAL, INTERNAL_MESSAGE)
    return _answer(request, problem)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = str(first["loc"][-1])
    match first["type"]:
        case "missing":
            words, reason = "is required", "missing"
        case "greater_than_equal":
            words, reason = f"must be at least {first['ctx']['ge']}", "out_of_range"
        case "less_than_equal":
            words, reason = f"must be at most {first['ctx']['le']}", "out_of_range"
        case "int_parsing" | "int_from_float" | "int_parsing_size":
            words, reason = "must be a whole number", "wrong_type"
        case _:
            words, reason = "is not valid", ""
    problem = Problem(ProblemKind.BAD_VALUE, f"{field}: {words}", reason=reason, field=field)
    return _answer(request, problem)


def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it


class AnswerFaults:
    """Answer our own faults, too, and keep the connection: later requests on it are innocent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; what is raised becomes an answer if none has begun."""
        begun = False

        async def watched_send(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched_send)
        except Exception:
            if begun or scope["type"] != "http":
                raise  # the server breaks the connection off: the caller sees that it is not whole
            # The id ties the trace to what the caller saw.
            log.exception("request %s met a fault of ours", request_id(scope))
            code = CODES[ProblemKind.INTERNAL]
            answer = failure(
                scope,
                code.status,
                code.code,
                INTERNAL_MESSAGE,
                reason=ProblemKind.INTERNAL.value,
            )
            await answer(scope, receive, send)
