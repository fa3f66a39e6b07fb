"""A worker process whose children run the doubles of divided tasks."""

from __future__ import annotations

import functools
import logging

from part_doubles import PART_DOUBLES

from lipwright.jobs import worker_main
from lipwright.jobs.worker import run_worker
from lipwright.settings import Settings

if __name__ == "__main__":
    logging.basicConfig(level="WARNING")
    worker_main.run_worker = functools.partial(run_worker, functions=PART_DOUBLES)  # type: ignore[assignment]
    worker_main.work_and_exit(Settings())
