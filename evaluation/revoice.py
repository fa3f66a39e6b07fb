"""Re-voice clips with their own sound and hold the made mouth against the true one.

Run ``python -m evaluation.revoice CLIP… [--keep FOLDER]``. Prints one row a clip: correlation of
the output's inner-lip opening with the true one at lag 0 and at its best lag, that lag,
articulation (spread of the opening against the true one) and the share of the true closures
(opening under 0.02) that are closed in the output within one frame.
"""

from __future__ import annotations

import argparse
import tempfile
import wave
from pathlib import Path

import numpy as np

import lipwright
from evaluation.measure import correlation_and_lag, watch
from lipwright.media.audio import read_track
from lipwright.media.decode import VideoReader
from lipwright.media.encode import VideoWriter

CLOSED = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--keep", type=Path, help="folder for the outputs")
    arguments = parser.parse_args()
    print(f"{'clip':28} {'r at 0':>7} {'best r':>7} {'lag ms':>7} {'artic.':>7} {'closed':>7}")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        keep = arguments.keep or Path(folder)
        keep.mkdir(parents=True, exist_ok=True)
        for clip in arguments.clips:
            rows.append(revoice(clip, Path(folder), keep))
            print(f"{clip.stem:28} " + " ".join(f"{v:7.2f}" for v in rows[-1]), flush=True)
    middle = np.median(np.array(rows), axis=0)
    print(f"{'median':28} " + " ".join(f"{v:7.2f}" for v in middle))


def revoice(clip: Path, folder: Path, keep: Path) -> tuple[float, ...]:
    """One clip's row."""
    source, speech = folder / f"{clip.stem}.mp4", folder / f"{clip.stem}.wav"
    with VideoReader(clip, any_container=True) as reader:
        sound = read_track(clip, any_container=True)
        if sound is None:
            raise SystemExit(f"{clip} has no sound")
        length = round(reader.info.duration_ms * 48)
        sound = np.pad(sound, ((0, max(0, length - len(sound))), (0, 0)))[:length]
        write_wave(speech, sound)
        with VideoWriter(source, reader.info, sound) as writer:
            for frame in reader.frames():
                writer.write(frame.y, frame.u, frame.v, frame.pts)
        frame_seconds = float(1 / reader.info.frame_rate)
    output = keep / f"{clip.stem}-revoiced.mp4"
    lipwright.sync(source, speech, output, original_volume=0.0)
    true, made = watch(clip, any_container=True), watch(output)
    opening, wanted = made.values[:, 0], true.values[:, 0]
    at_zero, best, lag = correlation_and_lag(opening, wanted, frame_seconds)
    closures = np.flatnonzero(wanted < CLOSED)
    near = [opening[max(0, i - 1) : i + 2].min() < CLOSED for i in closures]
    closed = float(np.mean(near)) if near else float("nan")
    return at_zero, best, lag, float(np.nanstd(opening) / np.nanstd(wanted)), closed


def write_wave(path: Path, sound: np.ndarray) -> None:
    """Write (n, 2) float32 at 48 kHz as 16-bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
