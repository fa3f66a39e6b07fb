"""Step 3a: how far each clip's picture is out of step with its sound.

Broadcast clips are off by a constant of one to three frames, other for each source. The present
weights' idea of the mouth is slid along the true one; where both agree best, drawn towards the
usual shift of the set, is the clip's shift. ``python -m training.align`` writes
``training/cache/shifts.npz``. GRID is aligned to the sample and fixes the zero.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from lipwright.speech.encoder import SpeechEncoder
from lipwright.speech.level import usual_level
from lipwright.speech.network import MouthNetwork
from training.bundle import encoder_folder
from training.targets import CACHE, SHIFTS, Clip, load_clips

STEPS = np.arange(-8, 14) * 0.02
"""Shifts tried, seconds to add to the frame times."""

CHANNEL_WEIGHT = np.array([1.0, 0.5, 0.6, 0.3, 0.8, 0.3])
EVIDENCE = 12.0
"""How much one unit of mean correlation counts, in nats; a clip of 1.2 s says only so much."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    arguments = parser.parse_args()
    with np.load(arguments.weights) as arrays:
        network = MouthNetwork(dict(arrays))
    encoder = SpeechEncoder(encoder_folder())
    clips = load_clips(CACHE / "anchors_ar", one_person=False)
    agreement = np.array([agreement_of(clip, encoder, network) for clip in clips])
    shifts, agreed, usual, spread = choose(agreement)
    np.savez(SHIFTS, names=[c.name for c in clips], shift=shifts, agreement=agreed)
    print(
        f"{len(clips)} clips: shift {usual * 1000:.0f} +- {spread * 1000:.0f} ms, agreement "
        + ", ".join(f"{v:.2f}" for v in np.percentile(agreed, [5, 25, 50, 75, 95]))
    )


def agreement_of(clip: Clip, encoder: SpeechEncoder, network: MouthNetwork) -> np.ndarray:
    """(steps,) weighted mean correlation of the channels at every shift."""
    curve = network(encoder.encode(usual_level(clip.samples))).values
    grid = np.arange(len(curve))
    inside = (clip.times > 0.05) & (clip.times < len(curve) / 50 - 0.05)
    scores = np.zeros(len(STEPS))
    for index, step in enumerate(STEPS):
        for channel, weight in enumerate(CHANNEL_WEIGHT):
            said = np.interp((clip.times[inside] + step) * 50, grid, curve[:, channel])
            scores[index] += weight * _correlation(said, clip.values[inside, channel])
    return scores / CHANNEL_WEIGHT.sum()


def choose(agreement: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Most probable shift of each clip under a normal prior that is fitted to all of them."""
    usual, spread = float(STEPS[agreement.mean(0).argmax()]), 0.05
    for _ in range(5):
        prior = -0.5 * ((STEPS - usual) / spread) ** 2
        belief = np.exp(EVIDENCE * agreement + prior)
        belief /= belief.sum(1, keepdims=True)
        means = belief @ STEPS
        usual = float(means.mean())
        spread = float(np.sqrt((belief @ STEPS**2 - means**2).mean() + means.var()))
        spread = min(spread, 0.05)
    nearest = np.abs(STEPS - means[:, None]).argmin(1)
    return means, agreement[np.arange(len(means)), nearest], usual, spread


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    if a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


if __name__ == "__main__":
    main()
