"""How long it takes to begin: the help, the service, the first job."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from lipwright.benchmark.cost import Cost
from lipwright.benchmark.films import Film
from lipwright.benchmark.jobs import Request
from lipwright.benchmark.measure import Bench
from lipwright.benchmark.plan import Plan
from lipwright.benchmark.sections import described
from lipwright.errors import FailedError

AIMS: Final = {"help": 0.3, "serve, fresh folder": 1.5, "serve, existing folder": 1.5}
"""Seconds on the clock at most."""

_PATIENCE: Final = 60.0
_CLIP: Final = Film(640, 360, 2)


def startup(bench: Bench, plan: Plan, videos: object) -> dict[str, Any]:
    """Start the program, the service and a first job, in turn."""
    clip, speech = bench.film(_CLIP), bench.voice(_CLIP.seconds)
    first = Request("first_job", str(clip), str(speech))
    folder = bench.folder / "data"
    _serve(folder)
    costs: dict[str, list[Cost]] = {name: [] for name in AIMS}
    jobs: list[Cost] = []
    for turn in range(plan.starts):
        costs["help"].append(_help())
        costs["serve, fresh folder"].append(_serve(bench.folder / f"data-{turn}"))
        costs["serve, existing folder"].append(_serve(folder))
        jobs.append(bench.run(first))
        bench.told(
            f"start-up {turn + 1}/{plan.starts}: "
            + ", ".join(f"{name} {runs[-1].seconds:.2f} s" for name, runs in costs.items())
            + f", models {_loading(jobs[-1]):.2f} s"
        )
    costs["imports of a first job"] = [_only(job, job.more["import_seconds"]) for job in jobs]
    costs["models of a first job"] = [_only(job, _loading(job)) for job in jobs]
    return {"starts": described(costs), "aims": AIMS}


def _loading(job: Cost) -> float:
    """What the first of two equal jobs took longer than the second."""
    return max(0.0, float(job.more["first_seconds"] - job.more["again_seconds"]))


def _only(job: Cost, seconds: float) -> Cost:
    return Cost(seconds, float("nan"), job.peak_mb)


def _help() -> Cost:
    begun, busy = time.perf_counter(), _children_cpu()
    subprocess.run([sys.executable, "-m", "lipwright", "--help"], capture_output=True, check=True)
    return Cost(time.perf_counter() - begun, _children_cpu() - busy, float("nan"))


def _serve(folder: Path) -> Cost:
    """From the process's start to the first answer of ``/healthz``."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "lipwright", "serve", "--port", str(port)]
    begun, busy = time.perf_counter(), _children_cpu()
    with subprocess.Popen(
        [*command, "--data-dir", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "LIPWRIGHT_HOST": "127.0.0.1"},
    ) as service:
        try:
            seconds = _until_answered(port, begun, service)
        finally:
            service.terminate()
            with suppress(subprocess.TimeoutExpired):
                service.wait(_PATIENCE)
            service.kill()
    return Cost(seconds, _children_cpu() - busy, float("nan"))


def _until_answered(port: int, begun: float, service: subprocess.Popen[bytes]) -> float:
    while time.perf_counter() - begun < _PATIENCE and service.poll() is None:
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer,
        ):
            if answer.status == 200:
                return time.perf_counter() - begun
        time.sleep(0.01)
    raise FailedError("bench", "lipwright serve did not answer")


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system
