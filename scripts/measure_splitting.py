"""Measure what the stages of one long render cost, and compute its time on 1 to 64 workers.

    python scripts/measure_splitting.py [VIDEO SPEECH] [--minutes 10] [--store 100]

Without a video it makes one (`lipwright bench` has them: a portrait before a drifting camera, 10 s
of 1920 x 1080, who says something like speech; needs lipwright[bench]). It identifies the video,
lets its largest face say the speech, looks, plans, renders all parts and joins them; then it opens
the job again, as another worker does, with all that is known of the face. What is counted are the
seconds that processor cores are busy, so it may run on a machine that has other things to do.

From these it computes how long a video of so many minutes takes that speaks throughout, on workers
of one core each: what one worker does alone (look, plan, join), and what is shared (the parts,
and for each worker a start and knowing the face again). Prints both tables.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from lipwright.benchmark.films import Film, make_film
from lipwright.benchmark.voice import write_voice
from lipwright.dubbing.banks import FaceBanks
from lipwright.dubbing.dub import mixed_sound
from lipwright.dubbing.identify import identify
from lipwright.dubbing.parts import DubJob
from lipwright.dubbing.types import Fit, Identification, Line
from lipwright.media.audio import probe_sound

WORKERS = (1, 2, 4, 8, 16, 32, 64)
FILM = Film(1920, 1080, 10)


def measure(found: Identification, video: Path, speech: Path, folder: Path) -> dict[str, float]:
    """Core seconds for each second of video, but for the start, which is core seconds in all."""
    costs: dict[str, float] = {}
    # What a new process takes until it can begin; the caller takes off what it did before.
    costs["start"] = time.process_time()
    face = max(found.faces, key=lambda one: one.end_ms - one.start_ms)
    length = min(probe_sound(speech).duration_ms, face.end_ms - face.start_ms)
    line = Line(face.face_id, speech, 0, length, face.start_ms, fit=Fit.TRIM)
    banks = FaceBanks(folder / "banks", "measured")

    def taken(since: float, seconds: float) -> float:
        return (time.process_time() - since) / seconds

    began = time.process_time()
    with DubJob(video, found, [line]) as job:
        costs["start"] += time.process_time() - began
        seconds = job.total_ms / 1000
        began = time.process_time()
        job.look(banks)
        costs["look"] = taken(began, seconds)
        began = time.process_time()
        plan = job.plan_parts()
        costs["plan"] = taken(began, seconds)
        parts = {index: folder / str(index) for index in plan.parts}
        began = time.process_time()
        frames = sum(job.render_part(plan, index, path) for index, path in parts.items())
        costs["render"] = taken(began, frames / float(job.info.frame_rate))
    began = time.process_time()
    with DubJob(video, found, [line]) as job:
        job.look(banks)
        costs["know"] = taken(began, seconds)
        began = time.process_time()
        sound = list(mixed_sound(job, 1.0).blocks())
        costs["sound"] = taken(began, seconds)
        began = time.process_time()
        job.join_parts(plan, parts, sound, folder / "joined.mp4")
        costs["join"] = taken(began, seconds)
    costs["megabytes"] = (folder / "joined.mp4").stat().st_size / 1e6 / seconds
    return costs


def seconds(costs: dict[str, float], length: float, workers: int, speed: float) -> dict[str, float]:
    """Where the time goes, s, of ``length`` s of video; ``speed`` of the store in MB a second."""
    size = costs["megabytes"] * length
    again = costs["start"] + costs["know"] * length if workers > 1 else 0.0
    joining = costs["start"] if workers > 1 else 0.0
    return {
        "look": length * (costs["look"] + costs["plan"]) + costs["start"],
        "render": length * costs["render"] / workers + again,
        # The video and every part go down to whoever needs them; the store serves all at once.
        "store": size / speed * (2 if workers == 1 else 4),
        "join": length * (costs["join"] + costs["sound"]) + joining,
    }


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("video", type=Path, nargs="?")
    arguments.add_argument("speech", type=Path, nargs="?")
    arguments.add_argument("--minutes", type=float, default=10.0)
    arguments.add_argument("--store", type=float, default=100.0, help="its MB a second")
    given = arguments.parse_args()
    if given.video and not given.speech:
        arguments.error("a video needs a speech")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.process_time()
        video, speech = given.video, given.speech
        if video is None:
            video, speech = folder / "film.mp4", folder / "speech.wav"
            make_film(FILM, video)
            write_voice(speech, FILM.seconds)
        found = identify(video)
        prepared = time.process_time() - begun
        costs = measure(found, video, speech, folder)
        costs["start"] -= prepared
    print("| stage | core seconds for each second of video |\n|---|---|")
    for stage in ("look", "plan", "render", "know", "sound", "join"):
        print(f"| {stage} | {costs[stage]:.3f} |")
    print(f"\n{costs['megabytes']:.2f} MB for each second; a start costs {costs['start']:.1f} s\n")
    print("| workers | look, s | render, s | store, s | join, s | all, s | faster | longest |")
    print("|---|---|---|---|---|---|---|---|")
    alone = 0.0
    for workers in WORKERS:
        spent = seconds(costs, 60 * given.minutes, workers, given.store)
        total = sum(spent.values())
        alone = alone or total
        worst = max(spent, key=lambda stage: spent[stage])
        cells = " | ".join(f"{spent[stage]:.0f}" for stage in ("look", "render", "store", "join"))
        print(f"| {workers} | {cells} | {total:.0f} | {alone / total:.1f} | {worst} |")


if __name__ == "__main__":
    main()
