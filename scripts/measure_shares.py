"""Render one video as a divided task on 1, 2 and 4 workers, and count what each has done.

    python scripts/measure_shares.py [--seconds 40] [--workers 1,2,4]

Makes a small talking video (needs lipwright[bench]), and for each number of workers a fresh
service with a SQLite database and so many worker processes of one slot each, all on this machine.
The children note whose they are, what they rendered and how long they kept a core busy; the
results are compared byte by byte.
"""

from __future__ import annotations

import argparse
import base64
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from lipwright.jobs import work, worker_main
from lipwright.jobs.child_main import Report
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import FINAL, LineRequest
from lipwright.jobs.work import ChildFunctions
from lipwright.jobs.worker import run_worker
from lipwright.settings import Settings

NOTES = "LIPWRIGHT_MEASURED_SHARES"
FUNCTIONS = ChildFunctions(
    render="measure_shares:render", render_share="measure_shares:share", join="measure_shares:join"
)


def render(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """What one worker does alone, or looking and planning."""
    found = work.render_lines(arguments, report)
    _note("plan" if "plan" in found else "whole", found.get("frame_count", 0))
    return found


def share(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Some parts."""
    found = work.render_share(arguments, report)
    _note("share", found["frames"])
    return found


def join(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """All parts together."""
    found = work.join_parts(arguments, report)
    _note("join", 0)
    return found


def _note(kind: str, frames: int) -> None:
    line = {"kind": kind, "frames": frames, "worker": os.getppid(), "cpu": time.process_time()}
    with open(os.environ[NOTES], "a") as file:
        file.write(json.dumps(line) + "\n")


def measure(folder: Path, count: int, video: Path, speech: Path, length_ms: int) -> dict[str, Any]:
    """Do it once; returns the notes, the seconds that it took and the result."""
    folder.mkdir()
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        data_dir=folder / "data",
        database_url=f"sqlite:///{folder / 'jobs.db'}",
        worker_concurrency=1,
        c2pa_sign=False,
    )
    here = str(Path(__file__).parent)
    environment = {
        **os.environ,
        **settings.to_environment(),
        NOTES: str(folder / "notes"),
        "PYTHONPATH": os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    command = [sys.executable, __file__, "--work"]
    with LipsyncService(settings) as service:
        workers = [subprocess.Popen(command, env=environment) for _ in range(count)]
        try:
            session = service.identify("measured", video)
            found = service.look_at_session("measured", session.id)
            face = found.identification.faces[0]
            sound = base64.b64encode(speech.read_bytes()).decode()
            line = LineRequest(face.face_id, sound, 0, length_ms, 0)
            while service.fleet().leases.get("worker", 0) < count:
                time.sleep(0.2)
            began = time.monotonic()
            task = service.create("measured", session.id, [line])
            while task.status not in FINAL:
                time.sleep(0.2)
                task = service.find_task("measured", task.id)
            taken = time.monotonic() - began
            if task.result is None:
                raise SystemExit(f"the task failed: {task.message}")
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(60)
        result = next((folder / "data").rglob(Path(task.result.key).name))
        notes = [json.loads(one) for one in (folder / "notes").read_text().splitlines()]
    return {"notes": notes, "seconds": taken, "bytes": result.read_bytes()}


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seconds", type=int, default=40)
    arguments.add_argument("--workers", default="1,2,4")
    arguments.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.work:
        worker_main.run_worker = functools.partial(run_worker, functions=FUNCTIONS)  # type: ignore[attr-defined]
        worker_main.work_and_exit(Settings())
    from lipwright.benchmark.films import Film, make_film
    from lipwright.benchmark.voice import write_voice

    print("| workers | frames of each share | core seconds of each | look, plan | join | same |")
    print("|---|---|---|---|---|---|")
    first = b""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        video, speech = folder / "film.mp4", folder / "speech.wav"
        make_film(Film(512, 512, given.seconds), video)
        write_voice(speech, given.seconds)
        for count in map(int, given.workers.split(",")):
            found = measure(folder / str(count), count, video, speech, given.seconds * 1000)
            notes = found["notes"]
            done = [one for one in notes if one["frames"]]
            frames = " + ".join(str(one["frames"]) for one in done)
            core = " + ".join(f"{one['cpu']:.1f}" for one in done)
            alone = {one["kind"]: f"{one['cpu']:.1f}" for one in notes}
            first = first or found["bytes"]
            same = "yes" if found["bytes"] == first else "no"
            by = len({one["worker"] for one in done})
            print(
                f"| {count} | {frames} (by {by}) | {core} | {alone.get('plan', '-')} "
                f"| {alone.get('join', '-')} | {same} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
