"""The real service over doubles for its heavy work, a scripted double of other services, and both
clients behind one face, so that every test runs with each."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal

HERE = Path(__file__).parent
JOBS_TESTS = HERE.parent / "jobs"
sys.path[:0] = [str(HERE), str(JOBS_TESTS)]

from scripted_service import ScriptedService  # noqa: E402
from workshop import DOUBLES, make_video, working  # noqa: E402

from lipwright.api.app import create_app  # noqa: E402
from lipwright.api.serve import listen  # noqa: E402
from lipwright.client import AsyncClient, Client, Retries  # noqa: E402
from lipwright.jobs.service import LipsyncService  # noqa: E402
from lipwright.settings import Settings  # noqa: E402

QUICK = Retries(attempts=3, first_s=0.01, most_s=0.05)


class Running:
    """A server in a thread of this process, with a key and a pair of keys for one account."""

    def __init__(self, service: LipsyncService, settings: Settings) -> None:
        keys = service._open.stores.keys
        self.key: str = keys.create("studio")[1]
        pair, self.secret_key = keys.create_pair("studio")
        self.access_key: str = pair.access_key or ""
        listener = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            create_app(settings, service), log_level="error", lifespan="off", access_log=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],))
        self._thread.start()
        while not self._server.started:
            pass

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The real service with a worker, on loopback; it wants a key."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=tmp_path_factory.mktemp("client") / "data",
        poll_s=0.05,
        fetch_wait_s=0.5,
        child_memory_mb=500,
        fetch_allow="127.0.0.0/8",
        c2pa_sign=False,  # the doubles' results are no mp4
    )
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("PYTHONPATH", str(JOBS_TESTS), prepend=os.pathsep)
        service = stack.enter_context(LipsyncService(settings, functions=DOUBLES))
        stack.enter_context(working(settings))
        running = Running(service, settings)
        stack.callback(running.close)
        yield running


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """What the doubles take for a video of 7 s: face 0 throughout, face 1 until 1500 ms."""
    return make_video(tmp_path / "video.mp4")


@pytest.fixture
def speech(tmp_path: Path) -> Callable[[int], Path]:
    """What the doubles take for a sound of so many ms."""

    def make(length_ms: int) -> Path:
        path = tmp_path / f"{length_ms}.mp3"
        path.write_bytes(str(length_ms).encode())
        return path

    return make


class Awaited:
    """An `AsyncClient` whose methods are awaited in a thread of its own."""

    def __init__(self, client: AsyncClient, portal: BlockingPortal) -> None:
        self._client = client
        self._portal = portal

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)
        return lambda *values, **named: self._portal.call(partial(method, *values, **named))


@pytest.fixture(params=["blocking", "awaiting"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Make clients of one of the two sorts."""
    with ExitStack() as stack:

        def make(url: str, key: str = "", **more: Any) -> Any:
            more = {"retries": QUICK, **more}
            if request.param == "blocking":
                http = stack.enter_context(httpx.Client(trust_env=False))
                return stack.enter_context(Client(url, key, http=http, **more))
            portal = stack.enter_context(start_blocking_portal())
            own = stack.enter_context(
                portal.wrap_async_context_manager(httpx.AsyncClient(trust_env=False))
            )
            client = AsyncClient(url, key, http=own, **more)
            return Awaited(client, portal)

        yield make


@pytest.fixture
def client(server: Running, connect: Callable[..., Any]) -> Any:
    return connect(server.url, server.key)


@pytest.fixture
def scripted() -> Iterator[ScriptedService]:
    """A service that says what the test wants."""
    service = ScriptedService()
    yield service
    service.close()
