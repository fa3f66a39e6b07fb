"""The durable workflow of a lip-sync task: prepare, render and publish, mark.

DBOS remembers which steps are done, so a workflow that is taken up again goes on where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from dbos import DBOS

from lipwright.errors import BadInputError, FailedError
from lipwright.jobs import spans
from lipwright.jobs.engine import LIPSYNC
from lipwright.jobs.runner import TaskRunner, words_for
from lipwright.jobs.supervision import TaskEndedError
from lipwright.jobs.trace import about

log = logging.getLogger(__name__)

STEP_TRIES = 3

_runner: TaskRunner | None = None


def use_runner(runner: TaskRunner | None) -> None:
    """Say whose steps the workflows of this process run; the job engine is one per process."""
    global _runner
    _runner = runner


# Attempts are counted on the task's row, so the engine's own count must never be the first.
@DBOS.workflow(name=LIPSYNC, max_recovery_attempts=1000)
def lipsync(task_id: str) -> str:
    """Carry out a task; the outcome is in the task's row, the answer here is for the log."""
    runner = _runner
    assert runner is not None
    with (
        runner.at_work(),
        about(runner.request_of(task_id), task=task_id),
        spans.resumed(runner.attempts.trace_of(task_id)),
        spans.span("task", task_id=task_id),
    ):
        # On purpose not a step: a workflow that is taken up again must be counted again.
        attempt = runner.begin(task_id)
        if attempt is None:
            return "nothing to do"
        try:
            for name, step in (("prepare", runner.prepare), ("render", runner.render)):
                outcome = _step(name, partial(step, attempt))
                if "ended" in outcome:
                    return "ended"
                if "failed" in outcome:
                    # The outcome of an older version's step has no reason.
                    runner.fail(attempt, outcome["failed"], outcome.get("reason", "unknown"))
                    return "failed"
            _step("finish", partial(runner.finish, attempt, outcome["done"]))
        except Exception:
            log.exception("task %s failed for a reason that nobody foresaw", task_id)
            runner.fail(attempt, "rendering failed: an internal error", "internal")
            return "failed"
    return "succeeded"


def _step(name: str, work: Callable[[], object]) -> dict[str, Any]:
    """Run a step whose foreseen failures are an outcome, and whose others are tried again."""

    def outcome() -> dict[str, Any]:
        try:
            return {"done": work()}
        except (BadInputError, FailedError) as error:
            return {"failed": words_for(error), "reason": error.reason}
        except TaskEndedError:
            return {"ended": True}

    with spans.span(name):
        return DBOS.run_step(
            {"name": name, "retries_allowed": True, "max_attempts": STEP_TRIES}, outcome
        )
