"""From a session and lines to a task: everything is checked, then all is written at once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dbos import DBOSClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from lipwright.dubbing.placement import check_volume, find_face
from lipwright.dubbing.serialize import identification_from_dict
from lipwright.dubbing.types import API_LIMITS, Identification
from lipwright.errors import BadInputError, FailedError
from lipwright.jobs import engine
from lipwright.jobs.child import Child, ChildCancelledError, ChildLimits
from lipwright.jobs.intake import TIMED_OUT, Intake
from lipwright.jobs.links import FILES_PATH
from lipwright.jobs.orders import Order, OrderedLine, checked_line, keep_sound
from lipwright.jobs.records import live_session, task_value
from lipwright.jobs.sounds import decode_sound, is_url
from lipwright.jobs.stores import Stores
from lipwright.jobs.values import LineRequest, Task, TaskStatus
from lipwright.jobs.work import ChildFunctions
from lipwright.settings import Settings
from lipwright.store import ledger
from lipwright.store.clock import now_ms
from lipwright.store.ids import new_id
from lipwright.store.ledger import Movement
from lipwright.store.objects import MissingObjectError
from lipwright.store.tables import SessionRow, TaskRow

MAX_EXTERNAL_ID = 512
_LEAST_WAIT_S = 0.1


@dataclass(frozen=True)
class _ReadySound:
    """A sound that has been looked at, in a local file."""

    path: Path
    duration_ms: int
    format: str


class TaskMaker:
    """Makes tasks; thread-safe."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        client: DBOSClient,
        functions: ChildFunctions,
        closing: threading.Event,
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._client = client
        self._functions = functions
        self._closing = closing
        self._intake = Intake(settings, stores.objects, stores.signer)

    def create(
        self,
        account_id: str,
        session_id: str,
        lines: Sequence[LineRequest],
        *,
        external_id: str | None,
    ) -> Task:
        """See `lipwright.jobs.service.LipsyncService.create`."""
        with self._stores.database.read() as transaction:
            session = live_session(transaction, account_id, session_id)
            if external_id is not None:
                _check_external_id(transaction, account_id, external_id)
        identification = self._identification(session)
        _check_lines(lines, identification)
        expires = now_ms() + round(self._settings.result_days * 86_400_000)
        ordered = []
        deadline = time.monotonic() + self._settings.fetch_wait_s
        with self._stores.scratch.folder() as folder:
            ready: list[tuple[OrderedLine, _ReadySound | None]] = []
            # Everything is checked before anything is kept: a refused task leaves nothing.
            for index, request in enumerate(lines):
                with _at(index):
                    sound = self._sound(request.sound, folder / f"sound{index}", deadline)
                    line = OrderedLine.asked(request)
                    # Without the sound, all is checked but its own end.
                    length = sound.duration_ms if sound else max(request.sound_end_ms, 0)
                    line = checked_line(line, identification, length)
                ready.append((line, sound))
            for request, (line, sound) in zip(lines, ready, strict=True):
                if sound is None:
                    ordered.append(line.with_url(request.sound))
                    continue
                key = keep_sound(
                    self._stores.artifacts, account_id, sound.path, sound.format, expires
                )
                ordered.append(line.with_key(key))
        order = Order(
            video_key=session.video_key,
            identification_key=session.identification_key,
            original_volume=lines[0].original_volume,
            lines=tuple(ordered),
        )
        return self._accept(session, order, external_id, expires)

    def _identification(self, session: SessionRow) -> Identification:
        try:
            found = json.loads(self._stores.objects.read(session.identification_key))
        except MissingObjectError:
            raise BadInputError(
                "session", "expired_session", f"session {session.id} has expired"
            ) from None
        return identification_from_dict(found)

    def _sound(self, sound: str, path: Path, deadline: float) -> _ReadySound | None:
        """Bring a sound in and look at it; None if its source is too slow for now."""
        # The child starts up while the sound is on its way.
        with Child(warm=self._functions.warm_probe) as child:
            max_bytes = API_LIMITS.max_speech_bytes or 0
            if is_url(sound) or sound.startswith(FILES_PATH):
                try:
                    self._intake.bring(
                        sound,
                        path,
                        max_bytes=max_bytes,
                        timeout_s=max(_LEAST_WAIT_S, deadline - time.monotonic()),
                        field="speech",
                    )
                except BadInputError as error:
                    if error.reason != TIMED_OUT:
                        raise
                    return None
            else:
                path.write_bytes(decode_sound(sound, max_bytes))
            limits = ChildLimits(self._settings.child_memory_mb, self._settings.probe_timeout_s)
            try:
                found = child.run(
                    self._functions.probe,
                    {"speech": str(path)},
                    limits,
                    cancelled=self._closing.is_set,
                )
            except ChildCancelledError:
                raise FailedError("closing", "the service is stopping") from None
            except FailedError as error:
                if error.reason == "internal":
                    raise
                # Nothing of ours is at work there but the decoder: it is the sound's fault.
                raise BadInputError("speech", error.reason, "it cannot be decoded") from None
        return _ReadySound(path, found["duration_ms"], found["format"])

    def _accept(
        self, session: SessionRow, order: Order, external_id: str | None, expires: int
    ) -> Task:
        """Write the task, the charge and the workflow in one transaction."""
        now = now_ms()
        price = self._settings.price_lipsync_micro_ptc
        row = TaskRow(
            id=new_id(),
            account_id=session.account_id,
            external_id=external_id,
            session_id=session.id,
            status=TaskStatus.SUBMITTED.value,
            message="",
            stage="",
            progress=0.0,
            attempts=0,
            order=order.to_dict(),
            parent_id=session.video_id,
            parent_key=session.video_key,
            parent_duration_ms=session.video_duration_ms,
            parent_expires_at_ms=session.video_expires_at_ms,
            result_id=None,
            result_key=None,
            result_duration_ms=None,
            warnings=[],
            price_micro_ptc=price,
            created_at_ms=now,
            updated_at_ms=now,
            expires_at_ms=expires,
        )
        try:
            with self._stores.database.write() as transaction:
                if external_id is not None:
                    _check_external_id(transaction, session.account_id, external_id)
                transaction.add(row)
                ledger.record(transaction, row.account_id, Movement.LIPSYNC, row.id, -price)
                transaction.flush()
                engine.enqueue_lipsync(self._client, transaction, row.id)
        except IntegrityError:
            # Two requests with the same external id at once: the database let one of them in.
            if external_id is None:
                raise
            raise _duplicate(external_id) from None
        return task_value(row)


def _check_lines(lines: Sequence[LineRequest], identification: Identification) -> None:
    """Check all that needs no sound."""
    if not lines:
        raise BadInputError("lines", "empty", "must name at least one face")
    seen: set[str] = set()
    for index, line in enumerate(lines):
        with _at(index):
            find_face(identification, line.face_id)
            if line.face_id in seen:
                raise BadInputError("face", "duplicate_face", f"{line.face_id} is chosen twice")
            seen.add(line.face_id)
            check_volume("speech_volume", line.speech_volume)
            check_volume("original_volume", line.original_volume)
            if line.original_volume != lines[0].original_volume:
                raise BadInputError(
                    "original_volume", "conflicting", "must be the same for every face"
                )


def _check_external_id(transaction: Transaction, account_id: str, external_id: str) -> None:
    if len(external_id) > MAX_EXTERNAL_ID:
        raise BadInputError(
            "external_task_id", "too_long", f"must be at most {MAX_EXTERNAL_ID} characters long"
        )
    taken = transaction.scalars(
        select(TaskRow.id).where(
            TaskRow.account_id == account_id, TaskRow.external_id == external_id
        )
    ).first()
    if taken is not None:
        raise _duplicate(external_id)


def _duplicate(external_id: str) -> BadInputError:
    return BadInputError("external_task_id", "duplicate", f"{external_id} already exists")


@contextmanager
def _at(index: int) -> Iterator[None]:
    """Say of which line an error speaks."""
    try:
        yield
    except BadInputError as error:
        if error.index is None:
            error.index = index
        raise
