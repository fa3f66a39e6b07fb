"""Step 1: landmarks and sound of every clip, cached under ``training/cache``.

Run ``python -m training.extract DATA [--media MEDIA]``, where DATA holds ``grid_s1`` and
``anchors_ar`` and MEDIA the clips to evaluate on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from lipwright.faces.landmarker import FaceLandmarker, FaceLandmarks
from training.bundle import landmark_bundle
from training.clips import read_frames, read_sound

CACHE = Path(__file__).parent / "cache"
SETS = {"grid_s1": "grid_s1/*.mkv", "anchors_ar": "anchors_ar/*.mp4"}
MIN_SCORE = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--media", type=Path)
    arguments = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    landmarker = FaceLandmarker(landmark_bundle())
    if arguments.media:
        extract(sorted(arguments.media.glob("talking/*.m*")), CACHE / "talking", landmarker)
    for name, pattern in SETS.items():
        extract(sorted(arguments.data.glob(pattern)), CACHE / name, landmarker)


def extract(paths: list[Path], target: Path, landmarker: FaceLandmarker) -> None:
    """One ``.npz`` a clip: times (T,), landmarks (T, 478, 3), score (T,), samples (n,) int16."""
    target.mkdir(exist_ok=True)
    for done, path in enumerate(paths):
        file = target / f"{path.stem}.npz"
        if file.exists():
            continue
        times, points, scores = track(path, landmarker)
        sound = np.clip(read_sound(path) * 32768.0, -32768, 32767).astype(np.int16)
        np.savez(file, times=times, landmarks=points, score=scores, samples=sound)
        if done % 100 == 0:
            print(f"{target.name}: {done} of {len(paths)}", flush=True)


def track(path: Path, landmarker: FaceLandmarker) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Landmarks of the largest face in every frame; frames without one have score 0."""
    times: list[float] = []
    points: list[np.ndarray] = []
    scores: list[float] = []
    last: FaceLandmarks | None = None
    for frame in read_frames(path):
        found = landmarker.follow(frame, last) if last is not None else None
        if found is None or found.score < MIN_SCORE:
            faces = sorted(landmarker.detect(frame), key=lambda d: d.box.width)
            found = landmarker.locate(frame, faces[-1]) if faces else None
        last = found if found is not None and found.score >= MIN_SCORE else None
        times.append(float(frame.time))
        points.append(last.points if last is not None else np.full((478, 3), np.nan, np.float32))
        scores.append(last.score if last is not None else 0.0)
    return np.array(times), np.array(points, np.float32), np.array(scores, np.float32)


if __name__ == "__main__":
    main()
