"""A worker beside the API: in a process of its own, started again if it dies."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from typing import Self

from lipwright.settings import Settings

log = logging.getLogger(__name__)

_STOP_S = 12.0
_POLL_S = 0.2
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0
_HEALTHY_S = 60.0


class WorkerProcess:
    """Keeps one worker process running; use it as a context manager.

    A native crash in a render kills a child of the worker, a crash of the worker kills no more
    than itself: the API in this process answers on.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        # Started from the thread that stays until the end: see `parent_watch.die_with_parent`.
        self._thread = threading.Thread(target=self._keep_running, name="worker-process")
        self._pid: int | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the present worker."""
        return self._pid

    def start(self) -> None:
        """Start the worker; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the worker; its tasks are handed back. Takes a few seconds at most."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _keep_running(self) -> None:
        pause = _FIRST_PAUSE_S
        while not self._stop.is_set():
            began = time.monotonic()
            code = self._run_once()
            if self._stop.is_set():
                return
            if time.monotonic() - began > _HEALTHY_S:
                pause = _FIRST_PAUSE_S
            log.error("the worker ended with %d; another one starts in %g s", code, pause)
            self._stop.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    def _run_once(self) -> int:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lipwright.jobs.worker_main", str(os.getpid())],
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self._settings.to_environment()},
            # Ctrl-C in a terminal is for the service, which then stops its worker in order.
            start_new_session=True,
        )
        self._pid = process.pid
        while process.poll() is None and not self._stop.wait(_POLL_S):
            pass
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
        self._pid = None
        return process.wait()
