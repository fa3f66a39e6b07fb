"""Piecewise-affine warping of planes: for every target pixel, where its value comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_SHIFT: Final = 4
"""Sub-pixel bits of polygon corners."""

_MIN_AREA: Final = 1e-3
_WILD_PIXELS: Final = 0.8
_AROUND: Final = np.ones((5, 5), np.uint8)


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
    hole: NDArray[np.int64] | None = None,
) -> WarpMap | None:
    """Build the inverse map of a mesh that moves from ``source`` to ``target``.

    Parameters
    ----------
    source, target
        (P, 2), pixels (centres at integers).
    triangles
        (K, 3) indices of points.
    size
        Width and height of the picture; the map is clipped to it.
    hole
        Indices of the points around a hole of the mesh. Its rim grows inwards by two pixels, so
        that a hole that is all but shut shows its rim and not what lay there before.

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
    for where in _uncovered(labels, None if hole is None else target[hole] - low):
        _extend(map_x, map_y, labels, where)
    for values, plain in ((map_x, xs), (map_y, ys)):
        _calm(values, plain)
    moved = (np.abs(map_x - xs) > 0.01) | (np.abs(map_y - ys) > 0.01)
    return WarpMap(int(low[0]), int(low[1]), map_x, map_y, moved)


def _uncovered(
    labels: NDArray[np.float32], rim: NDArray[np.float64] | None
) -> Iterator[NDArray[np.bool_]]:
    """Pixels without a triangle that need a value all the same.

    First the cracks that a folded triangle leaves, then two pixels inwards from a hole's rim.
    """
    covered = (labels > 0).astype(np.uint8)
    yield np.asarray(cv2.morphologyEx(covered, cv2.MORPH_CLOSE, _AROUND) > covered)
    if rim is not None:
        inside = np.zeros(labels.shape, bool)
        left, top = np.maximum(np.floor(rim.min(0)).astype(int) - 2, 0)
        right, bottom = np.maximum(np.ceil(rim.max(0)).astype(int) + 3, 0)
        inside[top:bottom, left:right] = covered[top:bottom, left:right] == 0
        yield inside


def _extend(
    map_x: NDArray[np.float32],
    map_y: NDArray[np.float32],
    labels: NDArray[np.float32],
    where: NDArray[np.bool_],
) -> None:
    """Let pixels move along with a covered one at most two pixels away, where there is one."""
    if not where.any():
        return
    height, width = labels.shape
    number = np.arange(1, height * width + 1, dtype=np.float32).reshape(height, width)
    number[labels == 0] = 0
    beside = np.asarray(cv2.dilate(number, _AROUND), dtype=np.int64)
    rows, columns = np.nonzero(where & (beside > 0))
    near_rows, near_columns = np.divmod(beside[rows, columns] - 1, width)
    map_x[rows, columns] = map_x[near_rows, near_columns] + (columns - near_columns)
    map_y[rows, columns] = map_y[near_rows, near_columns] + (rows - near_rows)


def _calm(values: NDArray[np.float32], plain: NDArray[np.float32]) -> None:
    """Bring single pixels that a sliver of a triangle sends far away back to their neighbours."""
    shift = values - plain
    usual = np.asarray(cv2.medianBlur(shift, 5), dtype=np.float32)
    wild = np.abs(shift - usual) > _WILD_PIXELS
    np.copyto(values, usual + plain, where=wild)


def _inverse_affine(
    source: NDArray[np.float64], target: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(K, 6) maps from target to source coordinates, and which triangles to draw."""
    edges = np.stack([target[:, 1] - target[:, 0], target[:, 2] - target[:, 0]], 2)
    pulls = np.stack([source[:, 1] - source[:, 0], source[:, 2] - source[:, 0]], 2)
    # A triangle that lands flat or turned over has no pixels of its own to show.
    area = np.linalg.det(edges) * np.sign(np.linalg.det(pulls))
    good = area > _MIN_AREA
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
