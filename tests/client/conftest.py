"""The real service over doubles for its heavy work, a scripted double of other services, and both
clients behind one face, so that every test runs with each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

HERE = Path(__file__).parent
JOBS_TESTS = HERE.parent / "jobs"
sys.path[:0] = [str(HERE), str(JOBS_TESTS)]

from running_service import Running, running_service  # noqa: E402
from scripted_service import ScriptedService  # noqa: E402
from workshop import make_video  # noqa: E402

from lipwright.client import AsyncClient, Client, Retries  # noqa: E402

QUICK = Retries(attempts=3, first_s=0.01, most_s=0.05)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The real service with a worker, on loopback; it wants a key.

    Not longer than a module: a process has one job engine, and other rooms' tests need it, too.
    """
    with running_service(tmp_path_factory.mktemp("client")) as running:
        yield running


@pytest.fixture
def hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file; as long as it is there, renders of 3xxx ms go on at two thirds."""
    path = tmp_path / "hold"
    path.touch()
    monkeypatch.setenv("LIPWRIGHT_TEST_HOLD", str(path))
    return path


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
