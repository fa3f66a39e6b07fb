"""Measure speed and memory against plain decoding and encoding of the same file.

    python scripts/bench.py [VIDEO] [--runs N] [--json]

The video says its own sound anew, from its first frame to its last, so that every frame is
rendered. Each job runs in a process of its own, in turn, and the fastest of N runs counts: what
else the machine does can only make a job slower. Without a video the demo's clip is measured.
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
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
SPEECH_RATE = 48_000


def decode(video: Path, speech: Path, scratch: Path) -> None:
    """Read every frame."""
    from lipwright.media.decode import VideoReader

    with VideoReader(video) as reader:
        for _ in reader:
            pass


def copy(video: Path, speech: Path, scratch: Path) -> None:
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


def identify(video: Path, speech: Path, scratch: Path) -> None:
    """Find the faces."""
    import lipwright

    if not lipwright.identify(video).faces:
        raise SystemExit("there is no face in the video")


def sync(video: Path, speech: Path, scratch: Path) -> None:
    """Identify and render, the whole of `lipwright sync`."""
    import lipwright

    lipwright.sync(video, speech, scratch / "sync.mp4", at_ms=0)


JOBS: dict[str, Callable[[Path, Path, Path], None]] = {
    "decode": decode,
    "copy": copy,
    "identify": identify,
    "sync": sync,
}


def main() -> None:
    """Measure all jobs, or be the process that does one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    parser.add_argument("--speech", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lipwright-bench-") as folder:
        scratch = Path(folder)
        if chosen.job:
            do_one(chosen.job, chosen.video, chosen.speech, scratch)
            return
        video = chosen.video or make_clip(scratch / "clip.mp4")
        speech = own_sound(video, scratch / "speech.wav")
        measured = {job: measure(job, video, speech, chosen.runs) for job in JOBS}
    report(video, measured, as_json=chosen.json)


def do_one(job: str, video: Path, speech: Path, scratch: Path) -> None:
    """Do one job in this process and print its seconds and its peak memory in MB.

    Importing the libraries, half a second at most, is not what is measured.
    """
    import lipwright.library  # noqa: F401

    begun = time.perf_counter()
    JOBS[job](video, speech, scratch)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps([seconds, peak / (1e6 if sys.platform == "darwin" else 1e3)]))


def measure(job: str, video: Path, speech: Path, runs: int) -> tuple[float, float]:
    """Give the fastest time in s and the largest memory in MB of some runs."""
    command = [sys.executable, __file__, str(video), "--job", job, "--speech", str(speech)]
    results = []
    for _ in range(runs):
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        results.append(json.loads(done.stdout))
    return min(seconds for seconds, _ in results), max(memory for _, memory in results)


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


def report(video: Path, measured: dict[str, tuple[float, float]], *, as_json: bool) -> None:
    """Print what was measured, and the two ratios that count."""
    ratios = {
        "sync / copy": measured["sync"][0] / measured["copy"][0],
        "identify / decode": measured["identify"][0] / measured["decode"][0],
    }
    if as_json:
        jobs = {job: {"seconds": s, "peak_mb": mb} for job, (s, mb) in measured.items()}
        print(json.dumps({"video": video.name, "jobs": jobs, "ratios": ratios}, indent=2))
        return
    print(f"{video.name}")
    for job, (seconds, memory) in measured.items():
        print(f"  {job:<10} {seconds:8.2f} s {memory:8.0f} MB")
    for name, ratio in ratios.items():
        print(f"  {name:<18} {ratio:6.2f}")


if __name__ == "__main__":
    main()
