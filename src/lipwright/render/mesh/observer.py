"""What the mesh engine remembers of a face while it is tracked: skin, light, sharpness."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import fit_head
from lipwright.faces.landmarker import FaceLandmarks
from lipwright.faces.mouth_shape import mouth_values_of_head
from lipwright.media.types import Frame
from lipwright.render.mesh.occlusion import SkinWatcher
from lipwright.render.mesh.own_teeth import TeethHunter
from lipwright.render.mesh.patches import PatchHunter

_CHEEKS: Final = (50, 280, 205, 425, 101, 330)
_SPOT: Final = 0.06
"""Half side of a sampled spot, in distances between the outer eye corners."""

_LIT_SHARE: Final = 0.5
_FULL_RANGE: Final = 2


@dataclass
class MeshObserver:
    """Implements `lipwright.render.engine.Observer`."""

    _cheeks: list[NDArray[np.float64]] = field(default_factory=list)
    _full_range: bool = False
    teeth: TeethHunter = field(default_factory=TeethHunter)
    patches: PatchHunter = field(default_factory=PatchHunter)
    skin: SkinWatcher = field(default_factory=SkinWatcher)

    def add(self, frame: Frame, face: FaceLandmarks) -> None:
        """Look at one frame."""
        self._full_range = frame.color.range == _FULL_RANGE
        size = float(np.linalg.norm(face.points[263, :2] - face.points[33, :2]))
        half = max(2, round(_SPOT * size))
        spots = [_spot(frame, face.points[i], half) for i in _CHEEKS]
        seen = np.array([s for s in spots if s is not None])
        if len(seen):
            self._cheeks.append(seen)
        pose = fit_head(face.points[None])
        head = pose.to_head(face.points[None])
        values = mouth_values_of_head(head)[0]
        scale, yaw = float(pose.scale[0]), float(pose.angles()[0, 0])
        self.teeth.add(frame, pose, head[0], float(values[0]))
        self.patches.add(frame, face, scale, yaw, values)
        self.skin.add(frame, face, scale)

    def cheeks(self) -> tuple[float, float, float]:
        """Mean Y, U, V of the lit half of the cheeks over all frames."""
        if not self._cheeks:
            return (140.0, 118.0, 142.0)
        spots = np.concatenate(self._cheeks)
        lit = spots[spots[:, 0] >= np.quantile(spots[:, 0], _LIT_SHARE)].mean(0)
        return float(lit[0]), float(lit[1]), float(lit[2])

    @property
    def full_range(self) -> bool:
        """Whether the video's black is 0."""
        return self._full_range


def _spot(frame: Frame, point: NDArray[np.float32], half: int) -> NDArray[np.float64] | None:
    """Mean Y, U, V of a square, or ``None`` outside the picture."""
    column, row = round(float(point[0])), round(float(point[1]))
    if not (half <= column < frame.width - half and half <= row < frame.height - half):
        return None
    small = max(1, half // 2)
    luma = frame.y[row - half : row + half, column - half : column + half]
    c, r = column // 2, row // 2
    chroma = [p[r - small : r + small, c - small : c + small].mean() for p in (frame.u, frame.v)]
    return np.array([luma.mean(), *chroma])
