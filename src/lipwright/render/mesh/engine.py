"""The mesh engine: warp the face's own pixels to the wanted mouth, paint what the lips reveal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose
from lipwright.faces.types import FaceTrack
from lipwright.media.types import Frame
from lipwright.render.mesh.basis import mouth_basis
from lipwright.render.mesh.interior import MouthInterior, lip_line, outline_mask, paint
from lipwright.render.mesh.layers import PIXELS_PER_UNIT
from lipwright.render.mesh.lips import INNER_OUTLINE, inner_outline
from lipwright.render.mesh.motion import OwnMouth, own_mouth, render_points
from lipwright.render.mesh.observer import MeshObserver
from lipwright.render.mesh.teeth import (
    colors_for_skin,
    synthetic_lower,
    synthetic_tongue,
    synthetic_upper,
)
from lipwright.render.mesh.warp import WarpMap, remap_chroma, remap_luma, warp_map
from lipwright.render.plan import RenderPlan

_TEETH_BEHIND_LIPS: Final = 0.06
"""How far the teeth stand behind the inner lips, head units (about 4 mm)."""

_JAW_PER_LIP: Final = 0.88
"""The lower lip rides on the jaw; the chin's landmarks move less than the jaw's bone does."""

_SHADOW_ON_OWN: Final = 0.3
"""Teeth cut from the source already carry the lips' shadow."""

_SOFTNESS: Final = 0.006
_SHRINK_BLUR: Final = 0.45
_CHANNEL_JAW: Final = 2
_CHANNEL_LOWER: Final = 4


@dataclass(frozen=True, eq=False)
class MeshBank:
    """All that is known of one face of one video; a second line for it needs nothing more."""

    frame_indices: NDArray[np.int64]
    own: OwnMouth
    interior: MouthInterior


class MeshEngine:
    """Implements `lipwright.render.engine.Engine` without weights beyond the package's own."""

    def observer(self) -> MeshObserver:
        """Return a fresh observer for one face."""
        return MeshObserver()

    def prepare(self, track: FaceTrack, observer: MeshObserver) -> MeshBank:
        """Build the bank of a face."""
        own = own_mouth(track)
        colors = colors_for_skin(observer.skin(), observer.full_range)
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
        return MeshBank(track.frame_indices, own, interior)

    def render(self, bank: MeshBank, plan: RenderPlan, frame: Frame) -> Frame:
        """Render one frame; the same object comes back where nothing changes."""
        at = int(np.searchsorted(plan.frame_indices, frame.index))
        if at >= len(plan.frame_indices) or plan.frame_indices[at] != frame.index:
            return frame
        weight = float(plan.weight[at])
        if weight <= 0.0:
            return frame
        own = _at(bank.own, at)
        channels = plan.channels[at : at + 1]
        source, target = render_points(own, channels, np.array([weight]))
        warp = warp_map(
            source[0, :, :2],
            target[0, :, :2],
            mouth_basis().triangles,
            (frame.width, frame.height),
            INNER_OUTLINE,
        )
        if warp is None:
            return frame
        rendered = (1.0 - weight) * own.values[0] + weight * channels[0]
        jaw = max(float(rendered[_CHANNEL_JAW]), _JAW_PER_LIP * float(rendered[_CHANNEL_LOWER]))
        return _compose(frame, warp, own.pose, bank.interior, target[0], max(jaw, 0.0))


def _at(own: OwnMouth, index: int) -> OwnMouth:
    """One frame of a person's mouth."""
    part = slice(index, index + 1)
    pose = HeadPose(own.pose.rotation[part], own.pose.scale[part], own.pose.origin[part])
    return OwnMouth(pose, own.head[part], own.rest, own.coefficients[part], own.values[part])


def _compose(
    frame: Frame,
    warp: WarpMap,
    pose: HeadPose,
    interior: MouthInterior,
    target: NDArray[np.float64],
    jaw_drop: float,
) -> Frame:
    height, width = warp.map_x.shape
    y = remap_luma(frame.y, warp).astype(np.float32)
    u = remap_chroma(frame.u, warp).astype(np.float32)
    v = remap_chroma(frame.v, warp).astype(np.float32)
    moved = warp.moved
    outline = inner_outline(target)[:, :2]
    box = _even_box(outline, warp.x0, warp.y0, width, height)
    if box is not None:
        top, bottom, left, right = box
        line = lip_line(
            outline,
            float(pose.scale[0]),
            warp.x0 + left,
            warp.y0 + top,
            right - left,
            bottom - top,
        )
        seam = y[top:bottom, left:right]
        seam -= line * (seam - interior.cavity[0])
        mask = outline_mask(outline, warp.x0 + left, warp.y0 + top, right - left, bottom - top)
        moved = moved.copy()
        moved[top:bottom, left:right] |= (mask > 0) | (line > 0.01)
        if mask.any():
            inside = paint(
                interior,
                pose.rotation[0],
                float(pose.scale[0]),
                pose.origin[0],
                jaw_drop,
                mask,
                warp.x0 + left,
                warp.y0 + top,
            )
            y[top:bottom, left:right] += mask * (inside[..., 0] - y[top:bottom, left:right])
            half_size = ((right - left) // 2, (bottom - top) // 2)
            half_mask = cv2.resize(mask, half_size, interpolation=cv2.INTER_AREA)
            half_inside = cv2.resize(inside, half_size, interpolation=cv2.INTER_AREA)
            part = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
            u[part] += half_mask * (half_inside[..., 1] - u[part])
            v[part] += half_mask * (half_inside[..., 2] - v[part])
    half_moved = np.asarray(moved.reshape(height // 2, 2, width // 2, 2).any(axis=(1, 3)))
    return replace(
        frame,
        y=_put(frame.y, y, moved, warp.x0, warp.y0),
        u=_put(frame.u, u, half_moved, warp.x0 // 2, warp.y0 // 2),
        v=_put(frame.v, v, half_moved, warp.x0 // 2, warp.y0 // 2),
    )


def _even_box(
    outline: NDArray[np.float64], x0: int, y0: int, width: int, height: int
) -> tuple[int, int, int, int] | None:
    """Rows and columns of the map's rectangle around an outline, all even."""
    low = np.floor((outline.min(0) - [x0, y0] - 3) / 2).astype(int) * 2
    high = np.ceil((outline.max(0) - [x0, y0] + 4) / 2).astype(int) * 2
    left, top = np.maximum(low, 0)
    right, bottom = np.minimum(high, [width, height])
    return (int(top), int(bottom), int(left), int(right)) if right > left and bottom > top else None


def _put(
    plane: NDArray[np.uint8],
    changed: NDArray[np.float32],
    where: NDArray[np.bool_],
    x0: int,
    y0: int,
) -> NDArray[np.uint8]:
    """Copy of a plane with some pixels of a rectangle replaced."""
    out = plane.copy()
    height, width = changed.shape
    part = out[y0 : y0 + height, x0 : x0 + width]
    values = np.clip(np.rint(changed), 0, 255).astype(np.uint8)
    np.copyto(
        part,
        values[: part.shape[0], : part.shape[1]],
        where=where[: part.shape[0], : part.shape[1]],
    )
    return out
