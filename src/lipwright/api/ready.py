"""``/livez`` and ``/readyz``: does the process live, and can it do what it is there for.

A supervisor restarts what does not live, and a load balancer passes over what is not ready: a
restart mends no database that is away, so the two must not be the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait

import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.context import WithContext
from lipwright.api.envelope import success
from lipwright.api.problems import Problem, ProblemKind

log = logging.getLogger(__name__)

router = APIRouter()

ANSWER_S = 3.0
"""Longest time that a check may take; a storage that is away makes its client try for minutes."""

_WORDS = {
    "database": "the database does not answer",
    "storage": "the storage does not answer",
    "models": "weights are missing",
}


class Checks:
    """Runs checks beside each other; thread-safe.

    A check that hangs is not started a second time, so however often somebody asks, there are
    never more threads than checks.
    """

    def __init__(self, answer_s: float = ANSWER_S) -> None:
        self._answer_s = answer_s
        self._running: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def failing(self, checks: Mapping[str, Callable[[], None]]) -> list[str]:
        """Return the names of the checks that raised or did not end in time."""
        with self._lock:
            asked = {name: self._ask(name, check) for name, check in checks.items()}
        deadline = time.monotonic() + self._answer_s
        bad = []
        for name, outcome in asked.items():
            wait([outcome], timeout=max(0.0, deadline - time.monotonic()))
            if not outcome.done():
                log.warning("not ready: %s has not answered for %g s", name, self._answer_s)
                bad.append(name)
            elif (error := outcome.exception()) is not None:
                log.warning("not ready: %s: %s", name, error)
                bad.append(name)
        return bad

    def _ask(self, name: str, check: Callable[[], None]) -> Future[None]:
        before = self._running.get(name)
        if before is not None and not before.done():
            return before
        outcome: Future[None] = Future()

        def run() -> None:
            try:
                check()
            except BaseException as error:
                outcome.set_exception(error)
            else:
                outcome.set_result(None)

        self._running[name] = outcome
        # A daemon: a check that hangs must not keep the process from ending.
        threading.Thread(target=run, name=f"ready-{name}", daemon=True).start()
        return outcome


@router.get("/livez", tags=["service"], summary="Whether the process lives")
async def live(request: Request) -> Response:
    """Answer; nothing else is asked."""
    return success(request.scope, {"status": "ok"})


@router.get("/readyz", tags=["service"], summary="Whether the process can do its work")
async def ready(request: Request, context: WithContext) -> Response:
    """Say whether database, storage and weights are there; 503 with what is not."""
    if context.closing.is_set():
        raise Problem(ProblemKind.UNAVAILABLE, "The service is stopping", reason="closing")
    state = request.app.state
    checks: Checks = state.checks
    # A thread of its own: those of requests may all be waiting for a database that is away.
    bad = await anyio.to_thread.run_sync(
        checks.failing, context.service.readiness(), limiter=state.check_threads
    )
    if bad:
        words = ", ".join(_WORDS.get(name, name) for name in bad)
        raise Problem(ProblemKind.UNAVAILABLE, f"Not ready: {words}")
    return success(request.scope, {"status": "ready"})
