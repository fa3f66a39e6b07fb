"""Step 2: what each clip's mouth does, relative to the person's closed rest and range."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lipwright.faces.mouth_shape import mouth_values
from training.phones import Said

CACHE = Path(__file__).parent / "cache"
SHIFTS = CACHE / "shifts.npz"

CLOSED_OPENING = 0.022
"""Inner-lip gap (inter-ocular distances) below which lips touch: real lips cluster below 0.012,
and landmark noise adds as much."""

NATURAL_RANGE = 0.2
"""95th percentile of the opening in lively speech, to which every person is brought."""


@dataclass(eq=False)
class Clip:
    """One clip.

    Attributes
    ----------
    samples
        (n,) float32 at 16 kHz; sample 0 is at time 0.
    times
        (T,) seconds of the frames that have a face.
    values
        (T, 6) relative to rest, scaled to `NATURAL_RANGE`.
    closed
        (T,) bool: lips touch.
    anchored
        Whether the clip shows its own rest, so that the channels' zero is known.
    shift
        Seconds to add to `times` to be in step with the sound; see ``training/align.py``.
    weight
        Trust in the clip.
    said
        Its phones on the clock of `times`, where they are known.
    """

    name: str
    samples: np.ndarray
    times: np.ndarray
    values: np.ndarray
    closed: np.ndarray
    anchored: bool
    shift: float = 0.0
    weight: float = 1.0
    said: tuple[Said, ...] = ()


def load_clips(folder: Path, *, one_person: bool) -> list[Clip]:
    """All usable clips of an extracted set, in name order."""
    raws = [r for r in map(_read, sorted(folder.glob("*.npz"))) if r is not None]
    everything = np.concatenate([values for _, _, _, values in raws])
    slopes = _slopes(everything)
    person_scale = _range(everything) if one_person else None
    person_rest = _rest(everything, slopes)[0] if one_person else None
    clips = []
    for name, samples, times, values in raws:
        rest, anchored = _rest(values, slopes)
        if person_rest is not None:
            # Channels other than the opening drift with the head's pose from clip to clip.
            rest, anchored = (rest, True) if anchored else (person_rest, True)
        scale = person_scale or _shrunk_range(values)
        relative = (values - rest) * (NATURAL_RANGE / scale)
        relative[:, 0] = np.maximum(relative[:, 0], 0.0)
        closed = values[:, 0] < CLOSED_OPENING
        clips.append(Clip(name, samples, times, relative.astype(np.float32), closed, anchored))
    return clips


def align(clips: list[Clip]) -> list[Clip]:
    """Apply what ``training/align.py`` found; drop clips whose mouth does not follow the sound."""
    with np.load(SHIFTS) as data:
        known = dict(
            zip(data["names"], zip(data["shift"], data["agreement"], strict=True), strict=True)
        )
    kept = []
    for clip in clips:
        clip.shift, agreement = (float(v) for v in known[clip.name])
        clip.weight = float(np.clip((agreement - 0.05) / 0.35, 0.0, 1.0))
        if clip.weight > 0.1:
            kept.append(clip)
    return kept


def _read(path: Path) -> tuple[str, np.ndarray, np.ndarray, np.ndarray] | None:
    with np.load(path) as data:
        seen = data["score"] > 0.5
        if seen.mean() < 0.9 or seen.sum() < 15:
            return None
        values = mouth_values(data["landmarks"][seen]).astype(np.float64)
        jumps = np.abs(np.diff(values[:, :3], axis=0)).max()
        if jumps > 0.35 or values[:, 0].max() > 0.7:
            return None
        samples = data["samples"].astype(np.float32) / 32768.0
        if np.abs(samples).max() < 0.01:
            return None
        return path.stem, samples, data["times"][seen], values


def _slopes(values: np.ndarray) -> np.ndarray:
    """(6,) change of each channel per opening, for guessing rest where lips never close."""
    opening = values[:, 0] - values[:, 0].mean()
    return (values - values.mean(0)).T @ opening / (opening @ opening)


def _rest(values: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, bool]:
    closed = values[:, 0] < CLOSED_OPENING
    if closed.sum() >= 3:
        rest = np.median(values[closed], axis=0)
        anchored = True
    else:
        rest = np.median(values - values[:, :1] * slopes, axis=0)
        anchored = False
    rest[0] = min(rest[0], np.percentile(values[:, 0], 5), CLOSED_OPENING / 2)
    return rest, anchored


def _range(values: np.ndarray) -> float:
    return float(np.percentile(values[:, 0], 95))


def _shrunk_range(values: np.ndarray) -> float:
    """A short clip's range, drawn to the usual one: it may just hold small vowels."""
    own = float(np.percentile(values[:, 0], 95))
    return float(np.exp(0.5 * np.log(max(own, 0.06)) + 0.5 * np.log(NATURAL_RANGE)))
