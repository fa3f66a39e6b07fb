"""Look tasks up together: requests that come at the same time share one question.

Clients ask again and again what became of their tasks. Each answer alone would cost a thread and
journeys to the database; so what is asked while others are being answered is gathered, and then
looked up at once. Nothing is kept: every lookup begins after its request came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from lipwright.api.threads import Lane
from lipwright.jobs.values import NotFoundError, Task, TaskKind

Wanted = tuple[str, str, TaskKind | None]

AT_ONCE = 2
"""How many lookups go on at the same time; more only fight over the interpreter."""

MOST = 64
"""Tasks in one lookup."""


class TaskLookups:
    """Gathers the lookups of one event loop.

    Parameters
    ----------
    find
        Finds tasks by account, id or external id, and kind; blocks, so it runs in a thread.
    lane
        Whose thread.
    """

    def __init__(
        self, find: Callable[[Sequence[Wanted]], Sequence[Task | None]], lane: Lane
    ) -> None:
        self._find = find
        self._lane = lane
        self._waiting: list[tuple[Wanted, asyncio.Future[Task | None]]] = []
        self._running: set[asyncio.Task[None]] = set()

    async def find(self, account_id: str, id: str, kind: TaskKind | None = None) -> Task:
        """Return a task by its id or by its caller's own external id.

        Raises
        ------
        NotFoundError
            The account has no such task, or none of this kind.
        Exception
            What kept the lookup from being done.
        """
        answer: asyncio.Future[Task | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(((account_id, id, kind), answer))
        if len(self._running) < AT_ONCE:
            self._start()
        task = await answer
        if task is None:
            raise NotFoundError("task", id)
        return task

    def _start(self) -> None:
        running = asyncio.create_task(self._look_up())
        self._running.add(running)
        running.add_done_callback(self._ended)

    def _ended(self, running: asyncio.Task[None]) -> None:
        self._running.discard(running)
        if self._waiting and len(self._running) < AT_ONCE:
            self._start()

    async def _look_up(self) -> None:
        while self._waiting:
            some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            answers = [answer for _, answer in some]
            try:
                found = await self._lane.run(self._find, [wanted for wanted, _ in some])
            except BaseException as error:
                # Who was gone before the end waits for nothing any more.
                for answer in answers:
                    if not answer.done():
                        if isinstance(error, Exception):
                            answer.set_exception(error)
                        else:
                            answer.cancel()
                if not isinstance(error, Exception):
                    raise
                continue
            for answer, task in zip(answers, found, strict=True):
                if not answer.done():
                    answer.set_result(task)
