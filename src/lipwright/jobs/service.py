"""The neutral core behind the HTTP API: identify a video, create a task, look it up."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from dbos import DBOSClient
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session as Transaction

from lipwright.errors import BadInputError
from lipwright.jobs import engine, records
from lipwright.jobs.claims import Claims
from lipwright.jobs.costs import Costs, costs_of
from lipwright.jobs.creating import TaskMaker
from lipwright.jobs.identifying import Identifier
from lipwright.jobs.links import file_path
from lipwright.jobs.looking import look_at_session
from lipwright.jobs.metrics_fleet import Fleet, look_at_fleet
from lipwright.jobs.outlook import Outlook, Slots, outlooks, recent_speed
from lipwright.jobs.present import check_models
from lipwright.jobs.queue import WORKER_PREFIX
from lipwright.jobs.stores import Stores
from lipwright.jobs.transitions import end_unpaid
from lipwright.jobs.uploading import keep_upload
from lipwright.jobs.values import (
    FINAL,
    Delivery,
    Health,
    IdentifiedSession,
    LegacyRequest,
    LineRequest,
    NotFoundError,
    OwnVideo,
    Session,
    Task,
    TaskKind,
    TaskOptions,
    TaskStatus,
    Upload,
)
from lipwright.jobs.work import ChildFunctions
from lipwright.settings import Settings
from lipwright.store.accounts import Rules, take_call
from lipwright.store.clock import now_ms
from lipwright.store.credentials import authenticate, authenticate_at_once
from lipwright.store.idempotency import Claim, Done, IdempotencyKeys, Running
from lipwright.store.keys import ApiKey
from lipwright.store.lately import Lately
from lipwright.store.leases import Offer
from lipwright.store.objects import MissingObjectError, ObjectStore
from lipwright.store.signing import BadTokenError
from lipwright.store.tables import AccountRow, DeliveryRow, TaskRow

CANCELLED_MESSAGE = "cancelled by its owner"
_PLAIN = TaskOptions()
_ESTIMATE_S = 0.5


@dataclass(frozen=True)
class OpenedFile:
    """A file of ours that a link opened.

    Attributes
    ----------
    key
        The object's key.
    size
        Length in bytes.
    media_type
        MIME type by the key's suffix, ``application/octet-stream`` if unknown.
    etag
        Quoted entity tag; an object never changes under its key.
    """

    key: str
    size: int
    media_type: str
    etag: str
    objects: ObjectStore

    def stream(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to, not including, ``end`` in pieces."""
        return self.objects.stream(self.key, start, end)


class LipsyncService:
    """All that the service does for an account, free of HTTP.

    Thread-safe. The methods block (up to a minute for `identify`), so an async caller runs them
    in worker threads. Renders happen in a worker (`lipwright.jobs.worker`), never here.

    Parameters
    ----------
    settings
        Where the database, the files and the limits are.
    functions
        What children run; for tests.
    """

    def __init__(self, settings: Settings, *, functions: ChildFunctions | None = None) -> None:
        self.settings = settings
        self._functions = functions or ChildFunctions()
        self._opened: _Opened | None = None
        # What an estimate rests on: as fresh as an estimate needs to be.
        self._offers: Lately[str, list[Offer]] = Lately(_ESTIMATE_S)
        self._speed: Lately[str, float | None] = Lately(_ESTIMATE_S)

    def start(self) -> None:
        """Open (and migrate) the database and the object store; runs no worker."""
        if self._opened is None:
            self._opened = _Opened(self.settings, self._functions)

    def close(self) -> None:
        """Give back everything `start` opened; running identifications are killed."""
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    @property
    def _open(self) -> _Opened:
        if self._opened is None:
            raise RuntimeError("the service is not started")
        return self._opened

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def health(self) -> Health:
        """Ask the database how many workers live and how many tasks wait.

        Raises
        ------
        Exception
            Whatever the database says when it cannot be reached.
        """
        stores = self._open.stores
        waiting = select(func.count()).where(TaskRow.status == TaskStatus.SUBMITTED.value)
        with stores.database.read() as transaction:
            count = transaction.scalar(waiting)
        return Health(workers=len(stores.leases.live(WORKER_PREFIX)), waiting=count or 0)

    def fleet(self) -> Fleet:
        """Count what the database knows of the whole fleet; raises as `health`."""
        with self._open.stores.database.read() as transaction:
            return look_at_fleet(transaction)

    def readiness(self) -> dict[str, Callable[[], None]]:
        """Return what this process needs in order to answer, each with its check.

        A check returns if all is well and raises what is wrong; it may block for long.
        """
        stores = self._open.stores
        return {
            "database": stores.database.check,
            "storage": stores.objects.check,
            "models": partial(check_models, self.settings),
        }

    def keys_exist(self) -> bool:
        """Whether any API key, revoked or not, was ever created: then callers must show one."""
        return self._open.stores.keys.any()

    def authenticate(self, credential: str) -> ApiKey:
        """Return the key that a credential proves, an API key or a signed token.

        Raises
        ------
        CredentialError
            It proves nothing, or not now.
        """
        return authenticate(self._open.stores.keys, credential)

    def authenticate_at_once(self, credential: str) -> ApiKey | None:
        """Return what `authenticate` would if it is known already, else None; does not block.

        Raises
        ------
        CredentialError
            It has expired.
        """
        return authenticate_at_once(self._open.stores.keys, credential)

    def take_call(self, account_id: str) -> None:
        """Count a call against the account's rate, if it has one.

        Raises
        ------
        LimitReachedError
            It is one too many.
        """
        database, rules = self._open.stores.database, Rules.of(self.settings)
        with database.read() as transaction:
            row = transaction.get(AccountRow, account_id)
        if rules.for_account(row).rate_per_minute > 0:
            with database.write() as transaction:
                take_call(transaction, account_id, rules, now_ms() * 1000)

    def costs(self, account_id: str, start_ms: int, end_ms: int) -> Costs:
        """Return what an account has left, and what it spent from one time to another."""
        with self._open.stores.database.read() as transaction:
            return costs_of(transaction, account_id, start_ms, end_ms, Rules.of(self.settings))

    def claim(self, account_id: str, key: str, fingerprint: str) -> Claim | Running | Done:
        """Claim an idempotency key: see `lipwright.store.idempotency.IdempotencyKeys.claim`.

        Who gets a claim passes it to `identify` or `create`, and then to `end_claim`.
        """
        return self._open.claims.claim(account_id, key, fingerprint)

    def end_claim(self, claim: Claim) -> None:
        """Say that the work of a key is over; the key is free again unless it was completed."""
        self._open.claims.end(claim)

    def identify(
        self, account_id: str, video: str | Path | OwnVideo, *, claim: Claim | None = None
    ) -> Session:
        """Find the faces of a video that can be lip-synced.

        Parameters
        ----------
        account_id
            Whose session it becomes.
        video
            An http(s) URL, a link to one of our own files, a video that the account already has
            here, or a file on this machine (which is copied and left alone).
        claim
            The idempotency key whose work this is.

        Raises
        ------
        BadInputError
            Field ``video``: cannot be fetched, not a usable video, outside `API_LIMITS`; or
            ``video_id``: ``unknown_video``, ``expired_video``.
        LimitReachedError
            The account cannot pay.
        FailedError
            Identifying ran out of time or memory, or crashed.
        """
        return self._open.identifier.identify(account_id, video, claim=claim)

    def find_session(self, account_id: str, id: str) -> Session:
        """Return a session, even one that has expired a moment ago.

        Raises
        ------
        NotFoundError
            The account has no such session.
        """
        with self._open.stores.database.read() as transaction:
            return records.find_session(transaction, account_id, id)

    def look_at_session(self, account_id: str, id: str) -> IdentifiedSession:
        """Return a session with all that was found in its video.

        Raises
        ------
        BadInputError
            Field ``session``: ``unknown_session``, ``expired_session``.
        """
        return look_at_session(self._open.stores, account_id, id)

    def create(
        self,
        account_id: str,
        session_id: str,
        lines: Sequence[LineRequest],
        *,
        external_id: str | None = None,
        options: TaskOptions = _PLAIN,
    ) -> Task:
        """Check the lines, accept the task and charge for it, all or nothing.

        Returns once the task is durable. Takes at most about ``settings.fetch_wait_s``: a sound
        whose source is slower is fetched by the worker, and its faults show in the task.

        Raises
        ------
        BadInputError
            Fields ``session`` (``unknown_session``, ``expired_session``), ``lines`` (``empty``),
            ``face`` (``unknown_face``), ``speech`` (not Base64, unreachable,
            wrong format, too large, …), ``speech_start``, ``speech_end``, ``insert`` (also
            ``lines_overlap``: one face cannot say two things at once),
            ``speech_volume``, ``original_volume``, ``external_task_id`` (``duplicate``); with
            ``index`` set to the line's position where one is at fault; ``engine``
            (``unknown_engine``), ``callback_url``.
        LimitReachedError
            The account cannot pay, or has no free slot.
        """
        made = self._open.maker.create(
            account_id, session_id, lines, external_id=external_id, options=options
        )
        return self.find_task(account_id, made.id)

    def create_legacy(
        self,
        account_id: str,
        request: LegacyRequest,
        *,
        external_id: str | None = None,
        options: TaskOptions = _PLAIN,
    ) -> Task:
        """Accept a task for a video that was not identified: its largest face says the sound.

        The video is fetched and looked at by the worker, so its faults show in the task. The
        sound begins where the face does, replaces the video's own and is cut to fit.

        Raises
        ------
        BadInputError
            As `create`, for ``video``, ``video_id``, ``speech``, ``external_task_id``,
            ``engine`` and ``callback_url``.
        """
        made = self._open.maker.create_legacy(
            account_id, request, external_id=external_id, options=options
        )
        return self.find_task(account_id, made.id)

    def list_tasks(
        self,
        account_id: str,
        *,
        offset: int,
        limit: int,
        kind: TaskKind = TaskKind.ADVANCED,
    ) -> list[Task]:
        """Return an account's tasks that one operation made, newest first.

        Parameters
        ----------
        account_id, kind
            Whose tasks, made by which operation.
        offset, limit
            How many are skipped, and how many are returned at most.
        """
        with self._open.stores.database.read() as transaction:
            rows = records.task_rows(transaction, account_id, kind, offset, limit)
            return self._looked_ahead(transaction, rows)

    def find_task(self, account_id: str, id: str, *, kind: TaskKind | None = None) -> Task:
        """Return a task by its id or by its caller's own external id.

        Parameters
        ----------
        account_id, id
            Whose task, and which.
        kind
            Look only at tasks that this operation made.

        Raises
        ------
        NotFoundError
            The account has no such task, or it has expired.
        """
        [task] = self.find_tasks([(account_id, id, kind)])
        if task is None:
            raise NotFoundError("task", id)
        return task

    def find_tasks(self, wanted: Sequence[records.Wanted]) -> list[Task | None]:
        """Look many tasks up for little more than one costs; None where there is no such task.

        Parameters
        ----------
        wanted
            What `find_task` is told, for each; the accounts may differ.
        """
        with self._open.stores.database.read() as transaction:
            rows = records.task_views(transaction, wanted)
            there = list({row.id: row for row in rows if row is not None}.values())
            tasks = {task.id: task for task in self._looked_ahead(transaction, there)}
        return [None if row is None else tasks[row.id] for row in rows]

    def _looked_ahead(
        self, transaction: Transaction, rows: Sequence[TaskRow | Row[Any]]
    ) -> list[Task]:
        going_on = [row for row in rows if row.status not in FINAL]
        ahead: dict[str, Outlook] = {}
        if going_on:
            speed = self._speed.get("speed", lambda: recent_speed(transaction))
            ahead = outlooks(transaction, going_on, self._slots(), self.settings, speed)
        return [_seen_ahead(records.task_value(row), ahead.get(row.id)) for row in rows]

    def _slots(self) -> Slots:
        offers = self._offers.get("offers", lambda: self._open.stores.leases.offers(WORKER_PREFIX))
        return Slots.offered(offers, self.settings.worker_concurrency)

    def cancel(self, account_id: str, id: str) -> Task:
        """End a task that waits or is worked on, and give its price back.

        The worker, wherever it runs, kills the render within a second. Cancelling a cancelled
        task changes nothing.

        Raises
        ------
        NotFoundError
            As `find_task`.
        BadInputError
            Field ``task``, reason ``finished``: it has succeeded or failed already.
        """
        stores = self._open.stores
        with stores.database.write() as transaction:
            row = records.task_row(transaction, account_id, id, lock=True)
            ended = end_unpaid(
                transaction, stores.signer, row, TaskStatus.CANCELLED, CANCELLED_MESSAGE
            )
            task = records.task_value(row)
        if not ended and task.status is not TaskStatus.CANCELLED:
            word = "succeeded" if task.status is TaskStatus.SUCCEED else "failed"
            raise BadInputError("task", "finished", f"task {task.id} has already {word}")
        return task

    def deliveries(self, account_id: str, task_id: str) -> list[Delivery]:
        """Return the callbacks of a task, in the order in which they are sent.

        Raises
        ------
        NotFoundError
            As `find_task`.
        """
        with self._open.stores.database.read() as transaction:
            row = records.task_row(transaction, account_id, task_id)
            rows = transaction.scalars(
                select(DeliveryRow)
                .where(DeliveryRow.task_id == row.id)
                .order_by(DeliveryRow.number)
            )
            return [records.delivery_value(found) for found in rows]

    def rotate_webhook_secret(self, account_id: str) -> str:
        """Make a new secret for an account's callbacks and return it, this one time."""
        return self._open.stores.webhooks.rotate(account_id)

    def count_webhook_secrets(self, account_id: str) -> int:
        """Return how many secrets sign an account's callbacks now."""
        return len(self._open.stores.webhooks.live(account_id))

    def remove_webhook_secrets(self, account_id: str) -> None:
        """Stop signing an account's callbacks."""
        self._open.stores.webhooks.remove(account_id)

    def upload(self, account_id: str, file_name: str, path: Path) -> Upload:
        """Keep a caller's file for later use as a video or a sound.

        Parameters
        ----------
        account_id
            Whose file it is.
        file_name
            The caller's name for it; only its suffix and its readable part are used.
        path
            The bytes, on this machine; copied and left alone.
        """
        return keep_upload(self.settings, self._open.stores, account_id, file_name, path)

    def link(self, key: str, expires_at_ms: int, name: str | None = None) -> str:
        """Return the path of a signed link to an object: ``/v1/files/{token}/{name}``.

        Parameters
        ----------
        key
            The object's key.
        expires_at_ms
            When the link stops working, Unix time in ms. Equal arguments give equal links.
        name
            File name at the end of the path; by default the key's last part.
        """
        token = self._open.stores.signer.sign(key, expires_at_ms)
        return file_path(token, name or key.rpartition("/")[2])

    def open_file(self, token: str) -> OpenedFile:
        """Open the file that a link's token stands for.

        Raises
        ------
        NotFoundError
            The token is forged or expired, or the file is gone.
        """
        stores = self._open.stores
        try:
            key = stores.signer.verify(token)
            size = stores.objects.size(key)
        except (BadTokenError, MissingObjectError):
            raise NotFoundError("file", token) from None
        return OpenedFile(
            key=key,
            size=size,
            media_type=mimetypes.guess_type(key)[0] or "application/octet-stream",
            etag=f'"{sha256(key.encode()).hexdigest()[:32]}"',
            objects=stores.objects,
        )

    def temp_folder(self) -> AbstractContextManager[Path]:
        """Give a folder for a request's temporary files, removed at the end of the block.

        What a crash leaves in it is swept.
        """
        return self._open.stores.scratch.folder()


def _seen_ahead(task: Task, ahead: Outlook | None) -> Task:
    if ahead is None:
        return task
    return replace(task, queue_position=ahead.queue_position, eta_s=ahead.eta_s)


class _Opened:
    """What `LipsyncService.start` opens."""

    def __init__(self, settings: Settings, functions: ChildFunctions) -> None:
        self.stores = Stores(settings)
        self.client: DBOSClient = engine.open_client(self.stores.database)
        self.closing = threading.Event()
        self.identifier = Identifier(settings, self.stores, functions, self.closing)
        self.maker = TaskMaker(settings, self.stores, self.client, functions, self.closing)
        self.claims = Claims(IdempotencyKeys(self.stores.database))

    def close(self) -> None:
        self.closing.set()
        self.claims.close()
        self.client.destroy()
        self.stores.close()
