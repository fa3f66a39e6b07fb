"""The process that does one job: ``python -m lipwright.benchmark.child``, the request on its input.

It prints one line of JSON: what the job cost, or why it could not be done.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from dataclasses import asdict
from pathlib import Path

from lipwright.benchmark.cost import Cost
from lipwright.benchmark.jobs import JOBS, Request
from lipwright.errors import LipwrightError

_IMPORTS_COUNT = ("first_job",)


def main() -> None:
    """Do what is asked and say what it cost."""
    asked = Request(**json.load(sys.stdin))
    _hold_to(asked.threads)
    if asked.job not in _IMPORTS_COUNT:
        # Importing the libraries, half a second at most, is not what is measured.
        import lipwright.library  # noqa: F401
    begun, busy = time.perf_counter(), time.process_time()
    try:
        more = JOBS[asked.job](asked)
    except (LipwrightError, SystemExit) as error:
        print(json.dumps({"error": str(error)}))
        return
    seconds, cpu = time.perf_counter() - begun, time.process_time() - busy
    print(json.dumps(asdict(Cost(seconds, cpu, peak_mb(), more=more))))


def peak_mb() -> float:
    """Most memory that this process held, in 10^6 bytes.

    ``ru_maxrss`` would do, but on Linux it begins with what the parent held when it started this
    process; the kernel's own mark for this program's memory does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def _hold_to(threads: int) -> None:
    """Use no more processor cores, where the system can see to that, and no more threads."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:threads])
    import cv2

    cv2.setNumThreads(threads)


if __name__ == "__main__":
    main()
