"""Jobs done by a lip-sync service over HTTP."""

from __future__ import annotations

import threading
from pathlib import Path

from lipwright.client import (
    Client,
    Line,
    Session,
    Task,
    TaskFailedError,
    UnusableError,
    WaitTimeoutError,
)
from lipwright.client.orders import face_of
from lipwright.mcp.places import Places
from lipwright.mcp.values import DeskError, FoundFace, FoundFaces, JobState, Lines


class RemoteDesk:
    """A client of a service; thread-safe. The finished video is fetched when it is asked for.

    Parameters
    ----------
    client
        Closed with the desk.
    places
        Where local files may be.
    """

    def __init__(self, client: Client, places: Places) -> None:
        self._client = client
        self._places = places
        self._lock = threading.Lock()
        self._sessions: dict[tuple[str, int, int], Session] = {}
        self._targets: dict[str, Path] = {}

    def identify(self, video: str) -> FoundFaces:
        """Upload a video, unless it is a URL, and find its faces."""
        session = self._session(video)
        return FoundFaces(
            faces=[
                FoundFace(
                    face_id=face.face_id,
                    start_ms=face.start_ms,
                    end_ms=face.end_ms,
                    image_url=face.image_url,
                )
                for face in session.faces
            ]
        )

    def sync(self, video: str, lines: Lines, output: str, original_volume: float) -> JobState:
        """Create a task."""
        source = Path(video.rpartition("/")[2]) if _is_url(video) else self._places.source(video)
        sounds = [self._places.source(line.speech) for line in lines]
        target = self._places.target(output, self._places.beside(source))
        session = self._session(video)
        try:
            task = self._client.create(
                session,
                [
                    Line(
                        face_of(session, line.face or None),
                        sound,
                        line.at_ms,
                        line.speech_start_ms,
                        line.speech_end_ms,
                        line.volume,
                        original_volume,
                        transcript=line.transcript,
                    )
                    for line, sound in zip(lines, sounds, strict=True)
                ],
            )
        except UnusableError as error:
            raise DeskError(str(error)) from error
        self._targets[task.id] = target
        return _state(task)

    def status(self, task_id: str, wait_s: float) -> JobState:
        """Look at a task; if it has succeeded, fetch its video."""
        try:
            task = (
                self._client.wait(task_id, timeout_s=wait_s)
                if wait_s > 0
                else self._client.query(task_id)
            )
        except TaskFailedError as error:
            task = error.task
        except WaitTimeoutError as error:
            task = error.task or self._client.query(task_id)
        state = _state(task)
        target = self._targets.get(task.id)
        if target is None or not task.videos:
            return state
        with self._lock:  # two questions at once fetch it once
            if not target.exists():
                self._client.download(task, target)
        return state.model_copy(update={"output": str(target)})

    def cancel(self, task_id: str) -> JobState:
        """Cancel a task."""
        return _state(self._client.cancel(task_id))

    def close(self) -> None:
        """Close the connections; tasks go on without us."""
        self._client.close()

    def _session(self, video: str) -> Session:
        if _is_url(video):
            mark = (video, 0, 0)
        else:
            path = self._places.source(video)
            mark = (str(path), path.stat().st_size, path.stat().st_mtime_ns)
        if mark not in self._sessions:
            self._sessions[mark] = self._client.identify_face(mark[0])
        return self._sessions[mark]


def _is_url(video: str) -> bool:
    return video.lower().startswith(("http://", "https://"))


def _state(task: Task) -> JobState:
    return JobState(
        task_id=task.id,
        status=task.status.value,
        progress=task.progress,
        stage=task.stage,
        message=task.message,
        warnings=list(task.warnings),
    )
