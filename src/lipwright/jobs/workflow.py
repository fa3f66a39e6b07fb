"""The workflows that carry out items of the queue, by the items' kinds.

Of a task: prepare, render and publish, mark; of a divided one: render its parts, join them and
publish, mark. A workflow is one attempt: when its worker dies, another worker starts another one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from dbos import DBOS

from lipwright.errors import BadInputError, FailedError
from lipwright.jobs import spans
from lipwright.jobs.attempts import Attempt
from lipwright.jobs.child_protocol import DISK_FULL, DISK_FULL_WORDS, is_disk_full
from lipwright.jobs.engine import ATTEMPT, PART_ATTEMPT
from lipwright.jobs.parts import Share
from lipwright.jobs.queue import PART, TASK
from lipwright.jobs.runner import TaskRunner, words_for
from lipwright.jobs.supervision import TaskEndedError, WorkLeftError
from lipwright.jobs.trace import about
from lipwright.store.outages import OUTAGES

log = logging.getLogger(__name__)

STEP_TRIES = 3

_MOST_ATTEMPTS = 20
"""So often a task is started at most because the database or the object store was away; each
waits for a good while."""

_runner: TaskRunner | None = None


def use_runner(runner: TaskRunner | None) -> None:
    """Say whose steps the workflows of this process run; the job engine is one per process."""
    global _runner
    _runner = runner


@DBOS.workflow(name=ATTEMPT)
def lipsync(task_id: str, deaths: int, arguments: dict[str, Any]) -> str:
    """Carry out a task; the outcome is in the task's row, the answer here is for the log."""
    runner = _runner
    assert runner is not None
    with (
        runner.at_work(),
        about(runner.request_of(task_id), task=task_id),
        spans.resumed(runner.attempts.trace_of(task_id)),
        spans.span("task", task_id=task_id),
    ):
        # What a task was divided into is that attempt's, if it is still the row's.
        divided = arguments.get("divided")
        attempt = runner.go_on(task_id, deaths, divided) if divided is not None else None
        steps: tuple[tuple[str, Callable[[Attempt], object]], ...] = (("join", runner.join),)
        if attempt is None:
            attempt = runner.begin(task_id, deaths)
            steps = (("prepare", runner.prepare), ("render", runner.render))
        if attempt is None:
            return "nothing to do"
        log.info("task %s is taken up, start %d", task_id, attempt.number)
        try:
            for name, step in steps:
                outcome = _step(name, partial(step, attempt), attempt)
                if "ended" in outcome:
                    return "ended"
                if "failed" in outcome:
                    runner.fail(attempt, outcome["failed"], outcome["reason"])
                    return "failed"
            _step("finish", partial(runner.finish, attempt, outcome["done"]), attempt)
        except Exception:
            log.exception("task %s failed for a reason that nobody foresaw", task_id)
            runner.fail(attempt, "rendering failed: an internal error", "internal")
            return "failed"
        log.info("task %s has succeeded", task_id)
    return "succeeded"


@DBOS.workflow(name=PART_ATTEMPT)
def part(task_id: str, deaths: int, arguments: dict[str, Any]) -> str:
    """Render parts of a divided task; if that fails, the task has failed."""
    runner = _runner
    assert runner is not None
    share = Share.from_dict(arguments)
    with (
        runner.at_work(),
        about(runner.request_of(task_id), task=task_id),
        spans.resumed(runner.attempts.trace_of(task_id)),
        spans.span("part", task_id=task_id),
    ):
        attempt = runner.go_on(task_id, deaths, share.attempt)
        if attempt is None:
            return "nothing to do"
        try:
            outcome = _step("render", partial(runner.render_share, attempt, share), attempt)
            if "failed" in outcome:
                runner.fail(attempt, outcome["failed"], outcome["reason"])
        except Exception:
            log.exception("a part of task %s failed for a reason that nobody foresaw", task_id)
            runner.fail(attempt, "rendering failed: an internal error", "internal")
            return "failed"
    return next(iter(outcome))


WORKFLOWS: dict[str, Callable[[str, int, dict[str, Any]], str]] = {TASK: lipsync, PART: part}
"""By the kind of item; each takes the item's task, deaths and arguments.

It raises `lipwright.jobs.supervision.WorkLeftError` for an item that shall be done again, and
`lipwright.jobs.supervision.WorkHeldError` for one that waits for its parts."""


def _step(name: str, work: Callable[[], object], attempt: Attempt) -> dict[str, Any]:
    """Run a step whose foreseen failures are an outcome, and whose others are tried again."""

    def outcome() -> dict[str, Any]:
        try:
            return {"done": work()}
        except (BadInputError, FailedError) as error:
            if error.reason == DISK_FULL and attempt.number < _MOST_ATTEMPTS:
                # Another machine may have room, and so may this one in a moment.
                log.warning("task %s is left to others: %s", attempt.task_id, error.detail)
                raise WorkLeftError from error
            return {"failed": words_for(error), "reason": error.reason}
        except TaskEndedError:
            return {"ended": True}
        except OSError as error:
            if not is_disk_full(error):
                raise
            if attempt.number < _MOST_ATTEMPTS:
                log.warning("task %s is left to others: %s", attempt.task_id, DISK_FULL_WORDS)
                raise WorkLeftError from error
            return {"failed": f"rendering failed: {DISK_FULL_WORDS}", "reason": DISK_FULL}
        except OUTAGES as error:
            if attempt.number >= _MOST_ATTEMPTS:
                raise
            log.warning("task %s is left until all is back: %s", attempt.task_id, error)
            raise WorkLeftError from error

    with spans.span(name):
        return DBOS.run_step(
            {"name": name, "retries_allowed": True, "max_attempts": STEP_TRIES}, outcome
        )
