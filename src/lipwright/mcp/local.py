"""Jobs done on this machine, in this process, one after the other."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from lipwright.dubbing.types import Identification, Progress
from lipwright.errors import LipwrightError
from lipwright.library import Cue, dub, identify
from lipwright.mcp.places import Places
from lipwright.mcp.values import DeskError, FoundFace, FoundFaces, JobState, Lines

_KEPT_VIDEOS = 8
_CLOSE_S = 10.0

Mark = tuple[Path, int, int]
"""A video as it is now: path, size, and when it was changed."""


class _CancelledError(Exception):
    """Thrown out of the work when nobody wants it any more."""


class _Job:
    def __init__(self, task_id: str) -> None:
        self.state = JobState(task_id=task_id, status="submitted", progress=0)
        self.unwanted = threading.Event()
        self.future: Future[None] | None = None


class LocalDesk:
    """The library behind a queue; thread-safe."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._promised: set[Path] = set()
        self._numbers = itertools.count(1)
        self._known: OrderedDict[Mark, Identification] = OrderedDict()
        # Dubbing uses all cores by itself.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="lipwright-mcp")

    def identify(self, video: str) -> FoundFaces:
        """Find the faces of a video; what was found is kept for `sync`."""
        found = self._identify(self._places.source(video), lambda progress: None)
        return FoundFaces(
            faces=[
                FoundFace(
                    face_id=face.face_id,
                    start_ms=face.start_ms,
                    end_ms=face.end_ms,
                    box=[
                        round(side)
                        for box in [face.samples[len(face.samples) // 2].box]
                        for side in (box.x0, box.y0, box.x1, box.y1)
                    ],
                )
                for face in found.faces
            ],
            duration_ms=found.video.duration_ms,
            width=found.video.width,
            height=found.video.height,
        )

    def sync(self, video: str, lines: Lines, output: str, original_volume: float) -> JobState:
        """Put a job into the queue."""
        source = self._places.source(video)
        cues = [
            Cue(
                self._places.source(line.speech),
                line.face or None,
                line.at_ms,
                line.speech_start_ms,
                line.speech_end_ms,
                line.volume,
                line.transcript,
            )
            for line in lines
        ]
        with self._lock:
            target = self._places.target(output, source)
            if target in self._promised:
                raise DeskError(f"another job is writing {target}; name another output")
            self._promised.add(target)
            job = _Job(f"job-{next(self._numbers)}")
            self._jobs[job.state.task_id] = job
            job.future = self._worker.submit(self._work, job, source, cues, target, original_volume)
        return job.state

    def status(self, task_id: str, wait_s: float) -> JobState:
        """Look at a job."""
        job = self._job(task_id)
        if job.future is not None:
            wait([job.future], timeout=wait_s)
        return job.state

    def cancel(self, task_id: str) -> JobState:
        """End a job; one that is worked on ends within about a second."""
        job = self._job(task_id)
        job.unwanted.set()
        if job.future is not None:
            wait([job.future], timeout=_CLOSE_S)
        return job.state

    def close(self) -> None:
        """End all jobs."""
        for job in self._jobs.values():
            job.unwanted.set()
        self._worker.shutdown(wait=True)

    def _job(self, task_id: str) -> _Job:
        try:
            return self._jobs[task_id]
        except KeyError:
            known = ", ".join(self._jobs) or "none"
            raise DeskError(f"there is no task {task_id}; there are: {known}") from None

    def _work(
        self, job: _Job, video: Path, cues: list[Cue], target: Path, original_volume: float
    ) -> None:
        def told(progress: Progress) -> None:
            if job.unwanted.is_set():
                raise _CancelledError
            job.state = job.state.model_copy(
                update={
                    "status": "processing",
                    "progress": min(99, int(100 * progress.fraction)),
                    "stage": progress.stage,
                }
            )

        end: dict[str, object]
        try:
            if job.unwanted.is_set():
                raise _CancelledError
            found = self._identify(video, told)
            done = dub(
                video,
                cues,
                target,
                original_volume=original_volume,
                identification=found,
                progress=told,
            )
        except _CancelledError:
            end = {"status": "cancelled"}
        except LipwrightError as error:
            end = {"status": "failed", "message": str(error)}
        except Exception as error:
            end = {"status": "failed", "message": f"{type(error).__name__}: {error}"}
        else:
            end = {
                "status": "succeeded",
                "progress": 100,
                "output": str(done.path),
                "warnings": list(done.warnings),
            }
        job.state = job.state.model_copy(update={"stage": "", **end})
        with self._lock:
            self._promised.discard(target)

    def _identify(self, video: Path, told: Callable[[Progress], None]) -> Identification:
        about = video.stat()
        mark = (video, about.st_size, about.st_mtime_ns)
        with self._lock:
            if mark in self._known:
                self._known.move_to_end(mark)
                return self._known[mark]
        found = identify(video, progress=told)
        with self._lock:
            self._known[mark] = found
            while len(self._known) > _KEPT_VIDEOS:
                self._known.popitem(last=False)
        return found
