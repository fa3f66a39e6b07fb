from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
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
    """Children find the doubles beside the tests by name."""
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
        lease_s=1.0,
        fetch_wait_s=0.5,
        fetch_timeout_s=2.0,
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
def slow_url() -> Iterator[str]:
    """A URL whose answer takes 1 s: too slow for create, not for the worker."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(1.0)
            body = b"2500" if self.path == "/good.wav" else b"noise"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                return

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
