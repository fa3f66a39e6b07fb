"""Is the mouth as sharp and as steady as the source's?"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.media.types import U8

_CUT_LEVELS = 12.0
"""A mean change of the patch from one frame to the next that only a cut makes."""


def sharpness_ratio(made: U8, source: U8, good: NDArray[np.bool_]) -> float:
    """Variance of the Laplacian in the mouth's square, made over source.

    Parameters
    ----------
    made, source
        (T, h, w) patches from the same places.
    good
        (T,) bool: frames that count.

    Returns
    -------
    Median over the frames; 1 is as sharp, 0.5 visibly softer.
    """
    ratios = [
        _detail(m) / max(_detail(s), 1e-6) for m, s in zip(made[good], source[good], strict=True)
    ]
    return float(np.median(ratios)) if ratios else float("nan")


def flicker(patches: U8, good: NDArray[np.bool_]) -> float:
    """How much a steady mouth trembles: mean second difference in time, in levels.

    The second difference leaves even motion alone and counts what goes to and fro.
    """
    total, count = 0.0, 0
    for at in range(1, len(patches) - 1):
        if not good[at - 1 : at + 2].all():
            continue
        before, here, after = (patches[at + k].astype(np.float32) for k in (-1, 0, 1))
        if np.abs(here - before).mean() > _CUT_LEVELS or np.abs(after - here).mean() > _CUT_LEVELS:
            continue
        total += float(np.abs(before - 2.0 * here + after).mean())
        count += 1
    return total / count if count else float("nan")


def jerk(lips: NDArray[np.float64], step: float) -> float:
    """Mean size of the third difference of the lips' points over the cube of a frame's length.

    Parameters
    ----------
    lips
        (T, P, 2) head units, NaN where nothing was seen.
    step
        Seconds from frame to frame.

    Returns
    -------
    Head units per cubic second. Half of it is the landmarks' own noise, in every file alike.
    """
    third = np.diff(lips, n=3, axis=0)
    size = np.linalg.norm(third, axis=2).mean(1)
    seen = size[np.isfinite(size)]
    return float(seen.mean()) / step**3 if len(seen) else float("nan")


def _detail(patch: U8) -> float:
    return float(cv2.Laplacian(patch, cv2.CV_32F).var())
