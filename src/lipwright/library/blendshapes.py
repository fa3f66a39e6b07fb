"""Mouth curves as the blendshape weights that faces made for Apple's ARKit understand.

The names and what they mean are ARKit's (``ARFaceAnchor.BlendShapeLocation``). The weights are
derived, not measured: six numbers of a mouth are spread over twelve shapes by the plain rules in
`blendshapes`, with factors chosen so that lively English speech reaches the weights that face
capture gives it. Left and right are always the same, for the six numbers know no sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lipwright.library.tables import csv_table
from lipwright.speech.types import MouthCurve

NAMES: Final = (
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
)
"""Columns of `Blendshapes.weights`."""

# Inter-ocular distances at which a shape is fully there.
_JAW: Final = 0.35
_TOUCHING: Final = 0.03
_OPEN: Final = 0.12
_NARROW: Final = 0.13
_WIDE: Final = 0.12
_LOWER: Final = 0.15
_UPPER: Final = 0.08
_ROLLED: Final = 0.08


@dataclass(frozen=True, eq=False)
class Blendshapes:
    """Weights of blendshapes over time.

    Attributes
    ----------
    times
        (T,) seconds since the start of the speech.
    weights
        (T, 12) float32 in 0..1, columns as ``names``.
    names
        ARKit's names.
    """

    times: NDArray[np.float64]
    weights: NDArray[np.float32]
    names: tuple[str, ...] = NAMES

    def to_csv(self) -> str:
        """Write them as CSV: ``time``, then a column for each name."""
        return csv_table(("time", *self.names), np.column_stack([self.times, self.weights]))

    def to_dict(self) -> dict[str, Any]:
        """Take them apart into JSON-able values: ``names``, ``times``, ``weights`` by row."""
        return {
            "names": list(self.names),
            "times": [round(time, 4) for time in self.times.tolist()],
            "weights": np.round(self.weights.astype(np.float64), 4).tolist(),
        }


def blendshapes(curve: MouthCurve) -> Blendshapes:
    """Derive ARKit-like weights from a mouth curve.

    - ``jawOpen``: the jaw's drop.
    - ``mouthClose``: as much as ``jawOpen`` while the lips touch, nothing once they are apart.
    - ``mouthPucker`` and ``mouthFunnel``: how much narrower than at rest the mouth is; the more
      it is open, the more of that is funnel and the less pucker.
    - ``mouthStretch``: how much wider than at rest the mouth is.
    - ``mouthLowerDown``: how much further than the jaw the lower lip goes down.
    - ``mouthUpperUp``: how far the upper lip goes up.
    - ``mouthRoll``: while the lips touch, how far their outer edges move towards each other.

    Parameters
    ----------
    curve
        From `lipwright.mouth_curve`, at any rate.
    """
    opening, width, jaw, upper, lower, _ = np.asarray(curve.values, np.float64).T
    jaw_open = _share(jaw, _JAW)
    touching = 1.0 - _share(opening, _TOUCHING)
    narrow, open_share = _share(-width, _NARROW), _share(opening, _OPEN)
    stretch = _share(width, _WIDE)
    lower_down = _share(lower - np.maximum(jaw, 0.0), _LOWER) * (1.0 - touching)
    upper_up = _share(upper, _UPPER)
    columns = [
        jaw_open,
        jaw_open * touching,
        narrow * open_share,
        narrow * (1.0 - open_share),
        stretch,
        stretch,
        touching * _share(jaw - lower, _ROLLED),
        touching * _share(-upper, _ROLLED),
        lower_down,
        lower_down,
        upper_up,
        upper_up,
    ]
    return Blendshapes(curve.times, np.stack(columns, 1).astype(np.float32))


def _share(value: NDArray[np.float64], full: float) -> NDArray[np.float64]:
    return np.clip(value / full, 0.0, 1.0)
