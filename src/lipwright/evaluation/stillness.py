"""Does the mouth rest where nobody speaks?"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.speech.level import frame_levels, loud_level
from lipwright.speech.logmel import SAMPLE_RATE

F64 = NDArray[np.float64]

_RATE: Final = 50
_NOBODY_DB: Final = -45.0
"""A recording whose loud parts are below this holds no speech at all."""

_BELOW_SPEECH_DB: Final = 30.0
_ABOVE_ROOM_DB: Final = 6.0
_LEAST_RANGE_DB: Final = 18.0
_SHORTEST_SECONDS: Final = 0.3
_SETTLING_SECONDS: Final = 0.2
_PREPARING_SECONDS: Final = 0.35
"""A mouth comes to rest after it is heard, and opens before; people breathe in first."""

_MARGIN: Final = 0.025
_MOST_MARGIN: Final = 0.05
_NOISE_FACTOR: Final = 4.0
_SPEED: Final = 0.5
_HANGING: Final = 0.03
_LEAST_FRAMES: Final = 8


def silent_frames(sound: NDArray[np.float32], times: F64) -> NDArray[np.bool_]:
    """Frames in which the sound is silent by its level alone, whatever a model makes of it.

    Parameters
    ----------
    sound
        (n,) mono at 16 kHz, full scale 1; sample 0 sounds at time 0.
    times
        (T,) seconds.

    Returns
    -------
    (T,) bool: in a pause of at least 0.3 s, 0.2 s or more after sound and 0.35 s before it. A
    pause is 30 dB below the loud parts, or as low as the room is.
    """
    levels = frame_levels(sound)
    if not len(levels):
        return np.ones(len(times), bool)
    loud = loud_level(levels)
    if loud < _NOBODY_DB:
        return np.ones(len(times), bool)
    # The median of 100 ms keeps edges where they are and single crackles out.
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(levels, 2, mode="edge"), 5)
    levels = np.median(windows, axis=1)
    room = float(np.percentile(levels, 5))
    limit = loud - _BELOW_SPEECH_DB
    if limit < room + _ABOVE_ROOM_DB:
        limit = room + _ABOVE_ROOM_DB if loud - room >= _LEAST_RANGE_DB else -np.inf
    quiet = np.concatenate([[False], levels < limit, [False]])
    edges = np.flatnonzero(np.diff(quiet.astype(int)))
    silent = np.zeros(len(times), bool)
    end = len(sound) / SAMPLE_RATE
    for first, after in zip(edges[::2] / _RATE, edges[1::2] / _RATE, strict=True):
        if after - first < _SHORTEST_SECONDS:
            continue
        begin = first + (_SETTLING_SECONDS if first > 0 else 0.0)
        stop = after - _PREPARING_SECONDS if after < end - 0.03 else np.inf
        silent |= (times >= begin) & (times < stop)
    return silent


def silence_motion(opening: F64, silent: NDArray[np.bool_], floor: float, step: float) -> float:
    """Share of the silent frames in which the mouth does not rest.

    Parameters
    ----------
    opening
        (T,) head units, NaN where nothing was seen.
    silent
        (T,) bool.
    floor
        The person's smallest openings in the source, head units.
    step
        Seconds from frame to frame.

    Returns
    -------
    Rest is the median opening of the silent frames, though never more than 0.03 above ``floor``:
    a mouth that hangs open does not rest. A frame counts when the lips are further apart than
    rest by more than the margin, or when the opening changes faster than 0.5 head units a second
    (half a centimetre in a sixth of a second) and by more than the margin. The margin is 0.025
    head units (1.6 mm) or four times the landmarks' noise in these very frames (from the median
    second difference, which motion in less than half of them does not raise), at most 0.05.
    NaN with fewer than eight silent frames.
    """
    use = silent & np.isfinite(opening)
    if use.sum() < _LEAST_FRAMES:
        return float("nan")
    rest = min(float(np.median(opening[use])), floor + _HANGING)
    margin = float(np.clip(_NOISE_FACTOR * _noise(opening, use), _MARGIN, _MOST_MARGIN))
    change = np.abs(np.diff(opening, prepend=opening[:1]))
    together = use & np.concatenate([[False], use[:-1]])
    jumps = together & (change > max(_SPEED * step, margin))
    return float(((opening > rest + margin) | jumps)[use].mean())


def wander(lips: F64, silent: NDArray[np.bool_]) -> float:
    """How far the lips stray from where they rest, chin and all.

    Parameters
    ----------
    lips
        (T, P, 2) head units, NaN where nothing was seen.
    silent
        (T,) bool.

    Returns
    -------
    90th percentile, over the silent frames, of the points' mean distance from their median place,
    head units. Unlike `silence_motion` it has no threshold and sees shut lips that ride on a
    moving jaw. The landmarks' own noise reads 0.005 to 0.01. NaN with fewer than eight frames.
    """
    use = silent & np.isfinite(lips[:, 0, 0])
    if use.sum() < _LEAST_FRAMES:
        return float("nan")
    away = np.linalg.norm(lips[use] - np.median(lips[use], axis=0), axis=2).mean(1)
    return float(np.percentile(away, 90))


def _noise(opening: F64, use: NDArray[np.bool_]) -> float:
    """Standard deviation of what trembles from frame to frame."""
    second = opening[2:] - 2.0 * opening[1:-1] + opening[:-2]
    within = use[2:] & use[1:-1] & use[:-2]
    if within.sum() < _LEAST_FRAMES:
        return 0.0
    return float(1.4826 * np.median(np.abs(second[within])) / np.sqrt(6.0))
