"""All that the mesh engine knows of one face of one video."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipwright.render.mesh.choice import MouthLook, choose
from lipwright.render.mesh.interior import MouthInterior
from lipwright.render.mesh.motion import OwnMouth
from lipwright.render.mesh.patches import MouthPatch
from lipwright.render.plan import RenderPlan


@dataclass(frozen=True, eq=False)
class MeshBank:
    """A second line for the same face needs nothing more.

    Attributes
    ----------
    frame_indices
        (N,) int64: the frames in which the face was followed.
    own
        What its mouth does there.
    interior
        What is painted where no frame shows the inside of the mouth.
    patches
        The person's own mouths, cut out of some of those frames.
    """

    frame_indices: NDArray[np.int64]
    own: OwnMouth
    interior: MouthInterior
    patches: tuple[MouthPatch, ...]

    def index_of(self, patch: MouthPatch) -> int:
        """Which of the followed frames a patch is from."""
        return int(np.searchsorted(self.frame_indices, patch.frame_index))


def choose_pictures(bank: MeshBank, plan: RenderPlan) -> NDArray[np.float32]:
    """Which mouths each frame of a plan shows; see `lipwright.render.mesh.choice.choose`."""
    own, weight = bank.own, plan.weight.astype(np.float64)[:, None]
    wanted = (1.0 - weight) * own.values + weight * plan.channels
    angles = own.pose.angles().astype(np.float64)
    sharpness = np.ones(len(own.values))
    frames = MouthLook(bank.frame_indices, own.values, angles, own.pose.scale, sharpness)
    at = np.array([bank.index_of(patch) for patch in bank.patches], dtype=np.int64)
    seen = np.array([patch.sharpness for patch in bank.patches])
    usual = float(np.median(seen)) if len(seen) else 1.0
    patches = MouthLook(
        bank.frame_indices[at], own.values[at], angles[at], own.pose.scale[at], seen / usual
    )
    return choose(wanted, frames, patches)
