"""A worker as a process of its own: ``python -m lipwright.jobs.worker_main PARENT_PID``.

Settings come from the environment. It ends on SIGTERM, SIGINT, and when its parent dies.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn

from lipwright.jobs import spans
from lipwright.jobs.metrics import serve_metrics
from lipwright.jobs.parent_watch import follow_parent
from lipwright.jobs.trace import set_up_logging
from lipwright.jobs.worker import LostLeaseError, run_worker
from lipwright.settings import Settings

log = logging.getLogger(__name__)


def work_and_exit(settings: Settings, stop: threading.Event | None = None) -> NoReturn:
    """Run workers until SIGTERM or SIGINT (or ``stop``), then end the process.

    A worker that lost its lease is followed by a fresh one.
    """
    stop = stop or threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    code = 1
    try:
        while not stop.is_set():
            try:
                run_worker(settings, stop)
            except LostLeaseError as error:
                log.error("%s", error)
        code = 0
    except Exception:
        log.exception("the worker failed")
    spans.shut_down()
    # Threads that would not end must not keep the process: the database knows all that counts.
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """Run a worker for the service that started this process."""
    stop = threading.Event()
    follow_parent(int(sys.argv[1]), stop)
    settings = Settings()
    set_up_logging(settings.log_level, settings.log_format)
    spans.set_up("lipwright-worker")
    serve_metrics(settings)
    work_and_exit(settings, stop)


if __name__ == "__main__":
    main()
