"""The mesh engine: warp the face's own pixels to the wanted mouth, paint what the lips reveal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose
from lipwright.faces.types import FaceTrack
from lipwright.media.types import Frame
from lipwright.render.mesh.basis import mouth_basis
from lipwright.render.mesh.choice import OWN_FRAME, MouthLook, choose
from lipwright.render.mesh.interior import MouthInterior, lip_line, outline_mask, paint
from lipwright.render.mesh.layers import PIXELS_PER_UNIT
from lipwright.render.mesh.lips import INNER_OUTLINE, inner_outline
from lipwright.render.mesh.motion import OwnMouth, own_mouth, patch_points, render_points
from lipwright.render.mesh.observer import MeshObserver
from lipwright.render.mesh.patches import MouthPatch
from lipwright.render.mesh.patchwork import Planes, blend, patch_planes, zone
from lipwright.render.mesh.teeth import (
    colors_for_skin,
    synthetic_lower,
    synthetic_tongue,
    synthetic_upper,
)
from lipwright.render.mesh.warp import remap_chroma, remap_luma, warp_map
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
    patches: tuple[MouthPatch, ...]


class MeshEngine:
    """Implements `lipwright.render.engine.Engine` without weights beyond the package's own."""

    def __init__(self) -> None:
        self._chosen: WeakKeyDictionary[RenderPlan, NDArray[np.float32]] = WeakKeyDictionary()

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
        return MeshBank(track.frame_indices, own, interior, observer.patches.patches())

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
        size = (frame.width, frame.height)
        warp = warp_map(
            source[0, :, :2], target[0, :, :2], mouth_basis().triangles, size, INNER_OUTLINE
        )
        if warp is None:
            return frame
        rendered = (1.0 - weight) * own.values[0] + weight * channels[0]
        shares = self._shares(bank, plan)[at]
        alpha = weight * (1.0 - float(shares[OWN_FRAME]))
        planes = Planes(
            warp.x0,
            warp.y0,
            remap_luma(frame.y, warp).astype(np.float32),
            remap_chroma(frame.u, warp).astype(np.float32),
            remap_chroma(frame.v, warp).astype(np.float32),
        )
        moved = warp.moved.copy()
        if alpha < 1.0:
            jaw = max(float(rendered[_CHANNEL_JAW]), _JAW_PER_LIP * float(rendered[_CHANNEL_LOWER]))
            _paint_inside(planes, moved, own.pose, bank.interior, target[0], max(jaw, 0.0))
        if alpha > 0.0:
            _lay_patches(planes, moved, bank, shares, alpha, target[0], own.pose, rendered, size)
        return _with(frame, planes, moved)

    def _shares(self, bank: MeshBank, plan: RenderPlan) -> NDArray[np.float32]:
        found = self._chosen.get(plan)
        if found is None:
            found = self._chosen[plan] = _choose(bank, plan)
        return found


def _choose(bank: MeshBank, plan: RenderPlan) -> NDArray[np.float32]:
    own, weight = bank.own, plan.weight.astype(np.float64)[:, None]
    wanted = (1.0 - weight) * own.values + weight * plan.channels
    origin = np.array([p.frame_index for p in bank.patches], dtype=np.int64)
    at = np.searchsorted(bank.frame_indices, origin)
    sharp = np.array([p.sharpness for p in bank.patches])
    angles = own.pose.angles().astype(np.float64)
    frames = MouthLook(
        plan.frame_indices, own.values, angles, own.pose.scale, np.ones(len(own.values))
    )
    usual = float(np.median(sharp)) if len(sharp) else 1.0
    patches = MouthLook(origin, own.values[at], angles[at], own.pose.scale[at], sharp / usual)
    return choose(wanted, frames, patches)


def _lay_patches(
    planes: Planes,
    moved: NDArray[np.bool_],
    bank: MeshBank,
    shares: NDArray[np.float32],
    alpha: float,
    target: NDArray[np.float64],
    pose: HeadPose,
    rendered: NDArray[np.float64],
    size: tuple[int, int],
) -> None:
    left = alpha
    chosen = np.flatnonzero(shares[1:])
    # Each layer covers the ones before it, so that together they weigh as they should.
    total = 0.0
    for k in chosen:
        patch, share = bank.patches[k], float(shares[1 + k])
        total += share
        index = int(np.searchsorted(bank.frame_indices, patch.frame_index))
        source = patch_points(bank.own, index, float(rendered[0]))
        layer = patch_planes(
            patch,
            source,
            _at(bank.own, index).pose,
            target,
            pose,
            float(bank.interior.meeting[2]),
            size,
        )
        if layer is None:
            continue
        x0, y0, x1, y1 = layer.box
        bx0, by0, bx1, by1 = planes.box
        layer = layer.part(max(x0, bx0), max(y0, by0), min(x1, bx1), min(y1, by1))
        mask = zone(target, float(pose.scale[0]), layer)
        own_and_before = (1.0 - alpha) + alpha / (1.0 - float(shares[0])) * total
        blend(planes, layer, mask, alpha / (1.0 - float(shares[0])) * share / own_and_before)
        rows, columns = layer.y0 - planes.y0, layer.x0 - planes.x0
        height, width = mask.shape
        moved[rows : rows + height, columns : columns + width] |= mask > 0
    del left


def _at(own: OwnMouth, index: int) -> OwnMouth:
    """One frame of a person's mouth."""
    part = slice(index, index + 1)
    pose = HeadPose(own.pose.rotation[part], own.pose.scale[part], own.pose.origin[part])
    return OwnMouth(pose, own.head[part], own.rest, own.coefficients[part], own.values[part])


def _paint_inside(
    planes: Planes,
    moved: NDArray[np.bool_],
    pose: HeadPose,
    interior: MouthInterior,
    target: NDArray[np.float64],
    jaw_drop: float,
) -> None:
    """Paint what the lips reveal into the warped frame."""
    outline = inner_outline(target)[:, :2]
    height, width = planes.y.shape
    box = _even_box(outline, planes.x0, planes.y0, width, height)
    if box is None:
        return
    top, bottom, left, right = box
    x0, y0 = planes.x0 + left, planes.y0 + top
    part = planes.part(x0, y0, planes.x0 + right, planes.y0 + bottom)
    scale = float(pose.scale[0])
    line = lip_line(outline, scale, x0, y0, right - left, bottom - top)
    part.y[:] -= line * (part.y - interior.cavity[0])
    mask = outline_mask(outline, x0, y0, right - left, bottom - top)
    moved[top:bottom, left:right] |= (mask > 0) | (line > 0.01)
    if not mask.any():
        return
    inside = paint(interior, pose.rotation[0], scale, pose.origin[0], jaw_drop, mask, x0, y0)
    part.y[:] += mask * (inside[..., 0] - part.y)
    half_size = ((right - left) // 2, (bottom - top) // 2)
    half_mask = cv2.resize(mask, half_size, interpolation=cv2.INTER_AREA)
    half_inside = cv2.resize(inside, half_size, interpolation=cv2.INTER_AREA)
    part.u[:] += half_mask * (half_inside[..., 1] - part.u)
    part.v[:] += half_mask * (half_inside[..., 2] - part.v)


def _with(frame: Frame, planes: Planes, moved: NDArray[np.bool_]) -> Frame:
    """The frame with the pixels that moved."""
    height, width = moved.shape
    half_moved = np.asarray(moved.reshape(height // 2, 2, width // 2, 2).any(axis=(1, 3)))
    return replace(
        frame,
        y=_put(frame.y, planes.y, moved, planes.x0, planes.y0),
        u=_put(frame.u, planes.u, half_moved, planes.x0 // 2, planes.y0 // 2),
        v=_put(frame.v, planes.v, half_moved, planes.x0 // 2, planes.y0 // 2),
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
