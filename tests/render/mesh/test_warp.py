from __future__ import annotations

import numpy as np
import pytest

from lipwright.render.mesh.warp import remap_chroma, remap_luma, warp_map

SIZE = (120, 100)
SQUARE = np.array([[30.0, 20.0], [90.0, 20.0], [90.0, 80.0], [30.0, 80.0]])
HALVES = np.array([[0, 1, 2], [0, 2, 3]])
COLUMNS, ROWS = np.meshgrid(np.arange(120.0), np.arange(100.0))
RAMP = np.rint(40 + 0.9 * COLUMNS + 0.7 * ROWS).astype(np.uint8)


def warp(source, target=SQUARE, triangles=HALVES, size=SIZE):
    return warp_map(source, np.asarray(target, float), triangles, size)


def moved_by(linear, shift):
    centre = SQUARE.mean(0)
    return (SQUARE - centre) @ np.array(linear).T + centre + shift


def inside(found, margin=2):
    rows, columns = np.indices(found.map_x.shape)
    x, y = columns + found.x0, rows + found.y0
    return (x > 30 + margin) & (x < 90 - margin) & (y > 20 + margin) & (y < 80 - margin), x, y


def test_a_mesh_at_rest_changes_nothing():
    random = np.random.default_rng(1)
    points = random.uniform(5, 95, (60, 2))
    triangles = random.integers(0, 60, (80, 3))
    found = warp(points, points, triangles)
    assert not found.moved.any()
    noise = random.integers(0, 256, (100, 120)).astype(np.uint8)
    part = noise[found.y0 :, found.x0 :][: found.map_x.shape[0], : found.map_x.shape[1]]
    assert np.array_equal(remap_luma(noise, found), part)


@pytest.mark.parametrize(
    ("linear", "shift"),
    [
        (np.eye(2), (5.0, -3.0)),
        (np.eye(2), (0.25, 0.5)),
        ([[0.8, 0.1], [-0.2, 1.1]], (2.0, 1.0)),
        ([[0.0, -1.0], [1.0, 0.0]], (0.0, 0.0)),
    ],
)
def test_an_affine_mesh_moves_pixels_affinely(linear, shift):
    source = moved_by(linear, np.array(shift))
    found = warp(source)
    sure, x, y = inside(found)
    wanted = (np.stack([x, y], 2) - SQUARE.mean(0)) @ np.array(linear).T
    wanted += SQUARE.mean(0) + np.array(shift)
    assert np.abs(found.map_x - wanted[..., 0])[sure].max() < 1e-3
    assert np.abs(found.map_y - wanted[..., 1])[sure].max() < 1e-3
    shade = 40 + 0.9 * wanted[..., 0] + 0.7 * wanted[..., 1]
    assert np.abs(remap_luma(RAMP, found) - shade)[sure].max() < 1.1


def test_each_triangle_moves_on_its_own():
    source = SQUARE.copy()
    source[1] += (10.0, -5.0)  # only the upper right half has this corner
    found = warp(source)
    sure, x, y = inside(found)
    lower = sure & (y - 20 > x - 30 + 2)
    upper = sure & (y - 20 < x - 30 - 2)
    assert not found.moved[lower].any()
    assert found.moved[upper & (x - y > 20)].all()


def test_outside_the_mesh_nothing_moves():
    found = warp(moved_by(np.eye(2), np.array([5.0, 5.0])), triangles=HALVES[:1])
    sure, x, y = inside(found, margin=4)
    outside = sure & (y - 20 > x - 30 + 6)  # the half that has no triangle
    assert outside.sum() > 500
    assert not found.moved[outside].any()
    assert np.array_equal(found.map_x[outside], x[outside])
    assert np.array_equal(found.map_y[outside], y[outside])
    assert found.moved[sure & (y - 20 < x - 30 - 2)].all()


@pytest.mark.parametrize("shift", [(0, 0), (-47.3, 0), (51.7, 33.3), (-40, -31), (0.5, 40.1)])
def test_the_rectangle_is_even_and_inside_the_picture(shift):
    target = SQUARE + shift
    found = warp(target + np.array([1.0, 2.0]), target)
    height, width = found.map_x.shape
    assert [found.x0 % 2, found.y0 % 2, height % 2, width % 2] == [0, 0, 0, 0]
    assert found.x0 >= 0
    assert found.y0 >= 0
    assert found.x0 + width <= 120
    assert found.y0 + height <= 100
    # Whatever of the mesh is in the picture is in the rectangle.
    low, high = np.maximum(target.min(0), 0), np.minimum(target.max(0), (119, 99))
    assert found.x0 <= low[0]
    assert found.y0 <= low[1]
    assert found.x0 + width - 1 >= np.floor(high[0])
    assert found.y0 + height - 1 >= np.floor(high[1])
    assert remap_luma(RAMP, found).shape == (height, width)
    assert remap_chroma(RAMP[::2, ::2], found).shape == (height // 2, width // 2)


@pytest.mark.parametrize("shift", [(-200, 0), (200, 0), (0, -200), (0, 200)])
def test_a_mesh_outside_the_picture_is_nothing(shift):
    assert warp(SQUARE + shift, SQUARE + shift) is None


def test_chroma_moves_with_the_luma():
    chroma = np.rint(60 + 1.8 * np.arange(60) + np.zeros((50, 1))).astype(np.uint8)
    found = warp(moved_by(np.eye(2), np.array([6.0, 0.0])))
    sure, x, _ = inside(found, margin=6)
    sure, x = sure[::2, ::2], x[::2, ::2]
    # Chroma column c lies over luma columns 2c and 2c + 1.
    wanted = 60 + 1.8 * ((x + 0.5 + 6.0) - 0.5) / 2
    assert np.abs(remap_chroma(chroma, found) - wanted)[sure].max() < 1.1


def test_flat_triangles_are_left_out():
    triangles = np.array([[0, 1, 1], [0, 1, 2], [0, 2, 3], [2, 2, 2]])
    whole = warp(moved_by(np.eye(2), np.array([3.0, 1.0])))
    found = warp(moved_by(np.eye(2), np.array([3.0, 1.0])), triangles=triangles)
    assert np.array_equal(found.map_x, whole.map_x)
    assert np.isfinite(found.map_y).all()


def test_a_part_of_a_map_is_the_map_there():
    random = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(np.arange(10.0, 111, 10), np.arange(10.0, 91, 10)), 2)
    target = grid.reshape(-1, 2)
    source = target + random.uniform(-6, 6, target.shape)
    corner = np.arange(8)[:, None] * 11 + np.arange(10)[None]
    corner = corner.ravel()
    triangles = np.concatenate(
        [
            np.stack([corner, corner + 1, corner + 12], 1),
            np.stack([corner, corner + 12, corner + 11], 1),
        ]
    )
    triangles = triangles[random.permutation(len(triangles))[:140]]  # with holes and cracks
    whole = warp_map(source, target, triangles, SIZE)
    left, top, right, bottom = box = (40, 30, 82, 66)
    part = warp_map(source, target, triangles, SIZE, within=box)
    assert part.map_x.size < whole.map_x.size
    for name in ("map_x", "map_y", "moved"):
        cut = [
            getattr(one, name)[top - one.y0 : bottom - one.y0, left - one.x0 : right - one.x0]
            for one in (whole, part)
        ]
        assert np.array_equal(*cut), name


def test_nothing_is_wanted_beside_the_mesh():
    assert warp_map(SQUARE, SQUARE, HALVES, SIZE, within=(0, 0, 4, 4)) is None
