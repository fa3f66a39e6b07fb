"""Put a mouth from another frame of the clip into this one, bent to the wanted shape."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose, reference_head
from lipwright.render.mesh.basis import mouth_basis
from lipwright.render.mesh.inside_map import inside_map
from lipwright.render.mesh.interior import outline_mask
from lipwright.render.mesh.lips import INNER_OUTLINE, inner_outline
from lipwright.render.mesh.patches import OUTER_OUTLINE, MouthPatch
from lipwright.render.mesh.warp import WarpMap, remap_chroma, remap_luma, warp_map

_REACH: Final = 0.3
"""How far from the lips' edge a patch is bent, head units."""

_FULL: Final = 0.05
_GONE: Final = 0.17
"""Distances from the lips' edge, head units, between which a patch gives way to the frame."""

_MAX_SHIFT: Final = 30.0
_LEAST_RING: Final = 60


@dataclass(frozen=True, eq=False)
class Planes:
    """A rectangle of a picture in float, its corner and sides even.

    ``y`` (h, w), ``u`` and ``v`` (h / 2, w / 2) float32.
    """

    x0: int
    y0: int
    y: NDArray[np.float32]
    u: NDArray[np.float32]
    v: NDArray[np.float32]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom in the picture."""
        height, width = self.y.shape
        return self.x0, self.y0, self.x0 + width, self.y0 + height

    def part(self, left: int, top: int, right: int, bottom: int) -> Planes:
        """A view of a smaller rectangle; all four even and inside."""
        rows, columns = slice(top - self.y0, bottom - self.y0), slice(left - self.x0, right - self.x0)
        half = np.s_[rows.start // 2 : rows.stop // 2, columns.start // 2 : columns.stop // 2]
        return Planes(left, top, self.y[rows, columns], self.u[half], self.v[half])


def patch_planes(
    patch: MouthPatch,
    source: NDArray[np.float64],
    source_pose: HeadPose,
    target: NDArray[np.float64],
    target_pose: HeadPose,
    plane_z: float,
    size: tuple[int, int],
) -> Planes | None:
    """Bend a patch.

    Parameters
    ----------
    patch
        The cut-out mouth.
    source, target
        (P, 3) mesh points in the pixels of the patch's frame and of the frame to render.
    source_pose, target_pose
        The head in both, one frame each.
    plane_z
        Depth of the teeth, head units.
    size
        Width and height of the picture.

    Returns
    -------
    The rectangle around the lips as the patch would show it, or ``None`` outside the picture.
    """
    offset = np.array([patch.x0, patch.y0], dtype=np.float64)
    flat = source[:, :2] - offset
    warp = warp_map(flat, target[:, :2], lip_triangles(), size, INNER_OUTLINE)
    if warp is None:
        return None
    y = remap_luma(patch.y, warp).astype(np.float32)
    u = remap_chroma(patch.u, warp).astype(np.float32)
    v = remap_chroma(patch.v, warp).astype(np.float32)
    planes = Planes(warp.x0, warp.y0, y, u, v)
    _put_inside(planes, patch, source, source_pose, target, target_pose, plane_z)
    return planes


def _put_inside(
    planes: Planes,
    patch: MouthPatch,
    source: NDArray[np.float64],
    source_pose: HeadPose,
    target: NDArray[np.float64],
    target_pose: HeadPose,
    plane_z: float,
) -> None:
    rim_to, rim_from = inner_outline(target)[:, :2], inner_outline(source)[:, :2]
    left, top, right, bottom = _even_box(rim_to, planes.box, 2)
    if right - left < 2 or bottom - top < 2:
        return
    mask = outline_mask(rim_to, left, top, right - left, bottom - top)
    if not mask.any():
        return
    to_head = _Plane(target_pose, plane_z)
    from_head = _Plane(source_pose, plane_z)
    ys, xs = np.mgrid[top:bottom, left:right].astype(np.float64)
    heads = to_head.head(np.stack([xs, ys], -1))
    x, y = inside_map(to_head.head(rim_to), from_head.head(rim_from), heads[..., 0], heads[..., 1])
    pixels = from_head.pixels(np.stack([x, y], -1)) - [patch.x0, patch.y0]
    warp = WarpMap(
        left, top, pixels[..., 0].astype(np.float32), pixels[..., 1].astype(np.float32), mask > 0
    )
    part = planes.part(left, top, right, bottom)
    part.y[:] += mask * (remap_luma(patch.y, warp) - part.y)
    half = cv2.resize(mask, (part.u.shape[1], part.u.shape[0]), interpolation=cv2.INTER_AREA)
    part.u[:] += half * (remap_chroma(patch.u, warp) - part.u)
    part.v[:] += half * (remap_chroma(patch.v, warp) - part.v)


class _Plane:
    """The plane of the teeth in one frame: pixels to head units and back."""

    def __init__(self, pose: HeadPose, z: float) -> None:
        scale, rotation = float(pose.scale[0]), pose.rotation[0]
        self._forward = scale * rotation[:2, :2]
        self._back = np.linalg.inv(self._forward)
        self._origin = pose.origin[0, :2] + scale * rotation[:2, 2] * z

    def head(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((pixels - self._origin) @ self._back.T)

    def pixels(self, head: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(head @ self._forward.T + self._origin)


def zone(target: NDArray[np.float64], scale: float, planes: Planes) -> NDArray[np.float32]:
    """(h, w) in 0..1: how much of a patch is shown around the lips.

    Parameters
    ----------
    target
        (P, 3) mesh points, pixels.
    scale
        Pixels per head unit.
    planes
        The rectangle.
    """
    height, width = planes.y.shape
    rim = target[OUTER_OUTLINE, :2] - [planes.x0, planes.y0]
    outside = np.full((height, width), 255, np.uint8)
    cv2.fillPoly(outside, [np.rint(rim * 16).astype(np.int32)], 0, cv2.LINE_8, 4)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 3) / scale
    share = np.clip((_GONE - away) / (_GONE - _FULL), 0.0, 1.0)
    # The rectangle's edge must be outside, whatever the lips do.
    edge = np.ones((height, width), np.float32)
    edge[[0, -1]] = 0.0
    edge[:, [0, -1]] = 0.0
    return np.asarray(share * share * (3.0 - 2.0 * share) * edge, dtype=np.float32)


def blend(base: Planes, patch: Planes, mask: NDArray[np.float32], alpha: float) -> None:
    """Lay a patch over the frame, in the frame's own light.

    Parameters
    ----------
    base
        The frame; changed in place. Its rectangle contains the patch's.
    patch
        From `patch_planes`.
    mask
        (h, w) from `zone`, for the patch's rectangle.
    alpha
        0 leaves the frame as it is.
    """
    under = base.part(*patch.box)
    half = cv2.resize(mask, (patch.u.shape[1], patch.u.shape[0]), interpolation=cv2.INTER_AREA)
    pairs = ((under.y, patch.y, mask), (under.u, patch.u, half), (under.v, patch.v, half))
    for below, above, share in pairs:
        light = _light_between(below, above, share)
        below[:] += (alpha * share) * (above + light - below)


def _light_between(
    below: NDArray[np.float32], above: NDArray[np.float32], mask: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(h, w) plane that brings a patch's skin to that of the frame, from the ring where they mix.

    Weighted least squares for an offset and a slope in both directions.
    """
    ring = mask * (1.0 - mask)
    if float(ring.sum()) * 4.0 < _LEAST_RING:
        return np.zeros_like(below)
    rows, columns = np.nonzero(ring > 0.05)
    weight = ring[rows, columns].astype(np.float64)
    height, width = mask.shape
    ones = np.ones(len(rows))
    design = np.stack([ones, columns / width - 0.5, rows / height - 0.5], 1)
    wanted = (below[rows, columns] - above[rows, columns]).astype(np.float64)
    gram = (design * weight[:, None]).T @ design + 1e-3 * weight.sum() * np.eye(3)
    offset, across, down = np.linalg.solve(gram, (design * weight[:, None]).T @ wanted)
    plane = (
        offset
        + across * (np.arange(width) / width - 0.5)[None, :]
        + down * (np.arange(height) / height - 0.5)[:, None]
    )
    return np.clip(plane, -_MAX_SHIFT, _MAX_SHIFT).astype(np.float32)


@cache
def lip_triangles() -> NDArray[np.int64]:
    """(K, 3) the triangles of the mesh around the lips."""
    head = reference_head()
    rim = head[OUTER_OUTLINE, :2]
    away = np.linalg.norm(head[:, None, :2] - rim[None], axis=2).min(1)
    inside = cv2_inside(rim, head[:, :2])
    near = np.flatnonzero((away < _REACH) | inside)
    triangles = mouth_basis().triangles
    return np.asarray(triangles[np.isin(triangles, near).any(1)])


def cv2_inside(rim: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    contour = rim.astype(np.float32).reshape(-1, 1, 2)
    return np.array([cv2.pointPolygonTest(contour, (float(x), float(y)), False) >= 0 for x, y in points])


def _even_box(
    points: NDArray[np.float64], within: tuple[int, int, int, int], margin: int
) -> tuple[int, int, int, int]:
    low = np.floor((points.min(0) - margin) / 2).astype(int) * 2
    high = np.ceil((points.max(0) + margin) / 2).astype(int) * 2
    left, top = np.maximum(low, within[:2])
    right, bottom = np.minimum(high, within[2:])
    return int(left), int(top), int(right), int(bottom)
