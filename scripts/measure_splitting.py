"""Measure what the stages of one long render cost, and compute its time on 1 to 64 workers.

    python scripts/measure_splitting.py VIDEO SPEECH [--minutes 10] [--upload 100]

It identifies the video, lets its largest face say the speech, looks, plans, renders one part,
joins, and reads and writes a file of the result's size. From these it computes the time of a video
of so many minutes that speaks throughout: what one worker does alone (download, look, plan, join,
upload) and what is shared (a start and its parts for each). Prints a table and the bottleneck.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from lipwright.dubbing.dub import mixed_sound
from lipwright.dubbing.identify import identify
from lipwright.dubbing.parts import DubJob
from lipwright.dubbing.types import Fit, Line
from lipwright.media.audio import probe_sound

WORKERS = (1, 2, 4, 8, 16, 32, 64)


def measure(video: Path, speech: Path, folder: Path) -> dict[str, float]:
    """Seconds for each second of video, but for the start, which is seconds in all."""
    found = identify(video)
    face = max(found.faces, key=lambda one: one.end_ms - one.start_ms)
    length = min(probe_sound(speech).duration_ms, face.end_ms - face.start_ms)
    line = Line(face.face_id, speech, 0, length, face.start_ms, fit=Fit.TRIM)
    costs: dict[str, float] = {}
    looked = [0]

    def count(frame: object) -> None:
        looked[0] += 1

    began = time.monotonic()
    with DubJob(video, found, [line]) as job:
        rate = float(job.info.frame_rate)
        opened = time.monotonic() - began
        began = time.monotonic()
        sound, _ = mixed_sound(job, 1.0)
        costs["sound"] = (time.monotonic() - began) / (job.total_ms / 1000)
        began = time.monotonic()
        job.look(None, count)
        costs["look"] = (time.monotonic() - began) / max(1.0, looked[0] / rate)
        began = time.monotonic()
        plan = job.plan_parts()
        costs["plan"] = (time.monotonic() - began) / (job.total_ms / 1000)
        parts = {index: folder / str(index) for index in plan.parts}
        began = time.monotonic()
        frames = sum(job.render_part(plan, index, path) for index, path in parts.items())
        costs["render"] = (time.monotonic() - began) / (frames / rate)
        began = time.monotonic()
        job.join_parts(plan, parts, sound, folder / "joined.mp4")
        costs["join"] = (time.monotonic() - began) / (job.total_ms / 1000)
    costs["megabytes"] = (folder / "joined.mp4").stat().st_size / 1e6 / (job.total_ms / 1000)
    # A new process, its libraries and models, and the mouth curve of what is said.
    costs["start"] = opened + 3.0
    return costs


def seconds(costs: dict[str, float], length: float, workers: int, speed: float) -> dict[str, float]:
    """Where the time goes, s, of ``length`` s of video; ``speed`` of the store in MB a second."""
    size = costs["megabytes"] * length
    shared = length * costs["render"] / workers
    return {
        "look": length * (costs["look"] + costs["plan"]) + costs["start"],
        "render": shared + (costs["start"] if workers > 1 else 0.0),
        # The video and every part go down to whoever needs them; the store serves all at once.
        "store": size / speed * (2 if workers == 1 else 4),
        "join": length * (costs["join"] + costs["sound"]),
    }


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("video", type=Path)
    arguments.add_argument("speech", type=Path)
    arguments.add_argument("--minutes", type=float, default=10.0)
    arguments.add_argument("--upload", type=float, default=100.0, help="MB a second of the store")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        costs = measure(given.video, given.speech, Path(name))
    print("| stage | s for each s of video |\n|---|---|")
    for stage in ("look", "plan", "render", "join", "sound"):
        print(f"| {stage} | {costs[stage]:.3f} |")
    print(f"\n{costs['megabytes']:.2f} MB for each s; a start costs about {costs['start']:.1f} s\n")
    print("| workers | look | render | store | join | all, s | times faster | bottleneck |")
    print("|---|---|---|---|---|---|---|---|")
    alone = 0.0
    for workers in WORKERS:
        found = seconds(costs, 60 * given.minutes, workers, given.upload)
        total = sum(found.values())
        alone = alone or total
        worst = max(found, key=lambda stage: found[stage])
        cells = " | ".join(f"{found[stage]:.0f}" for stage in ("look", "render", "store", "join"))
        print(f"| {workers} | {cells} | {total:.0f} | {alone / total:.1f} | {worst} |")


if __name__ == "__main__":
    main()
