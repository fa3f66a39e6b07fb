"""Synthetic speech with known phones: ``python -m training.synthetic``.

Writes ``training/cache/synthetic/*.npz``: samples (n,) int16 at 16 kHz, phones (m,), edges (m, 2)
in seconds. Text, voices, rates and pitches are drawn from seeded numbers, clip by clip.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from training import sentences, voices

FOLDER = Path(__file__).parent / "cache" / "synthetic"
LATE_S = {"kokoro": 0.058, "flite": 0.004, "espeak": 0.01}
"""How much too late each says its phones are, by forced alignment of nine sentences each."""

COUNTS = {"kokoro": 187, "flite": 160, "espeak": 160}


def say(engine: str, rng: np.random.Generator) -> voices.Spoken:
    foreign = rng.random() < {"kokoro": 0.25, "flite": 0.0, "espeak": 0.6}[engine]
    language = str(rng.choice(sorted(sentences.OTHERS))) if foreign else "en-us"
    text = sentences.other(language, rng) if foreign else sentences.english(rng)
    if engine == "kokoro":
        return voices.kokoro(text, language, rng, rng.uniform(0.8, 1.3))
    if engine == "flite":
        return voices.flite(text, str(rng.choice(voices.FLITE_VOICES)), rng.uniform(0.75, 1.25))
    voice = language + str(rng.choice(voices.ESPEAK_VARIANTS))
    return voices.espeak(text, voice, int(rng.integers(130, 230)), int(rng.integers(25, 75)))


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    chosen = sys.argv[1:] or list(COUNTS)
    for engine in chosen:
        for number in range(COUNTS[engine]):
            file = FOLDER / f"{engine}_{number:04}.npz"
            if file.exists():
                continue
            samples, said = say(
                engine, np.random.default_rng([sorted(COUNTS).index(engine), number])
            )
            np.savez(
                file,
                samples=np.clip(samples * 32768.0, -32768, 32767).astype(np.int16),
                phones=np.array([one.phone for one in said]),
                edges=np.array([(one.start, one.end) for one in said]),
            )
            if number % 40 == 0:
                print(f"{engine}: {number} of {COUNTS[engine]}", flush=True)


if __name__ == "__main__":
    main()
