"""Measure what a frame costs in the mesh engine and in a Wav2Lip generator, side by side.

    python scripts/bench_engines.py [VIDEO] [--model FILE.onnx] [--threads N] [--rounds N] [--json]

Both render the same frames of the same face in one process, in turn, a few frames each, so that
whatever else the machine does meets both; the median of the rounds counts. Times are those of the
processor, all threads together, which other work on the machine hardly changes; a clock's are
beside them. Without a model the published architecture is measured with random weights: its cost
is the real one. Following the face, decoding and encoding are the same for both and left out.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
STEP = 8
"""Frames in a turn: the batch that the neural engine asks for on a CPU."""


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("video", nargs="?", type=Path, help="else the demo's clip is made")
    parser.add_argument("--model", type=Path, help="else random weights, 96 pixels")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lipwright-bench-") as folder:
        scratch = Path(folder)
        video, model = asked.video, asked.model
        if video is None:
            video = scratch / "clip.mp4"
            subprocess.run([sys.executable, ROOT / "demo" / "make_clip.py", video], check=True)
        if model is None:
            model = scratch / "wav2lip.onnx"
            export = ROOT / "scripts" / "export_wav2lip.py"
            subprocess.run([sys.executable, export, model], check=True, stdout=sys.stderr)
        found = measure(video, model, asked.threads, asked.rounds)
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        shown = f"{value:10.2f}" if isinstance(value, float) else value
        print(f"  {name:<48} {shown}")


def measure(video: Path, model: Path, threads: int, rounds: int) -> dict[str, Any]:
    """Give the median cost of a frame in ms, per part, and what memory the generator takes."""
    from lipwright.render.mesh.engine import MeshEngine
    from lipwright.render.neural.engine import NeuralBank, NeuralEngine
    from lipwright.render.neural.square import face_square

    cv2.setNumThreads(threads)
    mesh = MeshEngine()
    frames, bank, plan, start = known_face(video, mesh)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    neural = NeuralEngine(model, threads=threads)
    own = bank.own
    whole = NeuralBank(bank.frame_indices, bank, face_square(own.pose, own.rest))
    size = neural.generator.shape.size
    source = np.random.default_rng(0)
    faces = source.random((STEP, size, size, 3), np.float32)
    mels = source.normal(0, 2, (STEP, 80, 16)).astype(np.float32)

    def part(turn: int) -> list[Any]:
        first = start + (turn * STEP) % max(1, len(frames) - start - STEP)
        return frames[first : first + STEP]

    def alone(turn: int) -> None:
        for face, mel in zip(faces, mels, strict=True):
            neural.generator(face[None], mel[None])

    jobs: dict[str, Callable[[int], object]] = {
        "mesh": lambda turn: [mesh.render(bank, plan, frame) for frame in part(turn)],
        "generator, one by one": alone,
        f"generator, {STEP} at once": lambda turn: neural.generator(faces, mels),
        "neural engine, whole": lambda turn: neural.render_batch(whole, plan, part(turn)),
    }
    for job in jobs.values():
        job(0)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in jobs}
    for turn in range(rounds):
        for name, job in jobs.items():
            begun = time.process_time(), time.perf_counter()
            job(turn)
            worked, passed = time.process_time() - begun[0], time.perf_counter() - begun[1]
            spent[name].append((worked / STEP * 1e3, passed / STEP * 1e3))
    cost = {name: median(worked for worked, _ in values) for name, values in spent.items()}
    clock = {name: median(passed for _, passed in values) for name, values in spent.items()}
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    best = min(cost["generator, one by one"], cost[f"generator, {STEP} at once"])
    return {
        "video": video.name,
        "faces": f"{size}x{size}",
        "threads": threads,
        **{f"{name}, CPU ms a frame": value for name, value in cost.items()},
        **{f"{name}, ms a frame by the clock": value for name, value in clock.items()},
        "generator / mesh": best / cost["mesh"],
        "neural engine / mesh": cost["neural engine, whole"] / cost["mesh"],
        "memory that the generator adds, MB": grown / (1e6 if sys.platform == "darwin" else 1e3),
    }


def known_face(video: Path, engine: Any) -> tuple[list[Any], Any, Any, int]:
    """Frames of a video, what is known of its largest face, a plan, and where speech begins."""
    import lipwright
    from lipwright.dubbing.casting import cast
    from lipwright.dubbing.types import Line
    from lipwright.faces.landmarker import FaceLandmarker
    from lipwright.library.cues import choose_face
    from lipwright.media.audio import probe_sound
    from lipwright.media.decode import VideoReader
    from lipwright.models.store import require

    speech = ROOT / "demo" / "line.wav"
    identification = lipwright.identify(video)
    face = choose_face(identification, None, None)
    length = min(face.end_ms - face.start_ms, probe_sound(speech).duration_ms)
    line = Line(face.face_id, speech, 0, length, face.start_ms)
    with VideoReader(video) as reader:
        (speaker,) = cast(
            reader,
            identification,
            [line],
            lambda: FaceLandmarker(require("face_landmarker")),
            engine,
            lambda frame: None,
        )
        frames = [frame for frame in reader if frame.time * 1000 < line.end_ms]
    speaking = speaker.plan.speaking
    assert speaking is not None
    first = int(speaker.plan.frame_indices[np.argmax((speaking >= 1) & (speaker.plan.weight >= 1))])
    return frames, speaker.bank, speaker.plan, first


if __name__ == "__main__":
    main()
