from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from workshop import DOUBLES, make_video  # noqa: E402

from databases import KINDS, fresh_database  # noqa: E402
from lipwright.jobs.service import LipsyncService  # noqa: E402
from lipwright.jobs.values import Session  # noqa: E402
from lipwright.settings import Settings  # noqa: E402


@pytest.fixture(autouse=True)
def doubles_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children find the doubles beside the tests by name; nobody is in a hurry."""
    monkeypatch.setattr("lipwright.jobs.worker._STOP_WAIT_S", 120.0)
    monkeypatch.setattr("lipwright.jobs.spans._PATIENCE_S", 120.0)
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=tmp_path / "data",
        database_url=database_url,
        poll_s=0.05,
        lease_s=8.0,  # a machine that is busy must not be taken for dead
        fetch_wait_s=0.5,
        fetch_timeout_s=60.0,
        child_memory_mb=500,
        fetch_allow="127.0.0.0/8",
        c2pa_sign=False,  # the doubles' results are no mp4
    )


@pytest.fixture
def service(settings: Settings) -> Iterator[LipsyncService]:
    with LipsyncService(settings, functions=DOUBLES) as service:
        yield service


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / "video.mp4")


@pytest.fixture
def session(service: LipsyncService, video: Path) -> Session:
    return service.identify("alice", video)


@pytest.fixture
def hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file; as long as it is there, renders of 3xxx ms go on at two thirds."""
    path = tmp_path / "hold"
    path.touch()
    monkeypatch.setenv("LIPWRIGHT_TEST_HOLD", str(path))
    return path


@pytest.fixture
def slow_url() -> Iterator[str]:
    """A URL that is too slow for create and not for the worker: who asks first waits until he
    gives up, who asks again is answered. ``never.wav`` answers nobody.
    """
    asked: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.partition("?")[0]
            if self.path not in asked or name == "/never.wav":
                asked.add(self.path)
                self.connection.settimeout(120)
                with suppress(OSError):
                    self.rfile.read(1)
                return
            body = b"2500" if name == "/good.wav" else b"noise"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
