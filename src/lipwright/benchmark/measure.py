"""Run jobs in processes of their own, all of them in turn, so that noise meets all alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lipwright.benchmark.cost import Cost
from lipwright.benchmark.films import Film
from lipwright.benchmark.jobs import Request
from lipwright.errors import FailedError

Told = Callable[[str], None]


@dataclass(frozen=True)
class Bench:
    """Where and how measuring is done.

    Attributes
    ----------
    folder
        For films and what jobs write.
    threads
        Processor cores that a job may use.
    told
        Given a line about what is being done.
    """

    folder: Path
    threads: int = 2
    told: Told = lambda words: None

    def run(self, asked: Request) -> Cost:
        """Do one job once.

        Raises
        ------
        FailedError
            The job could not be done; the message is the job's own.
        """
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="job-") as scratch:
            asked = replace(asked, scratch=asked.scratch or scratch, threads=self.threads)
            begun = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "lipwright.benchmark.child"],
                input=json.dumps(asdict(asked)),
                capture_output=True,
                text=True,
                # What the user's own folder knows must not make a job shorter.
                env={**os.environ, "LIPWRIGHT_CACHE_DIR": ""},
            )
            seconds = time.perf_counter() - begun
        answer = _answer(done.stdout)
        if done.returncode or answer is None or "error" in answer:
            words = (answer or {}).get("error") or done.stderr.strip()[-400:] or "it ended early"
            raise FailedError("bench", f"{asked.job} could not be measured: {words}")
        return replace(Cost(**answer), process_seconds=seconds)

    def rounds(
        self, jobs: Mapping[str, Request], count: int, what: str = ""
    ) -> dict[str, list[Cost]]:
        """Do every job once a round.

        Returns
        -------
        For each job what it cost in each round.
        """
        costs: dict[str, list[Cost]] = {name: [] for name in jobs}
        for turn in range(count):
            for name, asked in jobs.items():
                cost = self.run(asked)
                costs[name].append(cost)
                self.told(
                    f"{what} {turn + 1}/{count} {name}: {cost.seconds:.2f} s, "
                    f"{cost.cpu_seconds:.2f} s of the processor, {cost.peak_mb:.0f} MB"
                )
        return costs

    def film(self, film: Film) -> Path:
        """Make a film, once."""
        path = self.folder / f"{film.name}.mp4"
        if not path.exists():
            self.told(f"making {film.name}")
            part = path.with_suffix(".part.mp4")
            self.run(Request("film", video=str(part), more=asdict(film)))
            part.rename(path)
        return path

    def voice(self, seconds: float) -> Path:
        """Make speech of a length, once."""
        path = self.folder / f"voice-{round(seconds * 1000)}.wav"
        if not path.exists():
            self.run(Request("film", speech=str(path), line_ms=round(seconds * 1000)))
        return path

    def look(self, video: Path) -> dict[str, Any]:
        """Say what a video is."""
        return {"name": video.stem, **self.run(Request("look", video=str(video))).more}


def _answer(printed: str) -> dict[str, Any] | None:
    lines = printed.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
