"""Measure speed and memory against plain decoding and encoding of the same file.

    python scripts/bench.py [VIDEO] [--runs N] [--json]

The video says its own sound anew, from its first frame to its last, so that every frame is
rendered. Each job runs in a process of its own, all jobs in turn, and the fastest of N runs
counts: what else the machine does can only make a job slower. Beside the seconds on the clock
stand those of the processor, which say less of the machine's other work. Without a video the
demo's clip is measured.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SPEECH_RATE = 48_000


def decode(video: Path, speech: Path, scratch: Path, cache: Path) -> None:
    """Read every frame."""
    from lipwright.media.decode import VideoReader

    with VideoReader(video) as reader:
        for _ in reader:
            pass


def copy(video: Path, speech: Path, scratch: Path, cache: Path) -> None:
    """Read every frame and write it with lipwright's own encoder settings, sound included."""
    from lipwright.media.audio import read_track
    from lipwright.media.decode import VideoReader
    from lipwright.media.encode import VideoWriter

    with (
        VideoReader(video) as reader,
        VideoWriter(scratch / "copy.mp4", reader.info, read_track(video)) as writer,
    ):
        for frame in reader:
            writer.write(frame.y, frame.u, frame.v, frame.pts)


def identify(video: Path, speech: Path, scratch: Path, cache: Path) -> None:
    """Find the faces."""
    import lipwright

    if not lipwright.identify(video, cache=None).faces:
        raise SystemExit("there is no face in the video")


def sync(video: Path, speech: Path, scratch: Path, cache: Path) -> None:
    """Identify and render, the whole of `lipwright sync`, with nothing known of the video."""
    import lipwright

    lipwright.sync(video, speech, scratch / "sync.mp4", at_ms=0, cache=None)


def learn(video: Path, speech: Path, scratch: Path, cache: Path) -> None:
    """The same, keeping what is learned; the first run does so, later ones have it."""
    import lipwright

    lipwright.sync(video, speech, scratch / "known.mp4", at_ms=0, cache=cache)


JOBS: dict[str, Callable[[Path, Path, Path, Path], None]] = {
    "decode": decode,
    "copy": copy,
    "identify": identify,
    "sync": sync,
    "known": learn,
}


def main() -> None:
    """Measure all jobs, or be the process that does one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--speech", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--cache", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lipwright-bench-") as folder:
        scratch = Path(folder)
        if chosen.job:
            do_one(chosen.job, chosen.video, chosen.speech, scratch, chosen.cache)
            return
        video = chosen.video or make_clip(scratch / "clip.mp4")
        speech = own_sound(video, scratch / "speech.wav")
        cache = scratch / "cache"
        measure("known", video, speech, cache)
        runs = [
            {job: measure(job, video, speech, cache) for job in JOBS} for _ in range(chosen.runs)
        ]
        measured = {job: best([run[job] for run in runs]) for job in JOBS}
    report(video, measured, as_json=chosen.json)


@dataclass(frozen=True)
class Cost:
    """What a job took: seconds on the clock and of the processor, most memory in MB."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def do_one(job: str, video: Path, speech: Path, scratch: Path, cache: Path) -> None:
    """Do one job in this process and print what it cost.

    Importing the libraries, half a second at most, is not what is measured.
    """
    import lipwright.library  # noqa: F401

    begun, busy = time.perf_counter(), time.process_time()
    JOBS[job](video, speech, scratch, cache)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([seconds, cpu, peak / (1e6 if sys.platform == "darwin" else 1e3)]))


def measure(job: str, video: Path, speech: Path, cache: Path) -> Cost:
    """Run a job once, in a process of its own."""
    command = [sys.executable, __file__, str(video), "--job", job, "--speech", str(speech)]
    command += ["--cache", str(cache)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return Cost(*json.loads(done.stdout))


def best(costs: list[Cost]) -> Cost:
    """The least times and the most memory of some runs."""
    return Cost(
        min(cost.seconds for cost in costs),
        min(cost.cpu_seconds for cost in costs),
        max(cost.peak_mb for cost in costs),
    )


def make_clip(path: Path) -> Path:
    """Make the demo's clip."""
    subprocess.run([sys.executable, ROOT / "demo" / "make_clip.py", path], check=True)
    return path


def own_sound(video: Path, path: Path) -> Path:
    """Write the video's own sound, or silence with a hum if it has none, as long as its picture."""
    from lipwright.media.audio import read_track
    from lipwright.media.probe import probe

    count = probe(video).duration_ms * SPEECH_RATE // 1000
    track = read_track(video, SPEECH_RATE)
    if track is None:
        sound = 0.1 * np.sin(np.arange(count) * (2 * np.pi * 150 / SPEECH_RATE))
    else:
        sound = np.zeros(count)
        sound[: len(track)] = track[:count].mean(axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SPEECH_RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    return path


RATIOS = (("sync", "copy"), ("known", "copy"), ("known", "sync"), ("identify", "decode"))


def report(video: Path, measured: dict[str, Cost], *, as_json: bool) -> None:
    """Print what was measured, and the ratios that count."""
    ratios = {
        f"{job} / {other}": (
            measured[job].seconds / measured[other].seconds,
            measured[job].cpu_seconds / measured[other].cpu_seconds,
        )
        for job, other in RATIOS
    }
    if as_json:
        jobs = {job: asdict(cost) for job, cost in measured.items()}
        print(json.dumps({"video": video.name, "jobs": jobs, "ratios": ratios}, indent=2))
        return
    print(f"{video.name}")
    for job, cost in measured.items():
        print(f"  {job:<10} {cost.seconds:8.2f} s {cost.cpu_seconds:8.2f} s cpu", end="")
        print(f" {cost.peak_mb:8.0f} MB")
    for name, (clock, cpu) in ratios.items():
        print(f"  {name:<18} {clock:6.2f} {cpu:6.2f} cpu")


if __name__ == "__main__":
    main()
