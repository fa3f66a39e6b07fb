from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipwright.faces.head import RIGID_POINTS, HeadPose, fit_head, reference_head, shape_error


def rotation(yaw=0.0, pitch=0.0, roll=0.0):
    """To the picture's right, down, clockwise; degrees, x right, y down, z away."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = [[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]]
    about_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    about_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return np.array(about_y) @ np.array(about_x) @ np.array(about_z)


def picture_of(turn, scale=50.0, origin=(300.0, 200.0, 0.0)):
    pose = HeadPose(turn[None], np.array([scale]), np.array([origin]))
    return pose.to_picture(reference_head()[None])


angle = st.floats(-60, 60)


@given(yaw=angle, pitch=angle, roll=st.floats(-170, 170), scale=st.floats(5, 900))
@settings(max_examples=40, deadline=None)
def test_the_fit_finds_the_very_pose(yaw, pitch, roll, scale):
    turn, origin = rotation(yaw, pitch, roll), (123.0, -45.0, 6.0)
    points = picture_of(turn, scale, origin)
    pose = fit_head(points)
    assert pose.scale[0] == pytest.approx(scale)
    assert np.allclose(pose.rotation[0], turn, atol=1e-9)
    assert np.allclose(pose.origin[0], origin, atol=1e-6 * scale)
    assert np.allclose(pose.to_head(points), reference_head(), atol=1e-9)
    assert shape_error(points, pose)[0] < 1e-9


def test_to_picture_undoes_to_head(astronaut):
    several = np.stack([astronaut.points, astronaut.points * 1.3 + 20])
    pose = fit_head(several)
    assert np.allclose(pose.to_picture(pose.to_head(several)), several, atol=1e-3)
    assert np.allclose(pose.rotation @ pose.rotation.transpose(0, 2, 1), np.eye(3), atol=1e-12)
    assert np.allclose(np.linalg.det(pose.rotation), 1.0)


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"),
    [
        *[(0, 0, 0), (25, 0, 0), (-40, 0, 0), (0, 20, 0), (0, -30, 0)],
        *[(0, 0, 15), (0, 0, -170), (30, 20, 0), (-35, -15, 0)],
    ],
)
def test_angles(yaw, pitch, roll):
    found = fit_head(picture_of(rotation(yaw, pitch, roll))).angles()[0]
    # Roll is read off the picture, so it is only the pure one when the face looks ahead.
    count = 3 if pitch * yaw == 0 else 2
    assert found[:count] == pytest.approx((yaw, pitch, roll)[:count], abs=1e-3)


def test_the_unit_is_the_distance_of_the_eyes(astronaut):
    irises = astronaut.points[[468, 473]].astype(float)
    scale = fit_head(astronaut.points[None]).scale[0]
    assert scale == pytest.approx(np.linalg.norm(irises[1] - irises[0]), rel=0.1)
    middle = fit_head(astronaut.points[None]).origin[0, :2]
    assert np.abs(middle - irises[:, :2].mean(0)).max() < 0.15 * scale


def test_no_mouth_moves_the_head(astronaut):
    talking = astronaut.points.copy()
    free = np.setdiff1d(np.arange(478), RIGID_POINTS)
    talking[free[astronaut.points[free, 1] > 125]] += (3.0, 9.0, -4.0)
    before, after = fit_head(astronaut.points[None]), fit_head(talking[None])
    assert np.array_equal(before.rotation, after.rotation)
    assert np.array_equal(before.scale, after.scale)
    assert np.array_equal(before.origin, after.origin)


def test_shape_error_tells_heads_from_other_things(astronaut):
    assert shape_error(astronaut.points[None], fit_head(astronaut.points[None]))[0] < 0.06
    bent = astronaut.points + np.random.default_rng(1).normal(0, 8, (478, 3))
    assert shape_error(bent[None], fit_head(bent[None]))[0] > 0.13
    squeezed = astronaut.points * np.array([0.5, 1.0, 1.0])
    assert shape_error(squeezed[None], fit_head(squeezed[None]))[0] > 0.13


def test_an_empty_track_has_an_empty_pose():
    assert fit_head(np.zeros((0, 478, 3))).angles().shape == (0, 3)
