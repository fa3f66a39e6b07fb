"""What a worker does with one task, step by step; every step may be run again.

A step that is repeated after a crash finds its own earlier work or overwrites it with the same.
Each start of a task is an attempt with a number; whatever an attempt writes into the task's row
it writes only while that number is still the row's, so a worker that was thought dead and taken
over cannot disturb its successor.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lipwright.dubbing.serialize import identification_from_dict
from lipwright.dubbing.types import API_LIMITS, Identification, Limits, Progress
from lipwright.errors import BadInputError, FailedError
from lipwright.jobs import metrics
from lipwright.jobs.bank_objects import BankObjects
from lipwright.jobs.child import Child, ChildCancelledError, ChildLimits
from lipwright.jobs.identifying import keep_video
from lipwright.jobs.intake import Intake
from lipwright.jobs.moderation import (
    SpokenSound,
    Submission,
    are_there_moderators,
    check_inputs,
    check_output,
    shown_faces,
)
from lipwright.jobs.orders import Order, checked_line, keep_sound
from lipwright.jobs.sealing import seal
from lipwright.jobs.stores import Stores
from lipwright.jobs.transitions import end_unpaid, enter
from lipwright.jobs.values import FINAL, TaskStatus
from lipwright.jobs.work import ChildFunctions, limits_to_dict, line_to_dict
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.ids import new_id
from lipwright.store.objects import MissingObjectError
from lipwright.store.tables import TaskRow

log = logging.getLogger(__name__)

PROGRESS_INTERVAL_S = 0.5
_FACES_SHARE = 0.15
"""How much of a task's work finding the faces is, where that is part of it."""

WATCH_INTERVAL_S = 0.3
"""How often the worker looks whether its task is still wanted."""


class WorkLeftError(BaseException):
    """This process leaves the task as it is, for another or a later worker to do.

    Not an ``Exception``: the job engine would record one as the workflow's outcome, and nobody
    would ever take the workflow up again.
    """


class TaskEndedError(Exception):
    """The task was ended, by its owner, while it was worked on: there is nothing left to do."""


@dataclass(frozen=True)
class Attempt:
    """One start of a task."""

    task_id: str
    account_id: str
    number: int


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
        self._settings = settings
        self._stores = stores
        self._functions = functions
        self._intake = Intake(settings, stores.objects, stores.signer)
        self._banks = BankObjects(settings, stores)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._running = 0

    def stop(self, wait_s: float) -> bool:
        """Kill the children and leave their tasks to others; False if some work goes on."""
        self._stopping.set()
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            with self._lock:
                if self._running == 0:
                    return True
            time.sleep(0.02)
        return False

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count a workflow as running for the length of the block."""
        with self._lock:
            if self._stopping.is_set():
                raise WorkLeftError
            self._running += 1
        metrics.RUNNING.inc()
        try:
            yield
        finally:
            metrics.RUNNING.dec()
            with self._lock:
                self._running -= 1

    def begin(self, task_id: str) -> Attempt | None:
        """Count one more start of a task; None if there is nothing (more) to do for it."""
        with self._stores.database.write() as session:
            row = session.get(TaskRow, task_id, with_for_update=True)
            if row is None or row.status in FINAL:
                return None
            if row.attempts < self._settings.max_attempts:
                row.attempts += 1
                row.started_at_ms = now_ms()
                row.progress = 0.0
                enter(session, self._stores.signer, row, TaskStatus.PROCESSING)
                return Attempt(task_id, row.account_id, row.attempts)
            number = row.attempts
            account_id = row.account_id
        self.fail(
            Attempt(task_id, account_id, number),
            f"the work was interrupted {number} times and is not tried again",
            "interrupted",
        )
        return None

    def request_of(self, task_id: str) -> str:
        """Return the id of the request that made a task, for the log."""
        with self._stores.database.read() as session:
            query = select(TaskRow.request_id).where(TaskRow.id == task_id)
            return session.scalar(query) or ""

    def order_of(self, attempt: Attempt) -> Order:
        """Return what the task is to do, as it stands in its row."""
        with self._stores.database.read() as session:
            row = session.get_one(TaskRow, attempt.task_id)
            return Order.from_dict(row.order)

    def prepare(self, attempt: Attempt) -> None:
        """Do what the request that made the task had no time for.

        Fetch the video and find its faces, if that was not done; fetch and check the sounds that
        were too slow for the request that named them.
        """
        order = self.order_of(attempt)
        if not order.identification_key:
            order = self._identify(attempt, order)
        identification: Identification | None = None
        for index, line in enumerate(order.lines):
            if line.face_id and line.sound_url is None:
                continue
            if identification is None:
                found = json.loads(self._stores.objects.read(order.identification_key))
                identification = identification_from_dict(found)
            duration_ms = line.sound_end_ms
            if line.sound_url is not None:
                with self._stores.scratch.folder() as folder:
                    path = folder / "sound"
                    self._bring(
                        attempt, line.sound_url, path, API_LIMITS.max_speech_bytes or 0, "speech"
                    )
                    duration_ms, key = self._keep_checked_sound(attempt, path)
                line = line.with_key(key)
            if not line.face_id:
                line = line.for_largest(identification, duration_ms)
            order = order.with_line(index, checked_line(line, identification, duration_ms))
        self._update(attempt, order=order.to_dict())

    def _identify(self, attempt: Attempt, order: Order) -> Order:
        """Bring the video in, find its faces, and write both into the order and the row."""
        max_bytes = API_LIMITS.max_video_bytes or 0
        limits = ChildLimits(self._settings.child_memory_mb, self._settings.identify_timeout_s)

        def find_faces(path: Path) -> dict[str, Any]:
            arguments = {"video": str(path), "limits": limits_to_dict(API_LIMITS)}
            return self._run(attempt, self._functions.identify, arguments, limits, end=_FACES_SHARE)

        with self._stores.scratch.folder() as folder:
            path = folder / "video"
            if order.video_key:
                self._intake.bring_own(order.video_key, path, max_bytes=max_bytes, field="video_id")
            else:
                self._bring(attempt, order.source_url, path, max_bytes, "video")
            kept = keep_video(self._settings, self._stores, attempt.account_id, path, find_faces)
        order = replace(
            order, video_key=kept.key, identification_key=kept.found_key, done=_FACES_SHARE
        )
        self._update(
            attempt,
            order=order.to_dict(),
            parent_key=kept.key,
            parent_duration_ms=kept.found["video"]["duration_ms"],
            parent_expires_at_ms=kept.expires_at_ms,
        )
        return order

    def _bring(self, attempt: Attempt, url: str, path: Path, max_bytes: int, field: str) -> None:
        """Fetch a file, in a thread that is left to itself when the task is not wanted any more."""
        outcome: Future[None] = Future()

        def fetch() -> None:
            try:
                self._intake.bring(
                    url,
                    path,
                    max_bytes=max_bytes,
                    timeout_s=self._settings.fetch_timeout_s,
                    field=field,
                )
                outcome.set_result(None)
            except BaseException as error:
                outcome.set_exception(error)

        threading.Thread(target=fetch, name="fetch", daemon=True).start()
        watch = _Watch(self, attempt)
        while not outcome.done():
            if watch.unwanted():
                self._leave(attempt, watch)
            wait([outcome], timeout=0.1)
        outcome.result()

    def _keep_checked_sound(self, attempt: Attempt, path: Path) -> tuple[int, str]:
        limits = ChildLimits(self._settings.child_memory_mb, self._settings.probe_timeout_s)
        found = self._run(attempt, self._functions.probe, {"speech": str(path)}, limits)
        key = keep_sound(
            self._stores.artifacts,
            attempt.account_id,
            path,
            found["format"],
            now_ms() + round(self._settings.result_days * 86_400_000),
        )
        return found["duration_ms"], key

    def render(self, attempt: Attempt) -> dict[str, Any]:
        """Render in a child and publish the file under the task's key.

        Returns
        -------
        dict
            ``key``, ``watermark_key``, ``duration_ms`` and ``warnings`` for `finish`.
        """
        order = self.order_of(attempt)
        objects = self._stores.objects
        with self._stores.scratch.folder() as folder:
            video, identification = folder / "video.mp4", folder / "identification.json"
            lines = []
            try:
                objects.get(order.video_key, video)
                objects.get(order.identification_key, identification)
                for index, line in enumerate(order.lines):
                    assert line.sound_key is not None
                    path = folder / f"speech{index}{Path(line.sound_key).suffix}"
                    if not path.exists():
                        objects.get(line.sound_key, path)
                    lines.append(line_to_dict(line.to_line(path)))
            except MissingObjectError:
                raise FailedError(
                    "expired", "the video or the sound is not kept any more"
                ) from None
            submission = self._submission(attempt, order, video, identification, lines)
            if submission is not None and not order.moderated:
                check_inputs(submission)
            output, watermarked = folder / "result.mp4", folder / "watermarked.mp4"
            banks = self._banks.bring(attempt.account_id, order, identification, folder / "banks")
            if banks is not None:
                known = sum(map(bool, banks.seals.values()))
                metrics.count_banks(known, len(banks.seals) - known)
            began = time.monotonic()
            found = self._run(
                attempt,
                self._functions.render,
                {
                    "video": str(video),
                    "identification": str(identification),
                    "lines": lines,
                    "original_volume": order.original_volume,
                    "output": str(output),
                    "watermarked": str(watermarked) if order.watermark else None,
                    "engine": order.engine,
                    "banks": None if banks is None else str(banks.folder),
                    "video_hash": "" if banks is None else banks.video,
                    # Checked when the task was made; what was right then must not fail now.
                    "limits": limits_to_dict(Limits()),
                },
                ChildLimits(self._settings.child_memory_mb, self._settings.render_timeout_s),
                start=order.done,
            )
            metrics.count_render(found.get("frame_count", 0), time.monotonic() - began)
            clock = metrics.StageClock("publish")
            if banks is not None:
                self._banks.keep(banks)
                looked = found.get("frames_looked_at")
                log.info("task %s: looked at %s frames to know its faces", attempt.task_id, looked)
            if submission is not None:
                check_output(submission, output)
            for made in (output, watermarked)[: 1 + order.watermark]:
                seal(self._settings, made, video, f"{attempt.task_id}.mp4")
            key = f"accounts/{attempt.account_id}/results/{attempt.task_id}.mp4"
            expires = now_ms() + round(self._settings.result_days * 86_400_000)
            self._stores.artifacts.publish(attempt.account_id, key, output, expires)
            watermark_key = None
            if order.watermark:
                watermark_key = f"{key.removesuffix('.mp4')}-watermarked.mp4"
                self._stores.artifacts.publish(
                    attempt.account_id, watermark_key, watermarked, expires
                )
            clock.stop()
        return {
            "key": key,
            "watermark_key": watermark_key,
            "duration_ms": found["duration_ms"],
            "warnings": found["warnings"],
        }

    def _submission(
        self,
        attempt: Attempt,
        order: Order,
        video: Path,
        identification: Path,
        lines: list[dict[str, Any]],
    ) -> Submission | None:
        """Gather what moderators see; None where there is none."""
        if not are_there_moderators():
            return None
        found = identification_from_dict(json.loads(identification.read_text()))
        return Submission(
            attempt.account_id,
            video,
            shown_faces(found, {line.face_id for line in order.lines}),
            tuple(
                SpokenSound(line.face_id, Path(made["speech"]), line.transcript)
                for line, made in zip(order.lines, lines, strict=True)
            ),
        )

    def finish(self, attempt: Attempt, result: dict[str, Any]) -> None:
        """Mark the task as succeeded, unless it was ended while its file was published."""
        with self._stores.database.write() as session:
            row = self._mine(session, attempt)
            if row is not None:
                row.stage = "done"
                row.progress = 1.0
                row.result_id = new_id()
                row.result_key = result["key"]
                row.result_duration_ms = result["duration_ms"]
                row.watermark_key = result.get("watermark_key")
                row.warnings = result["warnings"]
                row.expires_at_ms = now_ms() + round(self._settings.result_days * 86_400_000)
                enter(session, self._stores.signer, row, TaskStatus.SUCCEED)
                ended = False
            else:
                row = session.get(TaskRow, attempt.task_id)
                ended = row is not None and row.status in FINAL and row.result_key is None
                row = None
        if row is not None:
            metrics.count_end("succeed")
        if ended:
            for key in (result["key"], result.get("watermark_key")):
                if key is not None:
                    self._stores.artifacts.remove(key)

    def fail(self, attempt: Attempt, message: str, reason: str = metrics.OTHER) -> None:
        """Mark the task as failed and give the money back, together.

        The message is for its owner, the reason's stable word for whoever watches the fleet.
        """
        with self._stores.database.write() as session:
            row = self._mine(session, attempt)
            if row is None:
                return
            end_unpaid(session, self._stores.signer, row, TaskStatus.FAILED, message)
        metrics.count_end("failed", reason)
        log.warning("task %s failed: %s", attempt.task_id, message)

    def _mine(self, session: Session, attempt: Attempt) -> TaskRow | None:
        """Lock and return the task's row unless it is final or belongs to a later attempt."""
        row = session.get(TaskRow, attempt.task_id, with_for_update=True)
        if row is None or row.status in FINAL or row.attempts != attempt.number:
            return None
        return row

    def quiet_tasks(self, seconds: float) -> list[str]:
        """Return the unfinished tasks whose row has not changed for so long."""
        with self._stores.database.read() as session:
            return list(
                session.scalars(
                    select(TaskRow.id).where(
                        TaskRow.status.not_in(FINAL),
                        TaskRow.updated_at_ms < now_ms() - round(seconds * 1000),
                    )
                )
            )

    def fail_lost(self, task_id: str) -> None:
        """Fail a task that no workflow works on any more."""
        with self._stores.database.read() as session:
            row = session.get_one(TaskRow, task_id)
        attempt = Attempt(task_id, row.account_id, row.attempts)
        self.fail(attempt, "rendering failed: the work on it was lost", "lost")

    def give_back(self, attempt: Attempt) -> None:
        """Take back the counting of an attempt that ended only because the worker stops."""
        self._update(attempt, attempts=attempt.number - 1)

    def _run(
        self,
        attempt: Attempt,
        function: str,
        arguments: dict[str, Any],
        limits: ChildLimits,
        *,
        start: float = 0.0,
        end: float = 1.0,
    ) -> dict[str, Any]:
        """Run a child, whose progress is that of the task from ``start`` to ``end``."""
        watch = _Watch(self, attempt, start, end)
        clock = metrics.StageClock("prepare")

        def progress(value: Progress) -> None:
            clock.enter(value.stage)
            watch.report(value)

        environment = {
            "LIPWRIGHT_MODELS_DIR": str(self._settings.models_dir),
            "LIPWRIGHT_NEURAL_DEVICE": self._settings.neural_device,
            "LIPWRIGHT_MOUTH_WEIGHTS": self._settings.mouth_weights,
        }
        try:
            with Child(environment=environment) as child:
                found = child.run(
                    function, arguments, limits, progress=progress, cancelled=watch.unwanted
                )
        except ChildCancelledError:
            self._leave(attempt, watch)
        clock.stop()
        return found

    def _leave(self, attempt: Attempt, watch: _Watch) -> NoReturn:
        """Stop working on a task, in the way that the reason asks for."""
        if watch.ended:
            metrics.count_end("cancelled")
            log.info("task %s was ended while it was worked on", attempt.task_id)
            raise TaskEndedError
        if not watch.lost:
            self.give_back(attempt)
        raise WorkLeftError

    def is_stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping.is_set()

    def standing(self, attempt: Attempt) -> tuple[bool, bool]:
        """Whether the task has ended, and whether it belongs to a later attempt."""
        with self._stores.database.read() as session:
            found = session.execute(
                select(TaskRow.status, TaskRow.attempts).where(TaskRow.id == attempt.task_id)
            ).one_or_none()
        if found is None or found.status in FINAL:
            return True, False
        return False, found.attempts != attempt.number

    def _update(self, attempt: Attempt, **values: Any) -> bool:
        """Change the task's row unless it belongs to a later attempt or is final already."""
        with self._stores.database.write() as session:
            changed = session.execute(
                update(TaskRow)
                .where(
                    TaskRow.id == attempt.task_id,
                    TaskRow.attempts == attempt.number,
                    TaskRow.status.not_in(FINAL),
                )
                .values(updated_at_ms=now_ms(), **values)
                .returning(TaskRow.id)
            ).all()
        return bool(changed)


class _Watch:
    """Writes progress into the task's row, now and then, and sees when the work is not wanted.

    Whoever cancels a task only changes its row: this is how the worker, maybe on another machine,
    learns of it.
    """

    def __init__(
        self, runner: TaskRunner, attempt: Attempt, start: float = 0.0, end: float = 1.0
    ) -> None:
        self._start = start
        self._end = end
        self._runner = runner
        self._attempt = attempt
        self._reported = 0.0
        self._looked = time.monotonic()
        self.ended = False
        self.lost = False

    def report(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._reported < PROGRESS_INTERVAL_S:
            return
        self._reported = now
        fraction = self._start + (self._end - self._start) * progress.fraction
        self._runner._update(self._attempt, stage=progress.stage, progress=fraction)

    def unwanted(self) -> bool:
        """Whether to stop: the worker stops, the task was ended, or another worker has it."""
        now = time.monotonic()
        if now - self._looked >= WATCH_INTERVAL_S:
            self._looked = now
            self.ended, self.lost = self._runner.standing(self._attempt)
        return self.ended or self.lost or self._runner.is_stopping()


def words_for(error: BadInputError | FailedError) -> str:
    """Return a failed task's message."""
    if error.reason == "moderated":
        return error.detail
    if isinstance(error, BadInputError):
        return f"the {error.field.replace('_', ' ')} cannot be used: {error.detail}"
    return f"rendering failed: {error.detail}"
