"""Do one job of a batch and say what became of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import typer

from lipwright.cli.batch_jobs import Job
from lipwright.cli.batch_states import DONE, FAILED, Fingerprints, States, fingerprints
from lipwright.cli.output import print_json, warn
from lipwright.cli.progress import shown_progress
from lipwright.cli.quiet import native_chatter_hidden
from lipwright.cli.sealing import sign
from lipwright.errors import BadInputError, FailedError, LipwrightError

if TYPE_CHECKING:
    from lipwright.library import SyncResult

SKIPPED = "skipped"


class Runner:
    """Runs jobs one after the other and keeps their states.

    Parameters
    ----------
    states
        Where what became of them is remembered.
    as_json
        Print a line of JSON for each job instead of its path.
    """

    def __init__(self, states: States, *, as_json: bool) -> None:
        self._states = states
        self._as_json = as_json

    def run(self, job: Job, number: str = "") -> tuple[str, str]:
        """Do a job, unless it is done already.

        Returns
        -------
        Its state: `DONE`, `FAILED` or `SKIPPED`, and, if it failed, why.
        """
        if not job.problem and self._states.is_done(job):
            self._say({"job": job.name, "state": SKIPPED, "path": str(job.output)})
            return SKIPPED, ""
        began = time.monotonic()
        inputs = fingerprints(job)
        try:
            result = self._sync(job, number)
        except LipwrightError as error:
            return self._failed(job, inputs, error)
        except Exception as error:
            # Whatever one job stumbles over, the others have to be done.
            trouble = FailedError("internal", f"{type(error).__name__}: {error}")
            return self._failed(job, inputs, trouble)
        seconds = round(time.monotonic() - began, 1)
        for warning in result.warnings:
            warn(f"{job.name}: {warning}")
        self._states.record(job, DONE, inputs, warnings=list(result.warnings))
        from lipwright.cli.sync import describe

        self._say({"job": job.name, "state": DONE, "seconds": seconds, **describe(result)})
        return DONE, ""

    def _sync(self, job: Job, number: str) -> SyncResult:
        if job.problem:
            raise BadInputError("job", "bad_job", job.problem)
        for path in job.inputs:
            if not path.is_file():
                raise BadInputError("job", "no_file", f"there is no file {path}")
        import lipwright

        job.output.parent.mkdir(parents=True, exist_ok=True)
        label = f"{number} {job.video.stem}".strip()
        with native_chatter_hidden(), shown_progress(label, keep=True) as progress:
            result = lipwright.sync(
                job.video,
                job.speech,
                job.output,
                progress=progress,
                **job.options,
            )
        sign(result.path, job.video)
        return result

    def _failed(self, job: Job, inputs: Fingerprints, error: LipwrightError) -> tuple[str, str]:
        detail = error.detail if isinstance(error, BadInputError | FailedError) else str(error)
        field = error.field if isinstance(error, BadInputError) else ""
        why = f"{field}: {detail}" if field not in ("", "job") else detail
        warn(f"{job.name}: {why}")
        self._states.record(job, FAILED, inputs, error=why)
        reason = error.reason if isinstance(error, BadInputError | FailedError) else "failed"
        said = {"field": field or None, "reason": reason, "detail": detail}
        self._say({"job": job.name, "state": FAILED, "path": str(job.output), "error": said})
        return FAILED, why

    def _say(self, said: dict[str, Any]) -> None:
        if self._as_json:
            print_json(said)
        elif said["state"] == DONE:
            typer.echo(said["path"])


def count_states(states: list[str]) -> str:
    """Say how many jobs ended how."""
    return ", ".join(
        f"{states.count(state)} {state}" for state in (DONE, SKIPPED, FAILED) if state in states
    )
