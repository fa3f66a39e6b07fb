"""What a transcript does for the closures: ``python -m training.closures [--texts FOLDER]``.

Clips of GRID are named after their sentence; for others FOLDER may hold ``<clip>.txt``. Each clip
in ``training/cache/talking`` is tried as it is and under noise, without its transcript and with it.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from lipwright.faces.mouth_shape import mouth_values
from lipwright.speech.activity import Span, speech_spans
from lipwright.speech.alignment import Aligner
from lipwright.speech.encoder import RATE, SpeechEncoder
from lipwright.speech.level import frame_levels, usual_level
from lipwright.speech.network import load_network
from lipwright.speech.predict import curve_at
from lipwright.speech.sharpen import expected_closures, placed_words, sharpen
from lipwright.speech.spelling import read_transcript
from training.bundle import encoder_folder
from training.targets import CACHE, CLOSED_OPENING

NOISE_DB = (None, 10.0, 3.0)
LAGS = np.arange(-8, 9) * 0.02
SHUT, CLEARLY_APART = 0.02, 0.03
NEAR_S = 0.045
"""A frame at 25 per second, and a little."""

REACH_S = 0.2
"""A true closure no further from where the transcript expects one is the one that was meant."""

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WORDS = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter.upper() for letter in "abcdefghijklmnopqrstuvxyz"},
    dict(zip("z123456789", _DIGITS, strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path)
    arguments = parser.parse_args()
    encoder = SpeechEncoder(encoder_folder())
    aligner = Aligner(encoder.model, encoder.folder)
    texts = {}
    for path in sorted((CACHE / "talking").glob("*.npz")):
        given = arguments.texts / f"{path.stem}.txt" if arguments.texts else None
        if path.stem.startswith("grid_"):
            texts[path] = grid_sentence(path.stem[-6:])
        elif given is not None and given.exists():
            texts[path] = given.read_text()
    for noise_db in NOISE_DB:
        for kind in ("grid", "other"):
            chosen = [p for p in texts if p.stem.startswith("grid_") == (kind == "grid")]
            if chosen:
                counts = sum(measure(p, texts[p], noise_db, encoder, aligner) for p in chosen)
                heading = f"{kind}, " + ("clean" if noise_db is None else f"{noise_db:.0f} dB")
                print(f"{heading:13}{describe(counts)}", flush=True)


def grid_sentence(code: str) -> str:
    return " ".join(words[letter] for words, letter in zip(WORDS, code, strict=True))


def measure(
    path: Path, text: str, noise_db: float | None, encoder: SpeechEncoder, aligner: Aligner
) -> np.ndarray:
    """(2, 6) counts without and with the transcript; see `compare`."""
    with np.load(path) as data:
        seen = data["score"] > 0.5
        true = mouth_values(data["landmarks"][seen])[:, 0]
        times = data["times"][seen]
        samples = data["samples"].astype(np.float32) / 32768.0
    if noise_db is not None:
        noise = np.random.default_rng(1).normal(size=len(samples))
        level = np.sqrt((samples**2).mean()) * 10 ** (-noise_db / 20)
        samples = (samples + level * noise).astype(np.float32)
    sound = usual_level(samples)
    levels, duration = frame_levels(sound), len(sound) / 16_000
    output = load_network()(encoder.encode(sound))
    times = times - best_lag(output.values[:, 0], times, true)
    spans = speech_spans(output.voice, levels, duration)
    words = aligner.align(sound, read_transcript(text))
    expected = [one.time for one in expected_closures(placed_words(words, spans))]
    rows = []
    for closed in (output.closed, sharpen(output.closed, words, spans)):
        curve = curve_at(times, replace(output, closed=closed), levels, duration)
        rows.append(compare(times, true, curve.values[:, 0], spans, expected))
    return np.array(rows)


def best_lag(said: np.ndarray, times: np.ndarray, true: np.ndarray) -> float:
    grid = np.arange(len(said)) / RATE
    agreement = [np.corrcoef(np.interp(times - lag, grid, said), true)[0, 1] for lag in LAGS]
    return float(LAGS[int(np.argmax(agreement))])


def compare(
    times: np.ndarray,
    true: np.ndarray,
    said: np.ndarray,
    spans: tuple[Span, ...],
    expected: list[float],
) -> list[int]:
    """Count the true closures and how many of them are shown; the same of those that are a p, b or
    m by the transcript; the shown closures, and how many of them are of lips plainly apart.
    """
    inside = np.zeros(len(times), bool)
    for span in spans:
        inside |= (times > span.start + 0.02) & (times < span.end - 0.02)

    def runs(shut: np.ndarray, kept: np.ndarray) -> list[tuple[int, int]]:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], shut.astype(int), [0]])))
        found = zip(edges[::2], edges[1::2] - 1, strict=True)
        return [(a, b) for a, b in found if kept[a : b + 1].any()]

    def lowest(curve: np.ndarray, run: tuple[int, int]) -> float:
        start, end = times[list(run)]
        return float(curve[(times >= start - NEAR_S) & (times <= end + NEAR_S)].min())

    everywhere = np.ones(len(times), bool)
    free = runs(true < CLOSED_OPENING, everywhere)
    meant = []
    for time in expected:
        near = [r for r in free if times[r[0]] - REACH_S < time < times[r[1]] + REACH_S]
        if near:
            best = min(near, key=lambda run: abs(times[list(run)].mean() - time))
            meant.append(best)
            free.remove(best)
    real, shown = runs(true < CLOSED_OPENING, inside), runs(said < SHUT, inside)
    return [
        len(real),
        sum(lowest(said, run) < SHUT for run in real),
        len(meant),
        sum(lowest(said, run) < SHUT for run in meant),
        len(shown),
        sum(lowest(true, run) > CLEARLY_APART for run in shown),
    ]


def describe(counts: np.ndarray) -> str:
    return "; ".join(
        f"{name}: {row[1]} of {row[0]} closures shown, {row[3]} of {row[2]} p, b, m, "
        f"{row[5]} of {row[4]} shown are false"
        for name, row in zip(("without", "with"), counts, strict=True)
    )


if __name__ == "__main__":
    main()
