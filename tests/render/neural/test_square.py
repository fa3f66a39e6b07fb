from __future__ import annotations

import numpy as np
import pytest

from lipwright.faces.head import HeadPose, reference_head
from lipwright.render.neural.square import face_square


def pose(roll: float = 0.0, yaw: float = 0.0, scale: float = 60.0, at=(200.0, 150.0)) -> HeadPose:
    c, s = np.cos(roll), np.sin(roll)
    turned = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    c, s = np.cos(yaw), np.sin(yaw)
    turned = turned @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
    return HeadPose(turned[None], np.array([scale]), np.array([[*at, 0.0]]))


def placed(square, points):
    """Where picture points lie in the unit square."""
    matrix = square.to_square[0]
    return points[:, :2] @ matrix[:, :2].T + matrix[:, 2]


@pytest.mark.parametrize(
    "where", [pose(), pose(0.6), pose(-0.4, 0.5), pose(0, -0.6), pose(0.1, 0, 9.0, (5, 5))]
)
def test_the_face_fills_the_square_upright(where):
    rest = reference_head()
    square = face_square(where, rest)
    face = placed(square, where.to_picture(rest[None])[0])
    assert face[10, 1] == pytest.approx(0.0, abs=0.05)
    assert face[152, 1] == pytest.approx(1 / 1.1, abs=0.03)
    oval = face[[10, 152, 234, 454, 132, 361]]
    assert oval.min() > -0.05
    assert oval.max() < 1.01
    eyes, mouth = face[[33, 263]].mean(0), face[[61, 291]].mean(0)
    assert 0.25 < eyes[1] < 0.45
    # What the generator must draw, the mouth, is in the half that it does not see.
    assert mouth[1] > 0.6
    assert square.mouth[0, 0] == pytest.approx(mouth, abs=0.06)


def test_the_region_is_the_lower_face():
    rest, where = reference_head(), pose()
    square = face_square(where, rest)
    face = placed(square, where.to_picture(rest[None])[0])
    region = square.region[0]
    assert region[:, 1].max() > face[152, 1]
    assert region[:, 1].min() > face[[33, 133, 362, 263], 1].max()
    for lip in (61, 291, 0, 17, 13, 14):
        assert region[:, 0].min() < face[lip, 0] < region[:, 0].max()
    under_nose = region[np.abs(region[:, 0] - face[2, 0]) < 0.05][:, 1].min()
    assert face[2, 1] < under_nose < face[0, 1]


def test_it_moves_with_the_head_and_not_with_the_jaw():
    """A square is of the resting face: what the mouth does changes nothing of it."""
    rest = reference_head()
    here, there = face_square(pose(), rest), face_square(pose(at=(230.0, 140.0)), rest)
    point, moved = np.array([[10.0, 20.0]]), np.array([[40.0, 10.0]])
    assert placed(here, point) == pytest.approx(placed(there, moved))
    assert here.region == pytest.approx(there.region)
