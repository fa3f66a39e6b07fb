"""Put one frame together: the warped face, the mouths laid over it, and what the lips reveal."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose
from lipwright.media.types import Frame
from lipwright.render.mesh.bank import MeshBank
from lipwright.render.mesh.basis import mouth_basis
from lipwright.render.mesh.choice import OWN_FRAME
from lipwright.render.mesh.interior import MouthInterior, lip_line, outline_mask, paint
from lipwright.render.mesh.lips import INNER_OUTLINE, inner_outline
from lipwright.render.mesh.motion import source_points, target_points
from lipwright.render.mesh.occlusion import in_front
from lipwright.render.mesh.patches import MouthPatch
from lipwright.render.mesh.patchwork import (
    bent,
    in_the_light_of,
    inside_of,
    lip_triangles,
    zone,
    zone_box,
)
from lipwright.render.mesh.planes import Box, Planes, box_around, halved, overlap
from lipwright.render.mesh.warp import warp_box, warp_map

_JAW_PER_LIP: Final = 0.88
"""The lower lip rides on the jaw; the chin's landmarks move less than the jaw's bone does."""

_CHANNEL_JAW: Final = 2
_CHANNEL_LOWER: Final = 4
_TOO_NARROW: Final = 0.35
_WIDE_ENOUGH: Final = 0.65
"""A mouth whose lips are this much as far apart as wanted shows nothing, or all, of its inside."""

_HARDLY_OPEN: Final = 0.01
_LIT_GAP: Final = 0.05
_DARKER: Final = 0.75
_RIM_PIXELS: Final = 3
_SOFT_RIM: Final = 0.012
_VISIBLE_BLUR: Final = 0.3
_NO_POINTS: Final = np.zeros((0, 3), np.float32)


class _Wanted:
    """The face as it shall be in one frame."""

    def __init__(
        self, bank: MeshBank, at: int, channels: NDArray[np.floating], weight: float
    ) -> None:
        rendered = (1.0 - weight) * bank.own.values[at] + weight * channels
        self.opening = max(float(rendered[0]), 0.0)
        jaw = max(float(rendered[_CHANNEL_JAW]), _JAW_PER_LIP * float(rendered[_CHANNEL_LOWER]))
        self.jaw_drop = max(jaw, 0.0)
        self.points = target_points(bank.own, at, channels, weight)
        self.pose = bank.own.pose_at(at)
        self.outline = inner_outline(self.points)[:, :2]

    @property
    def scale(self) -> float:
        return float(self.pose.scale[0])


def compose(
    bank: MeshBank,
    frame: Frame,
    at: int,
    channels: NDArray[np.floating],
    weight: float,
    shares: NDArray[np.float32],
) -> Frame:
    """Render one frame.

    Parameters
    ----------
    bank
        What is known of the face.
    frame
        The frame.
    at
        Which of the followed frames it is.
    channels
        (6,): the wanted mouth, relative to rest.
    weight
        0 leaves the frame as it is, 1 replaces the mouth's motion entirely.
    shares
        (1 + K,): how much of the frame's own mouth and of each patch is shown.
    """
    size = (frame.width, frame.height)
    wanted = _Wanted(bank, at, channels, weight)
    source = source_points(bank.own, at, wanted.opening, weight)
    triangles = mouth_basis().triangles
    warp = warp_map(source[:, :2], wanted.points[:, :2], triangles, size, INNER_OUTLINE)
    if warp is None:
        return frame
    itself = MouthPatch(frame.index, 0, 0, frame.y, frame.u, frame.v, _NO_POINTS, 1.0)
    planes, moved = bent(itself, warp), warp.moved.copy()
    own_share = (1.0 - weight) + weight * float(shares[OWN_FRAME])
    if own_share > 0.0:
        had = float(bank.own.values[at, 0])
        _fill(planes, moved, itself, (source, wanted.pose), had, wanted, bank.interior)
    covered = own_share
    for k in np.flatnonzero(shares[1:]):
        # Each layer covers those before it by so much that in the end each has its share.
        share = weight * float(shares[1 + k])
        covered += share
        _lay(planes, moved, bank, int(k), wanted, share / covered, size)
    front = in_front(bank.occlusion.covered[at], source, wanted.scale, frame, planes.box)
    if front is not None:
        planes.mix(_as_it_is(frame, planes.box), front)
    return _with(frame, planes, moved)


def _as_it_is(frame: Frame, box: Box) -> Planes:
    left, top, right, bottom = box
    half = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    y = frame.y[top:bottom, left:right]
    return Planes(left, top, *(p.astype(np.float32) for p in (y, frame.u[half], frame.v[half])))


def _lay(
    planes: Planes,
    moved: NDArray[np.bool_],
    bank: MeshBank,
    index: int,
    wanted: _Wanted,
    alpha: float,
    size: tuple[int, int],
) -> None:
    """Lay the mouth of another frame over this one."""
    patch = bank.patches[index]
    source = source_points(bank.seen, index, wanted.opening)
    flat = source[:, :2] - [patch.x0, patch.y0]
    target = wanted.points[:, :2]
    whole = warp_box(target, lip_triangles(), size)
    box = whole and overlap(whole, planes.box)
    near = box and zone_box(wanted.points, wanted.scale, box)
    if box is None or near is None:
        return
    warp = warp_map(flat, target, lip_triangles(), size, INNER_OUTLINE, near)
    if warp is None:
        return
    layer = bent(patch, warp)
    pose, had = bank.seen.pose_at(index), float(bank.seen.values[index, 0])
    _fill(layer, np.zeros(layer.y.shape, bool), patch, (source, pose), had, wanted, bank.interior)
    mask = zone(wanted.points, wanted.scale, near)
    layer, under = layer.part(near), planes.part(near)
    in_the_light_of(under, layer, mask, box)
    under.mix(layer, np.float32(alpha) * mask)
    rows, columns = near[1] - planes.y0, near[0] - planes.x0
    moved[rows : rows + mask.shape[0], columns : columns + mask.shape[1]] |= mask > 0


def _fill(
    planes: Planes,
    moved: NDArray[np.bool_],
    patch: MouthPatch,
    source: tuple[NDArray[np.float64], HeadPose],
    had: float,
    wanted: _Wanted,
    interior: MouthInterior,
) -> None:
    """Show what lies between the lips: the picture's own as far as it shows it, else painted."""
    box = box_around(wanted.outline, _RIM_PIXELS, planes.box)
    if box is None:
        return
    left, top, right, bottom = box
    corner_and_size = (left, top, right - left, bottom - top)
    part = planes.part(box)
    seen, closing = _seen(had, wanted.opening), _closing(had, wanted.opening)
    mask = outline_mask(wanted.outline, *corner_and_size)
    touched = mask > 0
    # Lips that were shut bring the line on which they meet; others get one.
    drawn = max(1.0 - seen, closing)
    if drawn > 0.0:
        line = np.float32(drawn) * lip_line(wanted.outline, wanted.scale, *corner_and_size)
        part.y[:] -= line * (part.y - interior.cavity[0])
        touched |= line > 0.01
    if mask.any():
        inside = None
        if seen > 0.0:
            target = (wanted.points, wanted.pose)
            inside = inside_of(patch, source, target, float(interior.meeting[2]), box)
        if seen < 1.0:
            painted = _painted(interior, wanted, mask, box)
            # Where picture and paint meet nothing may be sharper than the picture itself.
            mask = _softened(mask, _SOFT_RIM * wanted.scale * (1.0 - seen))
            if inside is not None:
                painted.mix(inside, np.full(mask.shape, seen, np.float32))
            inside = painted
        if inside is not None:
            inside.y[:] += np.float32(closing * _DARKER) * (interior.cavity[0] - inside.y)
            part.mix(inside, mask)
            touched |= mask > 0
    rows, columns = top - planes.y0, left - planes.x0
    moved[rows : rows + mask.shape[0], columns : columns + mask.shape[1]] |= touched


def _seen(had: float, wanted: float) -> float:
    """How much of what the lips shall reveal a picture shows, 0..1."""
    if wanted <= _HARDLY_OPEN:
        return 1.0 if had > _HARDLY_OPEN else 0.0
    return float(np.clip((had / wanted - _TOO_NARROW) / (_WIDE_ENOUGH - _TOO_NARROW), 0.0, 1.0))


def _closing(had: float, wanted: float) -> float:
    """0..1: lips that were apart are brought close together; little light gets in between."""
    nearly_shut = np.clip(1.0 - wanted / _LIT_GAP, 0.0, 1.0)
    return float(nearly_shut * np.clip((had - wanted) / _LIT_GAP, 0.0, 1.0))


def _softened(mask: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    if sigma < _VISIBLE_BLUR:
        return mask
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), dtype=np.float32)


def _painted(
    interior: MouthInterior, wanted: _Wanted, mask: NDArray[np.float32], box: Box
) -> Planes:
    pose = wanted.pose
    yuv = paint(
        interior,
        pose.rotation[0],
        wanted.scale,
        pose.origin[0],
        wanted.jaw_drop,
        mask,
        box[0],
        box[1],
    )
    u, v = (halved(np.ascontiguousarray(yuv[..., k])) for k in (1, 2))
    return Planes(box[0], box[1], yuv[..., 0].copy(), u, v)


def _with(frame: Frame, planes: Planes, moved: NDArray[np.bool_]) -> Frame:
    """The frame with the pixels that moved."""
    rows = moved[::2] | moved[1::2]
    half_moved = rows[:, ::2] | rows[:, 1::2]
    return replace(
        frame,
        y=_put(frame.y, planes.y, moved, planes.x0, planes.y0),
        u=_put(frame.u, planes.u, half_moved, planes.x0 // 2, planes.y0 // 2),
        v=_put(frame.v, planes.v, half_moved, planes.x0 // 2, planes.y0 // 2),
    )


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
    values = np.rint(changed)
    values = np.clip(values, 0, 255, out=values).astype(np.uint8)
    np.copyto(
        part,
        values[: part.shape[0], : part.shape[1]],
        where=where[: part.shape[0], : part.shape[1]],
    )
    return out
