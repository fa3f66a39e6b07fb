"""Piecewise-affine warping of planes: for every target pixel, where its value comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.render.mesh.planes import Box, overlap

_SHIFT: Final = 4
"""Sub-pixel bits of polygon corners."""

_MIN_AREA: Final = 1e-3
_WILD_PIXELS: Final = 0.8
_EDGE_EFFECTS: Final = 8
"""Beyond this many pixels from its edge a map does not depend on where it was cut off; even."""

_MOVED: Final = 0.01
"""Pixels by which a pixel must have moved to have moved at all."""

_AROUND: Final = np.ones((5, 5), np.uint8)
_DOWN: Final = np.repeat(np.arange(-2, 3), 5)
_ACROSS: Final = np.tile(np.arange(-2, 3), 5)


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
    within: Box | None = None,
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
    within
        No more of the map is wanted than this.

    Returns
    -------
    The map, or ``None`` where the mesh lies outside the picture.
    """
    box = warp_box(target, triangles, size)
    if box is not None and within is not None:
        left, top, right, bottom = within
        edge = _EDGE_EFFECTS
        box = overlap(box, (left - edge, top - edge, right + edge, bottom + edge))
    if box is None:
        return None
    low, width, height = np.array(box[:2]), box[2] - box[0], box[3] - box[1]
    affine, good = _inverse_affine(source[triangles], target[triangles])
    labels = np.zeros((height, width), np.float32)
    corners = np.rint((target - low) * (1 << _SHIFT)).astype(np.int32)[triangles]
    for label in np.flatnonzero(good):
        cv2.fillConvexPoly(labels, corners[label], float(label + 1), cv2.LINE_8, _SHIFT)
    # Row 0 is the identity: what no triangle covers stays where it is.
    table = np.concatenate([[[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]], affine]).astype(np.float32)
    index = labels.astype(np.intp)
    xs = np.arange(width, dtype=np.float32) + np.float32(low[0])
    ys = (np.arange(height, dtype=np.float32) + np.float32(low[1]))[:, None]
    map_x = _mapped(table[:, :3], index, xs, ys)
    map_y = _mapped(table[:, 3:], index, xs, ys)
    for where in _uncovered(labels, None if hole is None else target[hole] - low):
        _extend(map_x, map_y, labels, *where)
    moved = _calm(map_x, xs) | _calm(map_y, ys)
    return WarpMap(int(low[0]), int(low[1]), map_x, map_y, moved)


def warp_box(
    target: NDArray[np.float64], triangles: NDArray[np.int64], size: tuple[int, int]
) -> Box | None:
    """The rectangle of the whole map; parameters as for `warp_map`."""
    used = target[triangles.ravel()]
    low = np.maximum(np.floor(used.min(0)).astype(int) - 1, 0) // 2 * 2
    high = np.minimum(np.ceil(used.max(0)).astype(int) + 2, np.array(size) // 2 * 2)
    left, top = (int(v) for v in low)
    width, height = (int(v) for v in (high - low + 1) // 2 * 2)
    width = min(width, size[0] // 2 * 2 - left)
    height = min(height, size[1] // 2 * 2 - top)
    return (left, top, left + width, top + height) if width >= 2 and height >= 2 else None


def _mapped(
    table: NDArray[np.float32],
    index: NDArray[np.intp],
    xs: NDArray[np.float32],
    ys: NDArray[np.float32],
) -> NDArray[np.float32]:
    """(h, w) one coordinate of the affine maps (K, 3) that ``index`` (h, w) names."""
    out = table[:, 0].take(index)
    out *= xs
    across = table[:, 1].take(index)
    across *= ys
    out += across
    out += table[:, 2].take(index, out=across)
    return out


_Where = tuple[NDArray[np.intp], NDArray[np.intp]]


def _uncovered(labels: NDArray[np.float32], rim: NDArray[np.float64] | None) -> Iterator[_Where]:
    """Pixels, as rows and columns, without a triangle that need a value all the same.

    First the cracks that a folded triangle leaves, then two pixels inwards from a hole's rim.
    """
    covered = (labels > 0).astype(np.uint8)
    cracks = cv2.morphologyEx(covered, cv2.MORPH_CLOSE, _AROUND)
    yield _places(np.asarray(cracks > covered, dtype=np.uint8), 0, 0)
    if rim is not None:
        left, top = np.maximum(np.floor(rim.min(0)).astype(int) - 2, 0)
        right, bottom = np.maximum(np.ceil(rim.max(0)).astype(int) + 3, 0)
        # What is further than two pixels from everything covered is not reached.
        near = np.s_[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2]
        reached = np.asarray(cv2.dilate(covered[near], _AROUND) > covered[near], dtype=np.uint8)
        rows, columns = top - near[0].start, left - near[1].start
        part = reached[rows : rows + bottom - top, columns : columns + right - left]
        yield _places(part, int(top), int(left))


def _places(where: NDArray[np.uint8], top: int, left: int) -> _Where:
    found = cv2.findNonZero(np.ascontiguousarray(where)) if where.size else None
    if found is None:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    columns, rows = found.reshape(-1, 2).astype(np.intp).T
    return rows + top, columns + left


def _extend(
    map_x: NDArray[np.float32],
    map_y: NDArray[np.float32],
    labels: NDArray[np.float32],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> None:
    """Let pixels move along with a covered one at most two pixels away, where there is one.

    Of several the lowest counts, and of those the one furthest to the right.
    """
    if not len(rows):
        return
    height, width = labels.shape
    near_rows = rows[:, None] + _DOWN
    near_columns = columns[:, None] + _ACROSS
    inside = (near_rows >= 0) & (near_rows < height) & (near_columns >= 0) & (near_columns < width)
    near = np.where(inside, near_rows * width + near_columns, 0)
    best = np.where(inside & (labels.ravel()[near] > 0), near, -1).max(1)
    found = best >= 0
    rows, columns = rows[found], columns[found]
    near_row, near_column = np.divmod(best[found], width)
    map_x[rows, columns] = map_x[near_row, near_column] + (columns - near_column)
    map_y[rows, columns] = map_y[near_row, near_column] + (rows - near_row)


def _calm(values: NDArray[np.float32], plain: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Bring single pixels that a sliver of a triangle sends far away back to their neighbours.

    Returns
    -------
    (h, w): the pixels that come from elsewhere.
    """
    shift = values - plain
    usual = np.asarray(cv2.medianBlur(shift, 5), dtype=np.float32)
    off = cv2.absdiff(shift, usual) > _WILD_PIXELS
    wild = _places(off.astype(np.uint8), 0, 0)
    if len(wild[0]):
        there = np.broadcast_to(plain, values.shape)[wild]
        values[wild] = usual[wild] + there
        shift[wild] = values[wild] - there
    return np.asarray(np.abs(shift, out=shift) > _MOVED)


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
