"""Drive clips with silence and with room tone: does the mouth rest?

Run ``python -m evaluation.silence CLIP…``. For each clip and each kind of silence: the share of
frames, fades at both ends left out, in which the inner lips are further apart than 0.03 head
units or move by more than 0.02 from one frame to the next, and the same shares of the source.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import lipwright
from evaluation.measure import watch
from evaluation.revoice import write_wave

OPEN = 0.03
MOVING = 0.02
FADE_SECONDS = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, nargs="+")
    arguments = parser.parse_args()
    print(f"{'clip':28} {'sound':>10} {'open':>7} {'moving':>7} {'src open':>9} {'src moving':>10}")
    for clip in arguments.clips:
        for kind, level in (("digital", 0.0), ("room tone", 10 ** (-55 / 20))):
            shares = rest_shares(clip, level)
            print(f"{clip.stem:28} {kind:>10} " + " ".join(f"{v:8.3f}" for v in shares), flush=True)


def rest_shares(clip: Path, level: float) -> tuple[float, float, float, float]:
    """Open and moving shares of the output, then of the source."""
    duration = lipwright.identify(clip).video.duration_ms
    noise = np.random.default_rng(0).normal(0.0, 1.0, (duration * 48, 2)) * level
    with tempfile.TemporaryDirectory() as folder:
        speech, output = Path(folder) / "silence.wav", Path(folder) / "out.mp4"
        write_wave(speech, noise.astype(np.float32))
        lipwright.sync(clip, speech, output, original_volume=0.0)
        made, source = watch(output), watch(clip)
    inside = (made.times > FADE_SECONDS) & (made.times < made.times[-1] - FADE_SECONDS)
    return *_shares(made.values[inside, 0]), *_shares(source.values[inside, 0])


def _shares(opening: NDArray[np.float32]) -> tuple[float, float]:
    seen = opening[np.isfinite(opening)]
    return float((seen > OPEN).mean()), float((np.abs(np.diff(seen)) > MOVING).mean())


if __name__ == "__main__":
    main()
