"""The mesh engine: warp the face's own pixels to the wanted mouth, paint what the lips reveal."""

from __future__ import annotations

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.types import FaceTrack
from lipwright.media.scratch import let_go
from lipwright.media.types import Frame
from lipwright.render.mesh.bank import MeshBank, choose_pictures
from lipwright.render.mesh.compose import compose
from lipwright.render.mesh.interior import MouthInterior
from lipwright.render.mesh.keeping import MeshKeeping
from lipwright.render.mesh.layers import PIXELS_PER_UNIT
from lipwright.render.mesh.motion import mouths_at, own_mouth
from lipwright.render.mesh.observer import MeshObserver
from lipwright.render.mesh.teeth import (
    colors_for_skin,
    synthetic_lower,
    synthetic_tongue,
    synthetic_upper,
)
from lipwright.render.plan import RenderPlan

_TEETH_BEHIND_LIPS: Final = 0.06
"""How far the teeth stand behind the inner lips, head units (about 4 mm)."""

_SHADOW_ON_OWN: Final = 0.3
"""Teeth cut from the source already carry the lips' shadow."""

_SOFTNESS: Final = 0.006
_SHRINK_BLUR: Final = 0.45
_LET_GO_EVERY: Final = 256
"""Frames after which those that were rendered need not be in memory any more."""


class MeshEngine(MeshKeeping):
    """Implements `lipwright.render.engine.Engine` without weights beyond the package's own."""

    def __init__(self) -> None:
        self._chosen: WeakKeyDictionary[RenderPlan, NDArray[np.float32]] = WeakKeyDictionary()

    def observer(self) -> MeshObserver:
        """Return a fresh observer for one face."""
        return MeshObserver()

    def prepare(self, track: FaceTrack, observer: MeshObserver) -> MeshBank:
        """Build the bank of a face."""
        own = own_mouth(track)
        colors = colors_for_skin(observer.cheeks(), observer.full_range)
        meeting = own.rest[[13, 14]].mean(0) + np.array([0.0, 0.0, _TEETH_BEHIND_LIPS])
        # Canvases are finer than most faces: blur to the face's own resolution and softness.
        shrink = PIXELS_PER_UNIT / float(np.median(own.pose.scale))
        sigma = float(np.hypot(_SOFTNESS * PIXELS_PER_UNIT, _SHRINK_BLUR * max(0.0, shrink - 1.0)))
        own_teeth = observer.teeth.upper_layer(meeting)
        interior = MouthInterior(
            own_teeth or synthetic_upper(colors).softened(sigma),
            synthetic_lower(colors).softened(sigma),
            synthetic_tongue(colors).softened(sigma),
            colors.cavity,
            meeting,
            _SHADOW_ON_OWN if own_teeth else 1.0,
        )
        occlusion = observer.skin.occlusion(track.frames_in_file)
        hidden = set(track.frames_in_file[occlusion.hidden > 0.0].tolist())
        patches = tuple(p for p in observer.patches.patches() if p.frame_index not in hidden)
        points = np.array([patch.points for patch in patches]).reshape(-1, 478, 3)
        seen = mouths_at(points, own.rest)
        return MeshBank(track.frame_indices, own, interior, patches, seen, occlusion)

    def render(self, bank: MeshBank, plan: RenderPlan, frame: Frame) -> Frame:
        """Render one frame; the same object comes back where nothing changes."""
        at = int(np.searchsorted(plan.frame_indices, frame.index))
        if at >= len(plan.frame_indices) or plan.frame_indices[at] != frame.index:
            return frame
        if at % _LET_GO_EVERY == 0:
            let_go(bank.own.head)
        weight = float(plan.weight[at] * (1.0 - bank.occlusion.hidden[at]))
        if weight <= 0.0:
            return frame
        shares = self._chosen.get(plan)
        if shares is None:
            shares = self._chosen[plan] = choose_pictures(bank, plan)
        return compose(bank, frame, at, plan.channels[at], weight, shares[at])
