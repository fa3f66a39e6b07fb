"""What a worker does with one task, step by step; every step may be run again.

A step that is repeated after a crash finds its own earlier work or overwrites it with the same.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from lipwright.errors import BadInputError, FailedError
from lipwright.jobs import metrics
from lipwright.jobs.attempts import Attempt, Attempts
from lipwright.jobs.means import Means
from lipwright.jobs.parts import Parts, Share
from lipwright.jobs.preparing import Preparer
from lipwright.jobs.rendering import Renderer
from lipwright.jobs.stores import Stores
from lipwright.jobs.supervision import Supervisor
from lipwright.jobs.work import ChildFunctions
from lipwright.settings import Settings


class TaskRunner:
    """The steps of the lip-sync workflow; thread-safe.

    Parameters
    ----------
    settings, stores
        Where things lie and what a child may use.
    functions
        What children run.
    """

    def __init__(self, settings: Settings, stores: Stores, functions: ChildFunctions) -> None:
        self.attempts = Attempts(settings, stores)
        self.parts = Parts(stores)
        self._most_deaths = settings.max_attempts
        self.supervisor = Supervisor(settings, self.attempts)
        means = Means(settings, stores, functions, self.attempts, self.supervisor)
        self._preparer = Preparer(means)
        self._renderer = Renderer(means)

    def stop(self, wait_s: float) -> bool:
        """Kill the children and leave their tasks to others; False if some work goes on."""
        return self.supervisor.stop(wait_s)

    def at_work(self) -> AbstractContextManager[None]:
        """Count a workflow as running for the length of the block."""
        return self.supervisor.at_work()

    def request_of(self, task_id: str) -> str:
        """Return the id of the request that made a task, for the log."""
        return self.attempts.request_of(task_id)

    def begin(self, task_id: str, deaths: int = 0) -> Attempt | None:
        """See `Attempts.begin`."""
        return self.attempts.begin(task_id, deaths)

    def prepare(self, attempt: Attempt) -> None:
        """See `Preparer.prepare`."""
        self._preparer.prepare(attempt)

    def render(self, attempt: Attempt) -> dict[str, Any]:
        """See `Renderer.render`."""
        return self._renderer.render(attempt)

    def go_on(self, task_id: str, deaths: int, number: int) -> Attempt | None:
        """Return the attempt that a part, or the joining of the parts, belongs to.

        None if it is over, or ends here because too many workers died of it.
        """
        attempt = self.parts.attempt_of(task_id, number)
        if attempt is not None and deaths >= self._most_deaths:
            self.fail(
                attempt,
                f"the work was interrupted {deaths} times and is not tried again",
                "interrupted",
            )
            return None
        return attempt

    def render_share(self, attempt: Attempt, share: Share) -> None:
        """See `Renderer.render_share`."""
        self._renderer.render_share(attempt, share)

    def join(self, attempt: Attempt) -> dict[str, Any]:
        """See `Renderer.join`."""
        return self._renderer.join(attempt)

    def finish(self, attempt: Attempt, result: dict[str, Any]) -> None:
        """See `Attempts.finish`; waits for a database that is away."""
        self.supervisor.patiently(attempt, partial(self.attempts.finish, attempt, result))

    def fail(self, attempt: Attempt, message: str, reason: str = metrics.OTHER) -> None:
        """See `Attempts.fail`."""
        self.attempts.fail(attempt, message, reason)


def words_for(error: BadInputError | FailedError) -> str:
    """Return a failed task's message."""
    if error.reason == "moderated":
        return error.detail
    if isinstance(error, BadInputError):
        return f"the {error.field.replace('_', ' ')} cannot be used: {error.detail}"
    return f"rendering failed: {error.detail}"
