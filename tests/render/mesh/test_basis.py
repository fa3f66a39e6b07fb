from __future__ import annotations

import numpy as np
import pytest

from lipwright.faces.head import reference_head
from lipwright.faces.mouth_shape import mouth_values_of_head
from lipwright.render.mesh.basis import mouth_basis, shape_of
from lipwright.render.mesh.lips import inner_outline
from lipwright.render.mesh.topology import with_ring
from lipwright.speech.types import CHANNELS


def test_modes_are_orthonormal():
    modes = mouth_basis().modes.reshape(len(mouth_basis().modes), -1)
    assert np.allclose(modes @ modes.T, np.eye(len(modes)), atol=1e-6)


@pytest.mark.parametrize("channel", range(len(CHANNELS)), ids=CHANNELS)
def test_each_channel_moves_what_it_is_named_after(channel):
    opened = reference_head() + shape_of(np.array([[0.1, 0, 0, 0, 0, 0]]))[0]
    step = np.zeros((1, 6))
    step[0, channel] = 0.05
    before = mouth_values_of_head(opened[None])[0]
    after = mouth_values_of_head((opened + shape_of(step)[0])[None])[0]
    gained = (after - before) / 0.05
    assert gained[channel] == pytest.approx(1.0, abs=0.25)
    assert np.abs(np.delete(gained, channel)).max() < 0.25


def test_shapes_are_linear_and_rest_is_zero():
    random = np.random.default_rng(1).normal(0, 0.1, (2, 6))
    assert np.allclose(shape_of(random).sum(0), shape_of(random.sum(0, keepdims=True))[0])
    assert not shape_of(np.zeros((3, 6))).any()
    assert shape_of(random).shape == (2, 478, 3)


def test_opening_brings_the_jaw_and_the_lower_lip_along():
    direction = dict(zip(CHANNELS, mouth_basis().opening_direction, strict=True))
    assert direction["opening"] == 1.0
    assert direction["jaw"] > 0.1
    assert direction["lower"] > 0.3


def test_the_mesh_is_sound():
    triangles = mouth_basis().triangles
    points = with_ring(reference_head())[:, :2]
    assert triangles.min() >= 0
    assert triangles.max() < len(points)
    corners = points[triangles]
    (ax, ay), (bx, by) = ((corners[:, k] - corners[:, 0]).T for k in (1, 2))
    area = ax * by - ay * bx
    assert (area > 0).all() or (area < 0).all()
    assert len({tuple(sorted(t)) for t in triangles.tolist()}) == len(triangles)


def test_no_triangle_closes_the_mouth():
    opened = reference_head().copy()
    opened += shape_of(np.array([0.4 * mouth_basis().opening_direction]))[0]
    x, y = inner_outline(opened)[:, :2].mean(0)
    corners = with_ring(opened)[:, :2][mouth_basis().triangles]
    sides = np.roll(corners, -1, axis=1) - corners
    cross = sides[..., 0] * (y - corners[..., 1]) - sides[..., 1] * (x - corners[..., 0])
    assert not ((cross > 0).all(1) | (cross < 0).all(1)).any()
