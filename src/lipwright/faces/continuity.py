"""Is this the same face as a frame ago? Judged by its pixels, not by its place."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.landmarker import FaceLandmarks, region_of_landmarks
from lipwright.faces.sampling import sample_rgb
from lipwright.media.types import Frame

_SIDE: Final = 32
_FACE_SHARE: Final = 0.62
"""Share of the landmark region that is face and not background."""

_MIN_CORRELATION: Final = 0.8


def face_patch(frame: Frame, face: FaceLandmarks) -> NDArray[np.float32]:
    """(32, 32) luma of the upright face, mean 0 and variance 1."""
    region = region_of_landmarks(face.points)
    scale = _FACE_SHARE * region.side / _SIDE
    cos, sin = scale * np.cos(region.angle), scale * np.sin(region.angle)
    middle = (_SIDE - 1) / 2.0
    to_source = np.array(
        [
            [cos, -sin, region.x - (cos - sin) * middle],
            [sin, cos, region.y - (sin + cos) * middle],
        ]
    )
    luma = sample_rgb(frame, to_source, (_SIDE, _SIDE)).mean(2)
    return np.asarray((luma - luma.mean()) / (luma.std() + 1e-3), dtype=np.float32)


def looks_the_same(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    """Whether two patches of `face_patch` show one face a moment apart."""
    return float((a * b).mean()) > _MIN_CORRELATION
