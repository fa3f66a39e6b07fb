"""A small in-memory double of the core, and the real app over it on a real socket."""

from __future__ import annotations

import hashlib
import shutil
import socket
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import uvicorn

from lipwright.api.app import create_app
from lipwright.dubbing.types import Identification
from lipwright.errors import BadInputError
from lipwright.faces.types import Box, FaceSample, IdentifiedFace
from lipwright.jobs.costs import Costs
from lipwright.jobs.metrics_fleet import Fleet
from lipwright.jobs.service import LipsyncService, OpenedFile
from lipwright.jobs.values import (
    Delivery,
    Health,
    IdentifiedSession,
    LegacyRequest,
    LineRequest,
    NotFoundError,
    OwnVideo,
    Session,
    SessionFace,
    StoredVideo,
    Task,
    TaskKind,
    TaskOptions,
    TaskStatus,
    Upload,
)
from lipwright.media.types import ColorTags, VideoInfo
from lipwright.settings import Settings
from lipwright.store.credentials import CredentialError, CredentialFault
from lipwright.store.idempotency import Claim, Done, Running
from lipwright.store.keys import ApiKey, Scope
from lipwright.store.ledger import Total

NOW_MS = 1_790_000_000_000
LATER_MS = NOW_MS + 3_600_000
VIDEO = VideoInfo(
    width=640,
    height=512,
    frame_rate=Fraction(30000, 1001),
    time_base=Fraction(1, 30000),
    duration_ms=7000,
    rotation=0,
    color=ColorTags(),
    has_audio=True,
    container="mov",
    codec="h264",
    size_bytes=1000,
)
SAMPLES = (FaceSample(0, Box(160, 128, 320, 384)), FaceSample(500, Box(176, 128, 336, 384)))


class MemoryFile:
    def __init__(self, content: bytes, media_type: str) -> None:
        self.content = content
        self.key = "key"
        self.size = len(content)
        self.media_type = media_type
        self.etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'

    def stream(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        part = self.content[start:end]
        for at in range(0, len(part), 1000):
            yield part[at : at + 1000]


class MemoryService:
    """Knows one session and what it was told; `fault` is raised by the next calls."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self.keys: dict[str, str] = {}
        self.scopes: tuple[Scope, ...] = (Scope.WRITE,)
        self.calls: list[str] = []
        self.faults = {
            "unproven": CredentialFault.FAILED,
            "early": CredentialFault.TOO_EARLY,
            "late": CredentialFault.EXPIRED,
        }
        self.videos: list[tuple[str, str]] = []
        self.created: list[tuple[str, str, list[LineRequest], str | None]] = []
        self.options: list[TaskOptions] = []
        self.tasks: dict[tuple[str, str], Task] = {}
        self.files: dict[str, MemoryFile] = {
            "good": MemoryFile(bytes(range(256)) * 40, "video/mp4")
        }
        self.uploads: list[tuple[str, str, int, str]] = []
        self.legacy: list[LegacyRequest] = []
        self.sent: list[Delivery] = []
        self.secrets: list[str] = []
        self.sessions: dict[tuple[str, str], Session] = {}
        self.claims: dict[tuple[str, str], tuple[str, str | None]] = {}
        self.asked_costs: list[tuple[str, int, int]] = []
        self.pages: list[tuple[int, int]] = []
        self.prepaid = True
        self.needs: dict[str, Callable[[], None]] = {"database": lambda: None}
        self.may_identify = threading.Event()
        self.may_identify.set()
        self.identifying = 0
        self.most_identifying = 0
        self.faces: tuple[SessionFace, ...] = (
            SessionFace("0", 0, 7000, "accounts/a/face0.jpg"),
            SessionFace("1", 120, 2400, "accounts/a/face1.jpg"),
        )
        self._lock = threading.Lock()
        self.temp = Path(tempfile.mkdtemp(prefix="lipwright-api-tests-"))
        weakref.finalize(self, shutil.rmtree, self.temp, ignore_errors=True)

    @contextmanager
    def temp_folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self.temp) as folder:
            yield Path(folder)

    def _maybe_fail(self) -> None:
        if self.fault is not None:
            raise self.fault

    def health(self) -> Health:
        self._maybe_fail()
        return Health(workers=2, waiting=3)

    def fleet(self) -> Fleet:
        self._maybe_fail()
        return Fleet(
            tasks={"submitted": 3, "processing": 2, "succeed": 40, "failed": 1, "cancelled": 0},
            items={("gpu", "waiting"): 2},
            oldest_waiting_s=12.5,
            started_again=1,
            leases={"worker": 2, "take-over": 0, "sweep": 1},
            deliveries={"pending": 4, "delivered": 90, "undelivered": 0},
            oldest_delivery_s=2.0,
            work_per_video_s=1.5,
        )

    def readiness(self) -> dict[str, Callable[[], None]]:
        return self.needs

    def keys_exist(self) -> bool:
        return bool(self.keys)

    def authenticate_at_once(self, credential: str) -> ApiKey | None:
        return None

    def authenticate(self, credential: str) -> ApiKey:
        if credential not in self.keys:
            fault = self.faults.get(credential, CredentialFault.INVALID)
            raise CredentialError(fault, "Authorization is invalid")
        return ApiKey(
            id="k",
            account_id=self.keys[credential],
            name="",
            prefix=credential[:9],
            created_at_ms=NOW_MS,
            revoked_at_ms=None,
            scopes=self.scopes,
        )

    def take_call(self, account_id: str) -> None:
        self.calls.append(account_id)

    def claim(self, account_id: str, key: str, fingerprint: str) -> Claim | Running | Done:
        claim = Claim(account_id, key, "holder")
        with self._lock:
            if (account_id, key) not in self.claims:
                self.claims[account_id, key] = (fingerprint, None)
                return claim
            before, reference = self.claims[account_id, key]
        if before != fingerprint:
            raise BadInputError("idempotency_key", "reused", "was used with another request")
        return Running() if reference is None else Done(reference)

    def end_claim(self, claim: Claim) -> None:
        if self.claims[claim.account_id, claim.key][1] is None:
            del self.claims[claim.account_id, claim.key]

    def _complete(self, claim: Claim | None, reference: str) -> None:
        if claim is not None:
            fingerprint, _ = self.claims[claim.account_id, claim.key]
            self.claims[claim.account_id, claim.key] = (fingerprint, reference)

    def costs(self, account_id: str, start_ms: int, end_ms: int) -> Costs:
        self.asked_costs.append((account_id, start_ms, end_ms))
        moved = (Total("identify", 2, -14_000), Total("lipsync", 1, -70_000))
        return Costs(account_id, NOW_MS, self.prepaid, 10_000_000, 9_916_000, moved)

    def find_session(self, account_id: str, id: str) -> Session:
        return self.sessions[account_id, id]

    def look_at_session(self, account_id: str, id: str) -> IdentifiedSession:
        session = self.sessions.get((account_id, id))
        if session is None:
            raise BadInputError("session", "unknown_session", f"there is no session {id}")
        faces = tuple(
            IdentifiedFace(face.face_id, face.start_ms, face.end_ms, b"", SAMPLES)
            for face in session.faces
        )
        return IdentifiedSession(session, Identification(VIDEO, faces))

    def list_tasks(
        self,
        account_id: str,
        *,
        offset: int,
        limit: int,
        kind: TaskKind = TaskKind.ADVANCED,
    ) -> list[Task]:
        self.pages.append((offset, limit))
        mine = [
            task
            for (owner, id), task in self.tasks.items()
            if (owner, task.id, task.kind) == (account_id, id, kind)
        ]
        return mine[::-1][offset : offset + limit]

    def identify(
        self, account_id: str, video: str | Path | OwnVideo, *, claim: Claim | None = None
    ) -> Session:
        with self._lock:
            self.identifying += 1
            self.most_identifying = max(self.most_identifying, self.identifying)
        try:
            assert self.may_identify.wait(120)
            self._maybe_fail()
            self.videos.append((account_id, str(video)))
        finally:
            with self._lock:
                self.identifying -= 1
        video_ = StoredVideo("v1", "accounts/a/clip.mov", 7000, LATER_MS)
        id = "850508686686064678"
        session = Session(id, account_id, video_, self.faces, NOW_MS, LATER_MS, 7_000)
        self.sessions[account_id, id] = session
        self._complete(claim, id)
        return session

    def create(
        self,
        account_id: str,
        session_id: str,
        lines: Sequence[LineRequest],
        *,
        external_id: str | None = None,
        options: TaskOptions = TaskOptions(),  # noqa: B008 - a frozen value
    ) -> Task:
        self._maybe_fail()
        self.options.append(options)
        if external_id is not None and (account_id, external_id) in self.tasks:
            raise BadInputError("external_task_id", "duplicate", f"{external_id} is taken")
        self.created.append((account_id, session_id, list(lines), external_id))
        task = a_task(f"t{len(self.created)}", account_id, external_id)
        self.tasks[account_id, task.id] = task
        self._complete(options.claim, task.id)
        if external_id:
            self.tasks[account_id, external_id] = task
        return task

    def find_task(self, account_id: str, id: str, *, kind: TaskKind | None = None) -> Task:
        self._maybe_fail()
        task = self.tasks.get((account_id, id))
        if task is None or kind not in (None, task.kind):
            raise NotFoundError("task", id)
        return task

    def find_tasks(self, wanted: Sequence[tuple[str, str, TaskKind | None]]) -> list[Task | None]:
        found: list[Task | None] = []
        for account_id, id, kind in wanted:
            try:
                found.append(self.find_task(account_id, id, kind=kind))
            except NotFoundError:
                found.append(None)
        return found

    def create_legacy(
        self,
        account_id: str,
        request: LegacyRequest,
        *,
        external_id: str | None = None,
        options: TaskOptions = TaskOptions(),  # noqa: B008 - a frozen value
    ) -> Task:
        self._maybe_fail()
        self.options.append(options)
        self.legacy.append(request)
        task = replace(
            a_task(f"l{len(self.legacy)}", account_id, external_id), kind=TaskKind.LEGACY
        )
        self.tasks[account_id, task.id] = task
        self._complete(options.claim, task.id)
        return task

    def cancel(self, account_id: str, id: str) -> Task:
        task = self.find_task(account_id, id)
        if task.status is TaskStatus.SUCCEED:
            raise BadInputError("task", "finished", f"task {id} has already succeeded")
        task = replace(task, status=TaskStatus.CANCELLED, message="cancelled by its owner")
        self.tasks[account_id, task.id] = task
        return task

    def deliveries(self, account_id: str, task_id: str) -> list[Delivery]:
        self.find_task(account_id, task_id)
        return self.sent

    def rotate_webhook_secret(self, account_id: str) -> str:
        self.secrets.append("whsec_c2VjcmV0")
        return self.secrets[-1]

    def count_webhook_secrets(self, account_id: str) -> int:
        return len(self.secrets)

    def remove_webhook_secrets(self, account_id: str) -> None:
        self.secrets.clear()

    def upload(self, account_id: str, file_name: str, path: Path) -> Upload:
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        self.uploads.append((account_id, file_name, len(content), digest))
        return Upload("u1", account_id, f"k/{file_name}", file_name, len(content), LATER_MS)

    def link(self, key: str, expires_at_ms: int, name: str | None = None) -> str:
        return f"/v1/files/{key.replace('/', '.')}~{expires_at_ms}/{name}"

    def open_file(self, token: str) -> OpenedFile:
        self._maybe_fail()
        try:
            return cast(OpenedFile, self.files[token])
        except KeyError:
            raise NotFoundError("file", token) from None


def a_task(
    id: str,
    account_id: str = "default",
    external_id: str | None = None,
    status: TaskStatus = TaskStatus.SUBMITTED,
    message: str = "",
    result: StoredVideo | None = None,
) -> Task:
    return Task(
        id=id,
        account_id=account_id,
        external_id=external_id,
        status=status,
        message=message,
        stage="",
        progress=0.0,
        parent=StoredVideo("v1", "accounts/a/clip.mov", 7040, LATER_MS),
        result=result,
        warnings=(),
        created_at_ms=NOW_MS,
        updated_at_ms=NOW_MS + 5,
        price_micro_ptc=70_000,
    )


class Api:
    """A running app: its double, and a client for it."""

    def __init__(self, service: MemoryService, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self.app = create_app(settings, cast(LipsyncService, service))
        config = uvicorn.Config(self.app, log_level="error", lifespan="off", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],))
        self._thread.start()
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=120
        )
        deadline = time.monotonic() + 120
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.01)

    def renew(self) -> None:
        """Forget what earlier tests did."""
        self.service = MemoryService()
        context = self.app.state.context
        self.app.state.context = replace(context, service=cast(LipsyncService, self.service))
        self.app.state.keys_exist = False
        self.client.cookies.clear()

    def close(self) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join()

    def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return self.client.post(f"/klingai/v1/videos/{path}", json=body, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(f"/klingai/v1/videos/{path}", **more)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Start the app with settings of the test's choice."""
    running: list[Api] = []

    def start_one(**settings: Any) -> Api:
        chosen = Settings(_env_file=None, data_dir=tmp_path / "data", **settings)
        running.append(Api(MemoryService(), chosen))
        return running[-1]

    yield start_one
    for api in running:
        api.close()


@pytest.fixture(scope="session")
def shared_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("api")
    api = Api(MemoryService(), Settings(_env_file=None, data_dir=folder / "data"))
    yield api
    api.close()


@pytest.fixture
def api(shared_api: Api) -> Api:
    """The app as it is by default: on loopback, without keys."""
    shared_api.renew()
    return shared_api


@pytest.fixture
def make_task() -> Callable[..., Task]:
    return a_task
