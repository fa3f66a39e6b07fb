"""What is measured: each job is a function that a fresh process calls once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True)
class Request:
    """What a child process shall do.

    Attributes
    ----------
    job
        One of `JOBS`.
    video, speech
        Files; a job may need neither.
    scratch
        Folder for what it writes.
    cache
        Folder for what is learned of videos; empty keeps nothing.
    at_ms
        Where lines begin; negative leaves it to lipwright.
    line_ms
        Length of a line; 0 takes all of the speech that fits.
    faces, lines
        How many faces speak, and how many lines each of them says.
    threads
        Processor cores that the process may use.
    more
        What only this job knows.
    """

    job: str
    video: str = ""
    speech: str = ""
    scratch: str = ""
    cache: str = ""
    at_ms: int = -1
    line_ms: int = 0
    faces: int = 1
    lines: int = 1
    threads: int = 2
    more: dict[str, Any] = field(default_factory=dict)


def decode(asked: Request) -> dict[str, Any]:
    """Read every frame."""
    from lipwright.media.decode import VideoReader

    count = 0
    with VideoReader(Path(asked.video)) as reader:
        for _ in reader:
            count += 1
    return {"frames": count}


def transcode(asked: Request) -> dict[str, Any]:
    """Read every frame and write it with lipwright's own encoder settings, sound included.

    Decoding runs ahead in a thread of its own, as it does in lipwright's own work.
    """
    from lipwright.media.audio import read_track
    from lipwright.media.decode import VideoReader
    from lipwright.media.encode import video_writer
    from lipwright.media.prefetch import prefetched

    path = Path(asked.video)
    count = 0
    with (
        VideoReader(path) as reader,
        video_writer(Path(asked.scratch, "copy.mp4"), reader.info, read_track(path)) as writer,
        prefetched(reader.frames) as frames,
    ):
        for frame in frames:
            writer.write(frame.y, frame.u, frame.v, frame.pts)
            count += 1
    return {"frames": count}


def identify(asked: Request) -> dict[str, Any]:
    """Find the faces."""
    import lipwright

    found = lipwright.identify(asked.video, cache=None)
    return {"faces": len(found.faces)}


def sync(asked: Request) -> dict[str, Any]:
    """The whole of `lipwright sync`: identify, unless that is known, and render."""
    import lipwright

    found = None
    if asked.faces > 1:
        found = lipwright.identify(asked.video, cache=asked.cache or None)
        if len(found.faces) < asked.faces:
            raise SystemExit(f"{len(found.faces)} faces were found, {asked.faces} shall speak")
    result = lipwright.dub(
        asked.video,
        list(_cues(asked)),
        Path(asked.scratch, "said.mp4"),
        identification=found,
        cache=asked.cache or None,
    )
    return {"frames": result.frame_count, "warnings": list(result.warnings)}


def _cues(asked: Request) -> Any:
    """The lines of each face, evenly spread where there are several."""
    import lipwright

    for face in range(asked.faces):
        for line in range(asked.lines):
            at = None if asked.at_ms < 0 else asked.at_ms + line * int(asked.more.get("step_ms", 0))
            start = line * asked.line_ms
            yield lipwright.Cue(
                asked.speech,
                face if asked.faces > 1 else None,
                at,
                start,
                start + asked.line_ms if asked.line_ms else None,
            )


def first_job(asked: Request) -> dict[str, Any]:
    """The same short job twice: the first one loads the models, the second has them."""
    begun = time.perf_counter()
    import lipwright.library  # noqa: F401

    imported = time.perf_counter()
    sync(asked)
    first = time.perf_counter()
    sync(asked)
    again = time.perf_counter()
    return {
        "import_seconds": imported - begun,
        "first_seconds": first - imported,
        "again_seconds": again - first,
    }


def stages(asked: Request) -> dict[str, Any]:
    """A sync that is watched: which stage the processor's time goes to."""
    from lipwright.benchmark.stages import Watch

    with Watch() as watch:
        done = sync(asked)
    return {**done, "core_seconds": watch.core_seconds()}


def film(asked: Request) -> dict[str, Any]:
    """Make a video to measure by, and the speech for it."""
    from lipwright.benchmark.films import Film, make_film
    from lipwright.benchmark.voice import write_voice

    if asked.video:
        make_film(Film(**asked.more), Path(asked.video))
    if asked.speech:
        write_voice(Path(asked.speech), asked.line_ms / 1000.0)
    return {}


def look(asked: Request) -> dict[str, Any]:
    """Say what a video is."""
    from lipwright.media.probe import probe

    info = probe(Path(asked.video))
    return {
        "width": info.width,
        "height": info.height,
        "frames": info.frame_count,
        "seconds": info.duration_ms / 1000.0,
        "bytes": Path(asked.video).stat().st_size,
    }


def engines(asked: Request) -> dict[str, Any]:
    """The engines' own work on the same frames."""
    from lipwright.benchmark.engines import measure

    return measure(asked)


JOBS: Final[dict[str, Callable[[Request], dict[str, Any]]]] = {
    job.__name__: job
    for job in (decode, transcode, identify, sync, first_job, stages, film, look, engines)
}
