"""Synthetic speech with the mouth that ``training/trajectories.py`` gave it, as training clips."""

from __future__ import annotations

import numpy as np

from training.phones import Said
from training.synthetic import FOLDER, LATE_S
from training.targets import CACHE, Clip

RENDERED = CACHE / "rendered.npz"
FPS = 25.0
TRUST = 0.6
"""A real mouth's word counts 1."""


def load_rendered() -> list[Clip]:
    """All synthetic clips, in name order."""
    clips = []
    with np.load(RENDERED) as rendered:
        for name in sorted(rendered.files):
            values = rendered[name]
            with np.load(FOLDER / f"{name}.npz") as data:
                samples = data["samples"].astype(np.float32) / 32768.0
                said = tuple(
                    Said(str(phone), float(start), float(end))
                    for phone, (start, end) in zip(data["phones"], data["edges"], strict=True)
                )
            relative = values[:, :6].copy()
            relative[:, 0] = np.maximum(relative[:, 0], 0.0)
            clips.append(
                Clip(
                    name,
                    samples,
                    np.arange(len(values)) / FPS,
                    relative,
                    values[:, 6] > 0.5,
                    True,
                    -LATE_S[name.split("_")[0]],
                    TRUST,
                    said,
                )
            )
    return clips
