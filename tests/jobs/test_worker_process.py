from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil
from workshop import PATIENCE_S, lapse

from lipwright.jobs.queue import WORKER_PREFIX
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.worker_process import WorkerProcess
from lipwright.settings import Settings


def wait_until(condition: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)


def at_work(service: LipsyncService, worker: WorkerProcess) -> bool:
    live = service._open.stores.leases.live(WORKER_PREFIX)
    return any(f"-{worker.pid}-" in holder for holder in live)


def test_a_worker_that_dies_is_followed_by_another(settings: Settings) -> None:
    with LipsyncService(settings) as service, WorkerProcess(settings) as worker:
        wait_until(lambda: at_work(service, worker))
        first = worker.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: worker.pid != first and at_work(service, worker))
        lapse(service, first)
        worker.stop()
        wait_until(lambda: service.health().workers == 0)


def test_a_worker_ends_with_the_service_that_started_it(settings: Settings) -> None:
    program = (
        "import time; from lipwright.settings import Settings\n"
        "from lipwright.jobs.worker_process import WorkerProcess\n"
        "with WorkerProcess(Settings()): time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **settings.to_environment()}
    )
    with LipsyncService(settings) as service:
        wait_until(lambda: service.health().workers == 1)
        (worker,) = psutil.Process(parent.pid).children()
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
        # At once if it could end in order, else when its lease lapses.
        wait_until(lambda: service.health().workers == 0)
