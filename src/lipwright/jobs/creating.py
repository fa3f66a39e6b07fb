"""From a session and lines to a task: everything is checked, then all is written at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dbos import DBOSClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from lipwright.dubbing.placement import check_volume, find_face
from lipwright.dubbing.types import API_LIMITS, Fit, Identification
from lipwright.errors import BadInputError, FailedError
from lipwright.jobs import engine, spans
from lipwright.jobs.child import Child, ChildCancelledError, ChildLimits
from lipwright.jobs.engines import engine_for
from lipwright.jobs.fairness import Priority
from lipwright.jobs.intake import TIMED_OUT, Intake
from lipwright.jobs.limits import accept_task, check_room, priority_for
from lipwright.jobs.links import FILES_PATH
from lipwright.jobs.looking import read_identification
from lipwright.jobs.moderation import (
    SpokenSound,
    Submission,
    are_there_moderators,
    check_inputs,
    shown_faces,
)
from lipwright.jobs.orders import Order, OrderedLine, check_no_overlap, checked_line, keep_sound
from lipwright.jobs.outbox import tell
from lipwright.jobs.pressure import check_machine, check_queue
from lipwright.jobs.queue import CPU, GPU, NewItem, put
from lipwright.jobs.records import live_session, own_video_key, task_value
from lipwright.jobs.sounds import decode_sound, is_url
from lipwright.jobs.stores import Stores
from lipwright.jobs.trace import about, request_id
from lipwright.jobs.values import (
    Callback,
    LegacyRequest,
    LineRequest,
    OwnVideo,
    StoredVideo,
    Task,
    TaskKind,
    TaskOptions,
    TaskStatus,
)
from lipwright.jobs.work import ChildFunctions
from lipwright.media.fetch import check_url
from lipwright.settings import Settings
from lipwright.speech.synthesis import SpeechText, load_speech_engine, speak
from lipwright.store.accounts import Rules
from lipwright.store.clock import now_ms
from lipwright.store.idempotency import Claim
from lipwright.store.ids import new_id
from lipwright.store.objects import MissingObjectError
from lipwright.store.tables import SessionRow, TaskRow

log = logging.getLogger(__name__)

MAX_EXTERNAL_ID = 512

_LEAST_WAIT_S = 0.1
_PLAIN = TaskOptions()


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
        self._rules = Rules.of(settings)

    def create(
        self,
        account_id: str,
        session_id: str,
        lines: Sequence[LineRequest],
        *,
        external_id: str | None,
        options: TaskOptions = _PLAIN,
    ) -> Task:
        """See `lipwright.jobs.service.LipsyncService.create`."""
        engine_name = self._check_options(options)
        with self._stores.database.read() as transaction:
            session = live_session(transaction, account_id, session_id)
            priority = priority_for(transaction, account_id, options.priority, self._settings)
            if external_id is not None:
                _check_external_id(transaction, account_id, external_id)
            self._check_room(transaction, account_id)
        identification = read_identification(
            self._stores.objects, session.id, session.identification_key
        )
        _check_lines(lines, identification)
        expires = now_ms() + self._settings.result_ms
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
            check_no_overlap([line for line, _ in ready])
            moderated = self._moderate(account_id, session, identification, ready, folder)
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
            engine=engine_name,
            watermark=options.watermark,
            moderated=moderated,
        )
        parent = StoredVideo(
            session.video_id,
            session.video_key,
            session.video_duration_ms,
            session.video_expires_at_ms,
        )
        return self._accept(
            account_id,
            parent,
            order,
            external_id,
            expires,
            session_id=session.id,
            kind=TaskKind.ADVANCED,
            callback=options.callback,
            claim=options.claim,
            priority=priority,
        )

    def create_legacy(
        self,
        account_id: str,
        request: LegacyRequest,
        *,
        external_id: str | None = None,
        options: TaskOptions = _PLAIN,
    ) -> Task:
        """See `lipwright.jobs.service.LipsyncService.create_legacy`."""
        engine_name = self._check_options(options)
        with self._stores.database.read() as transaction:
            priority = priority_for(transaction, account_id, options.priority, self._settings)
            self._check_room(transaction, account_id)
        video_key = source_url = ""
        if isinstance(request.video, OwnVideo):
            with self._stores.database.read() as transaction:
                video_key = own_video_key(transaction, account_id, request.video.id)
        else:
            # Looked up now, so that a URL that can never be fetched is refused and not accepted.
            self._intake.check(request.video, "video")
            source_url = request.video
        expires = now_ms() + self._settings.result_ms
        with self._stores.scratch.folder() as folder:
            deadline = time.monotonic() + self._settings.fetch_wait_s
            said = None
            if request.text is not None:
                said = folder / "said"
                _say(request.text, said)
            sound = self._sound(request.sound, folder / "sound", deadline, said)
            line = OrderedLine(
                face_id="",
                sound_start_ms=0,
                sound_end_ms=sound.duration_ms if sound else 0,
                insert_ms=0,
                speech_volume=1.0,
                fit=Fit.TRIM.value,
            )
            if sound is None:
                line = line.with_url(request.sound)
            else:
                line = line.with_key(
                    keep_sound(
                        self._stores.artifacts, account_id, sound.path, sound.format, expires
                    )
                )
        if video_key:
            self._stores.artifacts.keep(account_id, video_key, expires)
        order = Order(
            video_key=video_key,
            identification_key="",
            original_volume=0.0,
            lines=(line,),
            engine=engine_name,
            watermark=options.watermark,
            source_url=source_url,
        )
        return self._accept(
            account_id,
            StoredVideo(new_id(), video_key, 0, expires),
            order,
            external_id,
            expires,
            session_id="",
            kind=TaskKind.LEGACY,
            callback=options.callback,
            claim=options.claim,
            priority=priority,
        )

    def _check_room(self, transaction: Transaction, account_id: str) -> None:
        price = self._settings.price_lipsync_micro_ptc
        check_room(transaction, account_id, price, self._rules, slot=True)
        check_queue(transaction, self._settings)
        check_machine(self._settings)

    def _check_options(self, options: TaskOptions) -> str:
        """Check what needs no video, and name the engine that will render."""
        if self._settings.require_consent and not options.consent:
            raise BadInputError(
                "consent",
                "consent_required",
                "this server accepts a task only with true, your word that the person shown agrees",
            )
        if options.callback is not None:
            check_url(options.callback.url, field="callback_url", allow=self._settings.fetch_allow)
        return engine_for(options.engine, self._settings)

    def _moderate(
        self,
        account_id: str,
        session: SessionRow,
        identification: Identification,
        ready: Sequence[tuple[OrderedLine, _ReadySound | None]],
        folder: Path,
    ) -> bool:
        """Have the moderators look now, if all is at hand; else the worker has them look."""
        sounds = [
            SpokenSound(line.face_id, sound.path, line.transcript)
            for line, sound in ready
            if sound is not None
        ]
        if not are_there_moderators() or len(sounds) < len(ready):
            return False
        video = folder / "video.mp4"
        try:
            self._stores.objects.get(session.video_key, video)
        except MissingObjectError:
            raise BadInputError(
                "session", "expired_session", f"session {session.id} has expired"
            ) from None
        faces = shown_faces(identification, {line.face_id for line, _ in ready})
        check_inputs(Submission(account_id, video, faces, tuple(sounds)))
        return True

    def _sound(
        self, sound: str, path: Path, deadline: float, said: Path | None = None
    ) -> _ReadySound | None:
        """Bring a sound in, or take the one that is here, and look at it; None if its source is
        too slow for now.
        """
        # The child starts up while the sound is on its way.
        with Child(warm=self._functions.warm_probe) as child:
            max_bytes = API_LIMITS.max_speech_bytes or 0
            if said is not None:
                path = said
            elif is_url(sound) or sound.startswith(FILES_PATH):
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

    @spans.traced("accept")
    def _accept(
        self,
        account_id: str,
        parent: StoredVideo,
        order: Order,
        external_id: str | None,
        expires: int,
        *,
        session_id: str,
        kind: TaskKind,
        callback: Callback | None,
        claim: Claim | None,
        priority: Priority,
    ) -> Task:
        """Write the task, the charge, the callback and the workflow in one transaction."""
        now = now_ms()
        price = self._settings.price_lipsync_micro_ptc
        order = replace(order, trace=spans.here())
        row = TaskRow(
            id=new_id(),
            account_id=account_id,
            external_id=external_id,
            session_id=session_id,
            kind=kind.value,
            started_at_ms=None,
            watermark=order.watermark,
            watermark_key=None,
            request_id=request_id.get()[:64],
            callback_url=callback.url if callback else None,
            callback_writer=callback.writer if callback else "",
            callback_base=callback.base if callback else "",
            status=TaskStatus.SUBMITTED.value,
            message="",
            stage="",
            progress=0.0,
            attempts=0,
            order=order.to_dict(),
            parent_id=parent.id,
            parent_key=parent.key,
            parent_duration_ms=parent.duration_ms,
            parent_expires_at_ms=parent.expires_at_ms,
            result_id=None,
            result_key=None,
            result_duration_ms=None,
            warnings=[],
            price_micro_ptc=price,
            priority=priority.value,
            created_at_ms=now,
            updated_at_ms=now,
            expires_at_ms=expires,
        )
        try:
            with self._stores.database.write() as transaction:
                if external_id is not None:
                    _check_external_id(transaction, account_id, external_id)
                accept_task(transaction, account_id, row.id, price, self._rules, claim)
                transaction.add(row)
                tell(transaction, self._stores.signer, row)
                transaction.flush()
                put(
                    transaction,
                    NewItem(
                        row.id,
                        row.id,
                        account_id,
                        queue=GPU if order.engine in self._settings.gpu_engines else CPU,
                        cost_ms=parent.duration_ms,
                        priority=row.priority,
                    ),
                )
                engine.announce(self._client, transaction, row.id)
        except IntegrityError:
            # Two requests with the same external id at once: the database let one of them in.
            if external_id is None:
                raise
            raise _duplicate(external_id) from None
        with about(task=row.id):
            log.info("task %s is accepted", row.id)
        return task_value(row)


def _say(text: SpeechText, path: Path) -> None:
    """Have a text-to-speech engine speak, if there is one."""
    engine = load_speech_engine()
    if engine is None:
        raise BadInputError(
            "text",
            "no_voice_engine",
            "no text-to-speech engine is installed on this server; send a sound instead",
        )
    speak(engine, text, path)


def _check_lines(lines: Sequence[LineRequest], identification: Identification) -> None:
    """Check all that needs no sound."""
    if not lines:
        raise BadInputError("lines", "empty", "must name at least one face")
    for index, line in enumerate(lines):
        with _at(index):
            find_face(identification, line.face_id)
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
