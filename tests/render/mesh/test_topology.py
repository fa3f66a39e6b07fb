from __future__ import annotations

import numpy as np

from lipwright.faces.head import RIGID_POINTS, reference_head
from lipwright.faces.mouth_shape import CHIN, INNER_LOWER, INNER_UPPER, OUTER_CORNERS, OUTER_UPPER
from lipwright.render.mesh.topology import (
    JAW_LINE,
    LANDMARKS,
    lower_face_weight,
    ring_motion,
    with_ring,
)

HEAD = reference_head()


def test_nose_and_eyes_stand_still_lips_and_chin_are_free():
    weight = lower_face_weight(HEAD)
    assert not weight[[*RIGID_POINTS, 1, 4, 33, 263, 468, 473]].any()
    assert (weight[[*INNER_UPPER, *INNER_LOWER, *OUTER_UPPER, *OUTER_CORNERS, *CHIN]] > 0.98).all()
    order = np.argsort(HEAD[:, 1])
    assert (np.diff(weight[order]) >= 0).all()


def test_the_rings_surround_the_jaw():
    points = with_ring(HEAD)
    assert points.shape == (LANDMARKS + 2 * len(JAW_LINE), 3)
    assert np.array_equal(points[:LANDMARKS], HEAD)
    jaw = HEAD[list(JAW_LINE), :2]
    inner, outer = points[LANDMARKS:, :2].reshape(2, len(JAW_LINE), 2)
    centre = np.array([0.0, 1.0])
    near, middle, far = (np.linalg.norm(p - centre, axis=1) for p in (jaw, inner, outer))
    assert (near < middle).all()
    assert (middle < far).all()
    # No point of a face lies outside of the outer ring's chin.
    assert outer[:, 1].max() > HEAD[:, 1].max() + 0.3


def test_the_outermost_ring_stands_still():
    motion = np.random.default_rng(1).normal(0, 1, (4, LANDMARKS, 3))
    extended = ring_motion(motion)
    assert extended.shape == (4, LANDMARKS + 2 * len(JAW_LINE), 3)
    assert np.array_equal(extended[:, :LANDMARKS], motion)
    inner, outer = np.split(extended[:, LANDMARKS:], 2, axis=1)
    assert not outer.any()
    jaw = motion[:, list(JAW_LINE)]
    share = (inner * jaw).sum() / (jaw * jaw).sum()
    assert 0 < share < 1
    assert np.allclose(inner, share * jaw)


def test_many_frames_are_many_single_frames():
    several = np.stack([HEAD, HEAD * 1.1])
    assert np.allclose(with_ring(several)[1], with_ring(several[1]))
