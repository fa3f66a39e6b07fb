"""Piecewise-affine warping of planes: for every target pixel, where its value comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_SHIFT: Final = 4
"""Sub-pixel bits of polygon corners."""

_MIN_AREA: Final = 1e-3


@dataclass(frozen=True, eq=False)
class WarpMap:
    """A warp of one rectangle of the picture.

    Attributes
    ----------
    x0, y0
        Corner of the rectangle in picture pixels, both even.
    map_x, map_y
        (h, w) float32, picture pixels: where each pixel's value comes from.
    moved
        (h, w) bool: pixels whose value comes from elsewhere.
    """

    x0: int
    y0: int
    map_x: NDArray[np.float32]
    map_y: NDArray[np.float32]
    moved: NDArray[np.bool_]


def warp_map(
    source: NDArray[np.float64],
    target: NDArray[np.float64],
    triangles: NDArray[np.int64],
    size: tuple[int, int],
) -> WarpMap | None:
    """Build the inverse map of a mesh that moves from ``source`` to ``target``.

    Parameters
    ----------
    source, target
        (P, 2), pixels (centres at integers).
    triangles
        (K, 3) indices of points. Later triangles win where a fold makes them overlap.
    size
        Width and height of the picture; the map is clipped to it.

    Returns
    -------
    The map, or ``None`` where the mesh lies outside the picture.
    """
    used = target[triangles.ravel()]
    low = np.maximum(np.floor(used.min(0)).astype(int) - 1, 0) // 2 * 2
    high = np.minimum(np.ceil(used.max(0)).astype(int) + 2, np.array(size) // 2 * 2)
    width, height = (int(v) for v in (high - low + 1) // 2 * 2)
    width = min(width, size[0] // 2 * 2 - int(low[0]))
    height = min(height, size[1] // 2 * 2 - int(low[1]))
    if width < 2 or height < 2:
        return None
    affine, good = _inverse_affine(source[triangles], target[triangles])
    labels = np.zeros((height, width), np.float32)
    corners = np.rint((target - low) * (1 << _SHIFT)).astype(np.int32)[triangles]
    for label in np.flatnonzero(good):
        cv2.fillConvexPoly(labels, corners[label], float(label + 1), cv2.LINE_8, _SHIFT)
    index = labels.astype(np.int32)
    # Row 0 is the identity: what no triangle covers stays where it is.
    table = np.concatenate([[[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]], affine]).astype(np.float32)
    xs = np.arange(width, dtype=np.float32) + np.float32(low[0])
    ys = (np.arange(height, dtype=np.float32) + np.float32(low[1]))[:, None]
    columns = [np.take(table[:, k], index) for k in range(6)]
    map_x = columns[0] * xs + columns[1] * ys + columns[2]
    map_y = columns[3] * xs + columns[4] * ys + columns[5]
    moved = (np.abs(map_x - xs) > 0.01) | (np.abs(map_y - ys) > 0.01)
    return WarpMap(int(low[0]), int(low[1]), map_x, map_y, moved)


def _inverse_affine(
    source: NDArray[np.float64], target: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(K, 6) maps from target to source coordinates, and which triangles have an area."""
    edges = np.stack([target[:, 1] - target[:, 0], target[:, 2] - target[:, 0]], 2)
    pulls = np.stack([source[:, 1] - source[:, 0], source[:, 2] - source[:, 0]], 2)
    area = np.linalg.det(edges)
    good = np.abs(area) > _MIN_AREA
    linear = np.zeros_like(edges)
    linear[good] = pulls[good] @ np.linalg.inv(edges[good])
    shift = source[:, 0] - np.einsum("kij,kj->ki", linear, target[:, 0])
    rows = np.concatenate([linear, shift[:, :, None]], axis=2).reshape(-1, 6)
    return rows, good


def remap_luma(plane: NDArray[np.uint8], warp: WarpMap) -> NDArray[np.uint8]:
    """Warp the luma plane into the map's rectangle."""
    return _remap(plane, warp.map_x, warp.map_y)


def remap_chroma(plane: NDArray[np.uint8], warp: WarpMap) -> NDArray[np.uint8]:
    """Warp a half-size chroma plane into the map's rectangle, (h / 2, w / 2)."""
    map_x = (_halve(warp.map_x) + 0.5) / 2.0 - 0.5
    map_y = (_halve(warp.map_y) + 0.5) / 2.0 - 0.5
    return _remap(plane, map_x, map_y)


def _halve(values: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = values.shape
    small = cv2.resize(values, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32)


def _remap(
    plane: NDArray[np.uint8], map_x: NDArray[np.float32], map_y: NDArray[np.float32]
) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.remap(plane, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
        dtype=np.uint8,
    )
