"""What became of the jobs of a batch, in a file beside them, so that it can go on later."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from lipwright.cli.batch_jobs import Job
from lipwright.cli.output import warn
from lipwright.errors import FailedError

DONE: Final = "done"
FAILED: Final = "failed"
_VERSION: Final = 1

Fingerprints = list[list[Any]]
"""For each input its size, time of change and hash."""


def state_file(jobs: Path) -> Path:
    """Where the states of a CSV file's or a folder's jobs are."""
    if jobs.is_dir():
        return jobs / ".lipwright-state.json"
    return jobs.with_name(f"{jobs.name}.state.json")


class States:
    """The states of jobs, by the files that they make.

    Parameters
    ----------
    path
        The file; made when something is recorded. One that cannot be read counts as empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jobs: dict[str, dict[str, Any]] = {}
        if not path.exists():
            return
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            if stored["version"] == _VERSION:
                self._jobs = dict(stored["jobs"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            warn(f"{path} is not readable, so everything is done anew: {error}")

    def is_done(self, job: Job) -> bool:
        """Whether a job's result is here and was made of just these files and options."""
        return self._is(job, DONE) and _size(job.output) == self._jobs[self._key(job)]["bytes"]

    def has_failed(self, job: Job) -> bool:
        """Whether a job has failed with just these files and options."""
        return self._is(job, FAILED)

    def record(self, job: Job, state: str, inputs: Fingerprints, **said: Any) -> None:
        """Remember what became of a job with these inputs, on disk at once.

        Raises
        ------
        FailedError
            ``state_file``: it cannot be written.
        """
        self._jobs[self._key(job)] = {
            "state": state,
            "options": job.options,
            "inputs": inputs,
            "bytes": _size(job.output),
            "finished": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **said,
        }
        text = json.dumps({"version": _VERSION, "jobs": self._jobs}, indent=1, ensure_ascii=False)
        part = self._path.with_name(f".{self._path.name}-{secrets.token_hex(4)}.part")
        try:
            part.write_text(text + "\n", encoding="utf-8")
            part.replace(self._path)
        except OSError as error:
            detail = f"{self._path} cannot be written: {error.strerror}"
            raise FailedError("state_file", detail) from error

    def _is(self, job: Job, state: str) -> bool:
        known = self._jobs.get(self._key(job))
        if known is None or known.get("state") != state or known.get("options") != job.options:
            return False
        before = known.get("inputs") or []
        return len(before) == len(job.inputs) and all(
            _is_same(path, print_) for path, print_ in zip(job.inputs, before, strict=True)
        )

    def _key(self, job: Job) -> str:
        return Path(os.path.relpath(job.output.absolute(), self._path.absolute().parent)).as_posix()


def fingerprints(job: Job) -> Fingerprints:
    """What a job's inputs are now; take it before they are read, for they may change."""
    return [_fingerprint(path) for path in job.inputs]


def _fingerprint(path: Path) -> list[Any]:
    """Size, time of change and hash of a file; all ``None`` where there is none."""
    try:
        stat = path.stat()
        with path.open("rb") as file:
            return [stat.st_size, stat.st_mtime_ns, hashlib.file_digest(file, "sha256").hexdigest()]
    except OSError:
        return [None, None, None]


def _is_same(path: Path, before: list[Any]) -> bool:
    """Compare by time and size, and by content only where those differ."""
    try:
        stat = path.stat()
    except OSError:
        return before == [None, None, None]
    if [stat.st_size, stat.st_mtime_ns] == before[:2]:
        return True
    return stat.st_size == before[0] and bool(_fingerprint(path)[2] == before[2])


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
