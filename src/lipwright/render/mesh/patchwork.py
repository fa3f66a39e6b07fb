"""Show a mouth from any frame of the clip in another frame, bent to the wanted shape."""

from __future__ import annotations

from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose, reference_head
from lipwright.render.mesh.basis import mouth_basis
from lipwright.render.mesh.inside_map import inside_map
from lipwright.render.mesh.lips import inner_outline
from lipwright.render.mesh.patches import OUTER_OUTLINE, MouthPatch
from lipwright.render.mesh.planes import Box, Planes, halved, overlap
from lipwright.render.mesh.warp import WarpMap, remap_chroma, remap_luma

_REACH: Final = 0.3
"""How far from the lips' edge a patch is bent, head units."""

_FULL: Final = 0.05
_GONE: Final = 0.17
"""Distances from the lips' edge, head units, between which a patch gives way to the frame."""

_MAX_SHIFT: Final = 30.0
_LEAST_RING: Final = 15.0
_IN_RING: Final = 0.05
_EVERY: Final = 2
_GRID: Final = 2 * _EVERY
"""Even in chroma every other pixel counts: rectangles must agree on which."""

_SHIFT: Final = 4


def bent(patch: MouthPatch, warp: WarpMap) -> Planes:
    """The patch as a warp shows it, in the warp's rectangle."""
    return Planes(
        warp.x0,
        warp.y0,
        remap_luma(patch.y, warp).astype(np.float32),
        remap_chroma(patch.u, warp).astype(np.float32),
        remap_chroma(patch.v, warp).astype(np.float32),
    )


def inside_of(
    patch: MouthPatch,
    source: tuple[NDArray[np.float64], HeadPose],
    target: tuple[NDArray[np.float64], HeadPose],
    plane_z: float,
    box: Box,
) -> Planes:
    """What a patch shows between its lips, for the lips of another frame.

    Parameters
    ----------
    patch
        The cut-out mouth.
    source, target
        (P, 3) mesh points in pixels of the patch's frame and of the frame to render, and the
        head's frame in either.
    plane_z
        Depth of the teeth, head units.
    box
        The rectangle to fill.
    """
    left, top, right, bottom = box
    to_head, from_head = _TeethPlane(target[1], plane_z), _TeethPlane(source[1], plane_z)
    ys, xs = np.mgrid[top:bottom, left:right].astype(np.float64)
    heads = to_head.head(np.stack([xs, ys], -1))
    x, y = inside_map(
        to_head.head(inner_outline(target[0])[:, :2]),
        from_head.head(inner_outline(source[0])[:, :2]),
        heads[..., 0],
        heads[..., 1],
    )
    pixels = from_head.pixels(np.stack([x, y], -1)) - [patch.x0, patch.y0]
    map_x, map_y = (np.ascontiguousarray(pixels[..., k], dtype=np.float32) for k in (0, 1))
    return bent(patch, WarpMap(left, top, map_x, map_y, np.ones(map_x.shape, bool)))


class _TeethPlane:
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


def zone_box(target: NDArray[np.float64], scale: float, box: Box) -> Box | None:
    """The part of a rectangle outside of which `zone` is 0; parameters as there."""
    rim = target[OUTER_OUTLINE, :2]
    low = rim.min(0) - _GONE * scale - _GRID - box[:2]
    high = rim.max(0) + _GONE * scale + _GRID - box[:2]
    left, top = (box[k] + int(low[k] // _GRID) * _GRID for k in (0, 1))
    right, bottom = (box[k] + int(-(-high[k] // _GRID)) * _GRID for k in (0, 1))
    return overlap(box, (left, top, right, bottom))


def zone(target: NDArray[np.float64], scale: float, box: Box) -> NDArray[np.float32]:
    """(h, w) in 0..1: how much of a patch is shown around the lips.

    Parameters
    ----------
    target
        (P, 3) mesh points, pixels.
    scale
        Pixels per head unit.
    box
        The rectangle.
    """
    left, top, right, bottom = box
    outside = np.full((bottom - top, right - left), 255, np.uint8)
    rim = (target[OUTER_OUTLINE, :2] - [left, top]) * (1 << _SHIFT)
    cv2.fillPoly(outside, [np.rint(rim).astype(np.int32)], 0, cv2.LINE_8, _SHIFT)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 3) / scale
    share = np.clip((_GONE - away) / (_GONE - _FULL), 0.0, 1.0)
    # The rectangle's edge must be outside, whatever the lips do.
    share[[0, -1]] = 0.0
    share[:, [0, -1]] = 0.0
    return np.asarray(share * share * (3.0 - 2.0 * share), dtype=np.float32)


def in_the_light_of(below: Planes, above: Planes, mask: NDArray[np.float32], box: Box) -> None:
    """Bring a patch to the light of the frame that it is laid on.

    Parameters
    ----------
    below, above
        Frame and patch, the same rectangle; the patch is changed in place.
    mask
        (h, w) from `zone`. Where it is neither 0 nor 1 both show the same skin.
    box
        The rectangle of which this is the part that counts (`zone_box`).
    """
    half = halved(mask)
    left, top, right, bottom = box
    whole = (above.x0 - left, above.y0 - top, right - left, bottom - top)
    half_whole = tuple(value // 2 for value in whole)
    for under, over, share, place in (
        (below.y, above.y, mask, whole),
        (below.u, above.u, half, half_whole),
        (below.v, above.v, half, half_whole),
    ):
        over += _light_between(under, over, share, place)


def _light_between(
    below: NDArray[np.float32],
    above: NDArray[np.float32],
    mask: NDArray[np.float32],
    place: tuple[int, ...],
) -> NDArray[np.float32]:
    """(h, w) offset with a slope in both directions: weighted least squares over the ring.

    ``place`` is where this lies in the whole, left and top, and how large that is.
    """
    # Light is smooth: every other pixel of every other row says enough.
    thin = mask[::_EVERY, ::_EVERY]
    ring = thin * (1.0 - thin)
    if float(ring.sum()) * _EVERY**2 < _LEAST_RING:
        return np.zeros_like(below)
    rows, columns = np.nonzero(ring > _IN_RING)
    weight = ring[rows, columns].astype(np.float64)[:, None]
    rows, columns = rows * _EVERY, columns * _EVERY
    wanted = (below[rows, columns] - above[rows, columns]).astype(np.float64)
    left, top, width, height = place
    columns, rows = columns + left, rows + top
    design = np.stack([np.ones(len(rows)), columns / width - 0.5, rows / height - 0.5], 1)
    gram = (design * weight).T @ design + 1e-3 * weight.sum() * np.eye(3)
    offset, across, down = np.linalg.solve(gram, (design * weight).T @ wanted)
    plane = (
        offset
        + across * (np.arange(left, left + mask.shape[1]) / width - 0.5)[None, :]
        + down * (np.arange(top, top + mask.shape[0]) / height - 0.5)[:, None]
    )
    return np.asarray(np.clip(plane, -_MAX_SHIFT, _MAX_SHIFT), dtype=np.float32)


@cache
def lip_triangles() -> NDArray[np.int64]:
    """(K, 3) the triangles of the mesh around the lips."""
    head = reference_head()
    rim = head[OUTER_OUTLINE, :2].astype(np.float32).reshape(-1, 1, 2)
    depth = [cv2.pointPolygonTest(rim, (float(x), float(y)), True) for x, y in head[:, :2]]
    near = np.flatnonzero(np.array(depth) > -_REACH)
    triangles = mouth_basis().triangles
    return np.asarray(triangles[np.isin(triangles, near).any(1)])
