"""All that the mesh engine knows of one face of one video."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipwright.render.mesh.choice import MouthLook, choose
from lipwright.render.mesh.interior import MouthInterior
from lipwright.render.mesh.motion import Mouths, OwnMouth
from lipwright.render.mesh.occlusion import Occlusion
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
    patches, seen
        The person's own mouths, cut out of the clip, and what they do there.
    occlusion
        What was in front of the face in those frames.
    """

    frame_indices: NDArray[np.int64]
    own: OwnMouth
    interior: MouthInterior
    patches: tuple[MouthPatch, ...]
    seen: Mouths
    occlusion: Occlusion


def choose_pictures(bank: MeshBank, plan: RenderPlan) -> NDArray[np.float32]:
    """Which mouths each frame of a plan shows; see `lipwright.render.mesh.choice.choose`."""
    own, seen, weight = bank.own, bank.seen, plan.weight.astype(np.float64)[:, None]
    wanted = (1.0 - weight) * own.values + weight * plan.channels
    frames = MouthLook(
        bank.frame_indices, own.values, own.pose.angles(), own.pose.scale, np.ones(len(own.values))
    )
    sharpness = np.array([patch.sharpness for patch in bank.patches])
    usual = float(np.median(sharpness)) if len(sharpness) else 1.0
    patches = MouthLook(
        np.array([patch.frame_index for patch in bank.patches], dtype=np.int64),
        seen.values,
        seen.pose.angles(),
        seen.pose.scale,
        sharpness / usual,
    )
    return choose(wanted, frames, patches)
