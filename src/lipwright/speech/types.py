"""The value that the speech room hands out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHANNELS = ("opening", "width", "jaw", "upper", "lower", "protrusion")
"""Names of the columns of `MouthCurve.values`; see `lipwright.faces.mouth_shape`."""


@dataclass(frozen=True, eq=False)
class MouthCurve:
    """What a mouth does while a line is spoken, in person-independent units.

    Attributes
    ----------
    times
        (T,) float64, seconds on the clock of the (cropped) speech.
    values
        (T, 6) float32, columns as `CHANNELS`, in inter-ocular distances relative to the closed
        rest position (rest is 0 in every column; opening is never negative).
    speaking
        (T,) float32 in 0..1: 0 where the speech is silent and the mouth must rest.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float32]
    speaking: NDArray[np.float32]
