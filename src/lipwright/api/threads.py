"""Run the service's blocking methods without ever blocking the event loop."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import anyio
import anyio.to_thread

from lipwright.api.problems import Problem, ProblemKind

P = ParamSpec("P")
T = TypeVar("T")

TURN_WAIT_S = 20.0
"""Longest wait for a turn; common clients hang up after 30 s."""


class Lane:
    """A bounded number of threads for one sort of work, so that no sort starves another.

    Parameters
    ----------
    width
        How many run at the same time.
    wait_s
        A request that waited so long for its turn is sent away; by default it waits on.
    """

    def __init__(self, width: int, wait_s: float | None = None) -> None:
        self._turns = anyio.Semaphore(width)
        self._threads = anyio.CapacityLimiter(width)
        self._wait_s = wait_s

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking work in a thread of this lane and return its result.

        Raises
        ------
        Problem
            The turn did not come in time.
        """
        with anyio.move_on_after(self._wait_s) as waiting:
            await self._turns.acquire()
        if waiting.cancelled_caught:
            raise Problem(
                ProblemKind.BUSY,
                "Too many requests at the same time; try again later",
                {"Retry-After": "1"},
            )
        try:
            call = functools.partial(work, *args, **kwargs)
            return await anyio.to_thread.run_sync(call, limiter=self._threads)
        finally:
            self._turns.release()


class Lanes:
    """The lanes of one running service."""

    def __init__(self, identify_width: int) -> None:
        self.identify = Lane(identify_width, TURN_WAIT_S)
        self.create = Lane(16, TURN_WAIT_S)
        self.quick = Lane(16)
