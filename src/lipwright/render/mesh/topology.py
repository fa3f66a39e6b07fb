"""The mesh: which landmarks may move, and the ring around the jaw that pins it to the picture."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

LANDMARKS: Final = 478

JAW_LINE: Final = (
    *(234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152),
    *(377, 400, 378, 379, 365, 397, 288, 361, 323, 454),
)
"""The face's outline from the picture's left ear round the chin to the right ear."""

_RINGS: Final = (0.22, 0.55)
"""Distances of the ring points from the jaw line, in inter-ocular distances."""

RING_SHARE: Final = (0.5, 0.0)
"""How much of the jaw line's motion each ring takes part in; the outermost stands still."""

_RING_CENTRE_Y: Final = 1.0

_FIXED_ABOVE: Final = 0.74
_FREE_BELOW: Final = 1.0
"""Heights in head units between which motion fades in: the nose's base lies at 0.78, the upper
lip's edge at 1.05."""


def lower_face_weight(head: NDArray[np.floating]) -> NDArray[np.float64]:
    """How much of the learned motion each landmark of a reference head takes.

    Parameters
    ----------
    head
        (478, 3), head units.

    Returns
    -------
    (478,) in 0..1, rising smoothly from the nose down to the lips.
    """
    share = np.clip((head[:, 1] - _FIXED_ABOVE) / (_FREE_BELOW - _FIXED_ABOVE), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share), dtype=np.float64)


def with_ring(head: NDArray[np.floating]) -> NDArray[np.float64]:
    """Add ring points outside the jaw line.

    Parameters
    ----------
    head
        (..., 478, 3), head units.

    Returns
    -------
    (..., 478 + 2 * 21, 3)
    """
    jaw = head[..., list(JAW_LINE), :].astype(np.float64)
    outward = jaw[..., :2] - np.array([0.0, _RING_CENTRE_Y])
    outward /= np.linalg.norm(outward, axis=-1, keepdims=True)
    rings = []
    for distance in _RINGS:
        ring = jaw.copy()
        ring[..., :2] += distance * outward
        rings.append(ring)
    return np.concatenate([head, *rings], axis=-2)


def ring_motion(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 478, 3) motion of the landmarks, extended to the ring points."""
    jaw = motion[..., list(JAW_LINE), :]
    return np.concatenate([motion, *(share * jaw for share in RING_SHARE)], axis=-2)
