"""Step 3: windows of several clips in a row, made noisy, as speech features with their targets.

Every pass over the data packs the clips anew, with other neighbours, pauses, speeds, rooms and
noises. ``python -m training.features [PASSES] [--of SET]`` caches them under
``training/cache/SET``: ``passes`` of all real clips, ``clean`` ones of GRID and synthetic speech,
or ``grid``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lipwright.speech.encoder import SpeechEncoder
from lipwright.speech.level import frame_levels, loud_level, usual_level
from training import augment
from training.bundle import encoder_folder
from training.phones import Said, number_of
from training.rendered import load_rendered
from training.targets import CACHE, SHIFTS, Clip, align, load_clips
from training.words import load_phones

RATE = 16_000
WINDOW_S = 10.0


@dataclass(eq=False)
class Window:
    """One encoded stretch of sound and what the mouths in it do.

    Attributes
    ----------
    features
        (n, 384) float16 at 50 Hz.
    voice
        (n,) float16: 1 speech, 0 none, NaN not sure.
    times
        (m,) float32: where frames lie, in feature vectors.
    values, closed, clip
        (m, 6), (m,), (m,): targets and the clip (number within the window) they belong to.
    weight, anchored
        (m,): trust in the frame, and whether its zero is known.
    phones
        (n,) int8 number of the phone at each feature vector; -1 where it is not known.
    """

    features: np.ndarray
    voice: np.ndarray
    times: np.ndarray
    values: np.ndarray
    closed: np.ndarray
    clip: np.ndarray
    weight: np.ndarray
    anchored: np.ndarray
    phones: np.ndarray


class _Builder:
    """Lays clips one after the other."""

    def __init__(self, rng: np.random.Generator, length_s: float) -> None:
        self.rng = rng
        self.room = int(length_s * RATE)
        self.sound: list[np.ndarray] = []
        self.voice: list[np.ndarray] = []
        self.used = 0
        self.rows: list[tuple[np.ndarray, Clip]] = []
        self.said: list[Said] = []

    def gap(self, seconds: float) -> None:
        self._add(np.zeros(int(seconds * RATE), np.float32), np.zeros(int(seconds * RATE)))

    def fits(self, clip: Clip) -> bool:
        return self.used + len(clip.samples) / 0.85 < self.room

    def clip(self, clip: Clip, *, clean: bool) -> None:
        rng = self.rng
        factor = 1.0 if clean or rng.random() < 0.3 else rng.uniform(0.87, 1.15)
        sound = clip.samples if factor == 1.0 else augment.change_speed(clip.samples, factor)
        level = loud_level(frame_levels(sound))
        sound = sound * 10.0 ** ((-20.0 - level) / 20.0)
        voice = _voice(sound)
        if not clean:
            sound = augment.colour(sound, rng) if rng.random() < 0.5 else sound
            sound = sound * 10.0 ** (rng.uniform(-6, 6) / 20.0)
        fade = np.minimum(1.0, np.arange(len(sound)) / 80.0)
        sound = sound * fade * fade[::-1]
        times = (clip.times + clip.shift) / factor + self.used / RATE
        self.rows.append((times * 50.0, clip))
        start = self.used / RATE
        self.said += [
            Said(
                p.phone,
                (p.start + clip.shift) / factor + start,
                (p.end + clip.shift) / factor + start,
            )
            for p in clip.said
        ]
        self._add(sound, voice)

    def _add(self, sound: np.ndarray, voice: np.ndarray) -> None:
        self.sound.append(sound.astype(np.float32))
        self.voice.append(voice)
        self.used += len(sound)


def build_pass(
    clips: list[Clip], encoder: SpeechEncoder, seed: int, *, clean: bool
) -> list[Window]:
    """All clips once, in random order and company."""
    rng = np.random.default_rng(seed)
    order = list(rng.permutation(len(clips)))
    windows = []
    while order:
        length = WINDOW_S if rng.random() < 0.6 else rng.uniform(3.6, WINDOW_S)
        builder = _Builder(rng, length)
        if rng.random() < 0.7:
            builder.gap(rng.uniform(0.0, 0.5))
        while order and (not builder.rows or builder.fits(clips[order[-1]])):
            builder.clip(clips[order.pop()], clean=clean)
            if rng.random() < 0.7:
                builder.gap(rng.uniform(0.02, 0.6))
        windows.append(_finish(builder, encoder, rng, clean=clean))
    if not clean:
        windows += [_without_speech(encoder, rng) for _ in range(len(windows) // 12)]
    return windows


def _finish(
    builder: _Builder, encoder: SpeechEncoder, rng: np.random.Generator, *, clean: bool
) -> Window:
    sound, voice = np.concatenate(builder.sound), np.concatenate(builder.voice)
    room = int(WINDOW_S * RATE)
    sound, voice = sound[:room], voice[:room]
    if not clean:
        if rng.random() < 0.25:
            sound = augment.reverberate(sound, rng)
        if rng.random() < 0.6:
            sound = sound + _bed(len(sound), rng)
    features = encoder.encode(usual_level(sound))
    marks = voice[np.minimum(np.arange(len(features)) * 320, len(voice) - 1)]
    times = np.concatenate([t for t, _ in builder.rows])
    inside = (times >= 0) & (times <= len(features) - 1)

    def column(values: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(values)[inside]

    rows = builder.rows
    return Window(
        features.astype(np.float16),
        marks.astype(np.float16),
        times[inside].astype(np.float32),
        column([c.values for _, c in rows]),
        column([c.closed for _, c in rows]),
        column([np.full(len(t), i) for i, (t, _) in enumerate(rows)]),
        column([np.full(len(t), c.weight, np.float32) for t, c in rows]),
        column([np.full(len(t), c.anchored) for t, c in rows]),
        _phones_at(builder.said, len(features)),
    )


def _phones_at(said: list[Said], count: int) -> np.ndarray:
    found = np.full(count, -1, np.int8)
    for one in said:
        first, last = round(one.start * 50.0), round(one.end * 50.0)
        found[max(0, first) : max(0, last)] = number_of(one.phone)
    return found


def _without_speech(encoder: SpeechEncoder, rng: np.random.Generator) -> Window:
    count = int(rng.uniform(2.0, WINDOW_S) * RATE)
    sound = augment.music(count, rng) if rng.random() < 0.6 else augment.noise(count, rng)
    if rng.random() < 0.3:
        sound = sound + augment.noise(count, rng) * rng.uniform(0.05, 0.7)
    features = encoder.encode(usual_level(sound))
    empty = np.zeros(0, np.float32)
    return Window(
        features.astype(np.float16),
        np.zeros(len(features), np.float16),
        empty,
        np.zeros((0, 6), np.float32),
        empty > 0,
        empty.astype(int),
        empty,
        empty > 0,
        np.zeros(len(features), np.int8),
    )


def _bed(count: int, rng: np.random.Generator) -> np.ndarray:
    """Background at 3 to 45 dB below loud speech."""
    sound = augment.music(count, rng) if rng.random() < 0.3 else augment.noise(count, rng)
    return sound * 10.0 ** ((-20.0 - rng.uniform(5.0, 45.0)) / 20.0)


def _voice(sound: np.ndarray) -> np.ndarray:
    """Per sample: 1 in speech, 0 in silence, NaN near the border between them."""
    levels = frame_levels(sound)
    top = loud_level(levels)
    loud, sure = levels > top - 27.0, levels < top - 38.0
    closed = ~_dilate(~_dilate(loud, 5), 5)
    marks = np.where(closed, 1.0, np.nan)
    marks[~_dilate(closed, 4)] = 0.0
    marks[sure & ~_dilate(closed, 1)] = 0.0
    nearest = (np.arange(len(sound)) + 160) // 320
    return marks[np.minimum(nearest, len(marks) - 1)]


def _dilate(mask: np.ndarray, reach: int) -> np.ndarray:
    return np.convolve(mask, np.ones(2 * reach + 1), "same") > 0.5


def save(windows: list[Window], path: Path) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    arrays = {f"{i}.{k}": v for i, w in enumerate(windows) for k, v in vars(w).items()}
    np.savez(path, count=len(windows), **arrays)


def load(path: Path) -> list[Window]:
    fields = list(Window.__dataclass_fields__)
    with np.load(path) as data:
        return [
            Window(**{field: data[f"{i}.{field}"] for field in fields})
            for i in range(int(data["count"]))
        ]


def training_clips() -> list[Clip]:
    """GRID alone until the anchors' shifts are known."""
    clips = load_clips(CACHE / "grid_s1", one_person=True)
    if SHIFTS.exists():
        clips += align(load_clips(CACHE / "anchors_ar", one_person=False))
    return clips


def clean_clips() -> list[Clip]:
    """GRID and synthetic speech: all that commercial use is allowed for."""
    phones = load_phones()
    clips = load_clips(CACHE / "grid_s1", one_person=True)
    for clip in clips:
        clip.said = tuple(phones.get(clip.name, ()))
    return clips + load_rendered()


def grid_clips() -> list[Clip]:
    return load_clips(CACHE / "grid_s1", one_person=True)


SETS = {"passes": training_clips, "clean": clean_clips, "grid": grid_clips}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("passes", type=int, nargs="?", default=8)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--of", choices=sorted(SETS), default="passes", help="which clips")
    arguments = parser.parse_args()
    clips = SETS[arguments.of]()
    folder = CACHE / arguments.of
    encoder = SpeechEncoder(encoder_folder())
    for seed in range(arguments.first, arguments.passes):
        windows = build_pass(clips, encoder, seed, clean=seed == 0)
        save(windows, folder / f"{seed:02}.npz")
        print(f"pass {seed}: {len(windows)} windows", flush=True)


if __name__ == "__main__":
    main()
