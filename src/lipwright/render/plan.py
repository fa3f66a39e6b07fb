"""Which frames of a face are changed, how much, and to what mouth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.types import FaceTrack

_FADE_SECONDS: Final = 0.12
_BRIDGE_SECONDS: Final = 0.1


@dataclass(frozen=True, eq=False)
class SpokenPart:
    """The sound of one line, for engines that listen themselves.

    Attributes
    ----------
    start
        When the sound begins, seconds on the video's clock.
    samples
        (n,) float32: mono, 16 kHz, full scale 1.
    """

    start: float
    samples: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RenderPlan:
    """The wanted mouth of one face.

    Attributes
    ----------
    frame_indices
        (N,) int64: the frames of the track, in order.
    channels
        (N, 6) float32: the mouth curve at those frames, relative to rest.
    weight
        (N,) float32 in 0..1: 0 passes the frame through, 1 replaces the mouth's motion.
    speaking
        (N,) float32 in 0..1: 0 where the speech is silent and the mouth must rest; the channels
        are already at rest there. ``None``: it speaks throughout.
    speech
        What is said, in the order of time.
    """

    frame_indices: NDArray[np.int64]
    channels: NDArray[np.float32]
    weight: NDArray[np.float32]
    speaking: NDArray[np.float32] | None = None
    speech: tuple[SpokenPart, ...] = ()


def window_weight(
    times: NDArray[np.float64], start: float, end: float, frame_seconds: float
) -> NDArray[np.float32]:
    """Fade in at the start of a window and out at its end, never outside of it.

    Parameters
    ----------
    times
        (N,), seconds.
    start, end
        The window, seconds.
    frame_seconds
        Length of a frame; the first frame of the window already takes part.
    """
    rise = (times - start + frame_seconds) / _FADE_SECONDS
    fall = (end - times) / _FADE_SECONDS
    inside = (times >= start - 1e-6) & (times < end - 1e-6)
    return (_ease(np.minimum(rise, fall)) * inside).astype(np.float32)


def usable_weight(track: FaceTrack) -> NDArray[np.float32]:
    """Fade out before the face turns away or is lost, and in again after.

    Returns
    -------
    (N,) in 0..1; 0 wherever the track's quality is 0.
    """
    quality = track.quality.astype(np.float64)
    weight = _ease(quality)
    bad = np.flatnonzero(quality <= 0.0)
    lost = np.flatnonzero(np.diff(track.times) > _FADE_SECONDS + _BRIDGE_SECONDS)
    edges = [*track.times[bad], *track.times[lost], *track.times[lost + 1]]
    for edge in edges:
        weight = np.minimum(weight, _ease(np.abs(track.times - edge) / _FADE_SECONDS))
    return weight.astype(np.float32)


def _ease(value: NDArray[np.float64]) -> NDArray[np.float64]:
    share = np.clip(value, 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))
