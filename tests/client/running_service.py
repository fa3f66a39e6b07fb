"""The real service, with doubles for the work on pictures and sounds."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import uvicorn

JOBS_TESTS = Path(__file__).parents[1] / "jobs"
sys.path[:0] = [str(JOBS_TESTS)]

from workshop import DOUBLES, working  # noqa: E402

from lipwright.api.app import create_app  # noqa: E402
from lipwright.api.serve import listen  # noqa: E402
from lipwright.jobs.service import LipsyncService  # noqa: E402
from lipwright.settings import Settings  # noqa: E402


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
            time.sleep(0.01)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()


@contextmanager
def running_service(folder: Path) -> Iterator[Running]:
    """Run the service and a worker for the length of the block."""
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=folder / "data",
        poll_s=0.05,
        fetch_wait_s=30.0,
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
