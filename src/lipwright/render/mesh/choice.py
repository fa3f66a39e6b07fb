"""Which of a person's mouths to show in each frame: the nearest shape, and not another each time.

The cheapest path through all frames is found by dynamic programming (Viterbi 1967), as in the
unit selection of Cosatto and Graf's talking heads: how far a picture is from what is wanted, plus
what changing from one picture to another costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

OWN_FRAME: Final = 0
"""State 0 is the frame that is rendered itself; state k + 1 is patch k."""

_GAP_OFFSET: Final = 0.02
_GAP_SHARE: Final = 0.4
_STRETCHED: Final = 2.2
"""Opening a mouth wider than its picture costs more than closing it further."""

_HOPELESS: Final = 2.5
"""Beyond this far off it does not matter how far."""

_USUAL: Final = np.array([np.inf, 0.06, 0.05, 0.04, 0.06, 0.06])
_DEGREES: Final = 18.0
_ZOOM: Final = 0.35
_SHUT: Final = 0.015
_PARTED: Final = 0.035
_WRONG_CLOSURE: Final = 3.0
_BLUR: Final = 1.5
_CHANGE: Final = 1.8
_NEXT: Final = 0.15
_INVENTED: Final = 3.0
_INVENTED_GAP: Final = 0.08
"""What a picture does not show must be painted."""

_REST: Final = 0.6

_OWN_BONUS: Final = 0.35
_DISSOLVE: Final = 0.25
_FAST: Final = 0.03
"""How much of the pictures before and after is seen in a frame, and the change of the opening from
frame to frame above which nothing dissolves: what moves hides the change, and two would blur."""

_BLOCK: Final = 256
"""Frames whose costs are computed at once: those of a long line would take much memory."""


@dataclass(frozen=True, eq=False)
class MouthLook:
    """What mouths look like, N of them.

    Attributes
    ----------
    frame_indices
        (N,) where they are from.
    values
        (N, 6) channels relative to the person's rest.
    angles
        (N, 3) degrees.
    scale
        (N,) pixels per head unit.
    sharpness
        (N,), 1 is usual for this face.
    """

    frame_indices: NDArray[np.int64]
    values: NDArray[np.float64]
    angles: NDArray[np.floating]
    scale: NDArray[np.float64]
    sharpness: NDArray[np.float64]


def choose(
    wanted: NDArray[np.float64], frames: MouthLook, patches: MouthLook
) -> NDArray[np.float32]:
    """How much of each picture is shown in each frame.

    Parameters
    ----------
    wanted
        (N, 6): the mouth that each frame shall show, relative to rest.
    frames
        The N frames as they are.
    patches
        The K pictures to choose from.

    Returns
    -------
    (N, 1 + K) shares that add up to 1; column 0 is the frame itself. At most three pictures
    share a frame, where one dissolves into the next.
    """
    count = len(wanted)
    cost = np.empty((count, 1 + len(patches.scale)))
    cost[:, OWN_FRAME] = _own_cost(wanted, frames)
    for begin in range(0, count, _BLOCK):
        some = slice(begin, begin + _BLOCK)
        cost[some, 1:] = _patch_cost(wanted[some], frames.angles[some], frames.scale[some], patches)
    path = _cheapest_path(cost, _change_cost(patches.frame_indices))
    shares = np.zeros(cost.shape, np.float32)
    every = np.arange(count)
    kept = np.ones(count, np.float32)
    for offset in (-1, 1):
        at = np.clip(every + offset, 0, count - 1)
        moved = np.abs(wanted[at, 0] - wanted[:, 0])
        share = _DISSOLVE * np.clip(1.0 - moved / _FAST, 0.0, 1.0)
        # A cut in the video, or frames left out, is no place to dissolve.
        share[np.abs(frames.frame_indices[at] - frames.frame_indices) > 1] = 0.0
        np.add.at(shares, (every, path[at]), share.astype(np.float32))
        kept -= share.astype(np.float32)
    np.add.at(shares, (every, path), kept)
    return shares


def _shape_cost(wanted: NDArray[np.float64], shown: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cost of making one mouth into another, over the last axis of 6 channels."""
    want, have = np.maximum(wanted[..., 0], 0.0), np.maximum(shown[..., 0], 0.0)
    room = _GAP_OFFSET + _GAP_SHARE * np.maximum(want, have)
    gap = (want - have) / room
    gap = np.clip(np.where(gap > 0, _STRETCHED * gap, gap), -_HOPELESS, _HOPELESS)
    rest = ((wanted - shown) / _USUAL)[..., 1:]
    wrong = ((want < _SHUT) & (have > _PARTED)) | ((want > _PARTED) & (have < _SHUT))
    invented = np.clip((want - have) / _INVENTED_GAP, 0.0, 1.0)
    return np.asarray(
        gap**2 + _REST * (rest**2).sum(-1) + _WRONG_CLOSURE * wrong + _INVENTED * invented
    )


def _own_cost(wanted: NDArray[np.float64], frames: MouthLook) -> NDArray[np.float64]:
    return _shape_cost(wanted, frames.values) - _OWN_BONUS


def _patch_cost(
    wanted: NDArray[np.float64],
    angles: NDArray[np.floating],
    scale: NDArray[np.float64],
    patches: MouthLook,
) -> NDArray[np.float64]:
    shape = _shape_cost(wanted[:, None], patches.values[None])
    turn = (angles[:, None, :2] - patches.angles[None, :, :2]) / _DEGREES
    zoom = np.log(patches.scale[None] / scale[:, None]) / _ZOOM
    blur = _BLUR * np.clip(1.0 - patches.sharpness, 0.0, 1.0)
    return np.asarray(shape + (turn**2).sum(-1) + np.minimum(zoom, 0.0) ** 2 + blur**2)


def _change_cost(origin: NDArray[np.int64]) -> NDArray[np.float64]:
    """(1 + K, 1 + K): going on is free, going on as the clip itself went on nearly so."""
    count = len(origin) + 1
    cost = np.full((count, count), _CHANGE)
    follows = (origin[None, :] - origin[:, None] >= 1) & (origin[None, :] - origin[:, None] <= 2)
    cost[1:, 1:][follows] = _NEXT
    np.fill_diagonal(cost, 0.0)
    return cost


def _cheapest_path(cost: NDArray[np.float64], change: NDArray[np.float64]) -> NDArray[np.int64]:
    count = len(cost)
    if count == 0:
        return np.zeros(0, np.int64)
    total = cost[0]
    back = np.zeros(cost.shape, np.int64)
    for t in range(1, count):
        ways = total[:, None] + change
        back[t] = ways.argmin(0)
        total = ways.min(0) + cost[t]
    path = np.empty(count, np.int64)
    path[-1] = int(total.argmin())
    for t in range(count - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path
