from __future__ import annotations

import numpy as np
import pytest

from lipwright.faces.head import HeadPose, fit_head, reference_head
from lipwright.faces.quality import USABLE, lip_sync_quality

WIDTH, HEIGHT = 640, 480


def quality(*, yaw=0.0, pitch=0.0, roll=0.0, eyes=60.0, at=(320.0, 200.0)):
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    turn = (about_z @ about_y @ about_x)[None]
    pose = HeadPose(turn, np.array([eyes]), np.array([[*at, 0.0]]))
    points = pose.to_picture(reference_head()[None]).astype(np.float32)
    found = lip_sync_quality(points, fit_head(points), WIDTH, HEIGHT)
    assert found.shape == (1,)
    assert found.dtype == np.float32
    return float(found[0])


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ({}, 1.0),
        ({"yaw": 35}, 1.0),
        ({"yaw": -42}, 0.5),
        ({"yaw": 49}, 0.0),
        ({"yaw": -90}, 0.0),
        ({"pitch": 27}, 1.0),
        ({"pitch": -35}, 0.5),
        ({"pitch": 43}, 0.0),
        ({"yaw": 42, "pitch": 35}, 0.25),
        ({"roll": 40}, 1.0),
        ({"eyes": 18.5}, 1.0),
        ({"eyes": 16}, 0.5),
        ({"eyes": 13.9}, 0.0),
        ({"eyes": 150}, 1.0),
    ],
)
def test_pose_and_size(where, wanted):
    assert quality(**where) == pytest.approx(wanted, abs=0.01)


def test_turning_further_never_helps():
    for name in ("yaw", "pitch"):
        turned = [quality(**{name: angle}) for angle in range(0, 60, 3)]
        assert turned == sorted(turned, reverse=True)
    assert quality(yaw=40) >= USABLE > quality(yaw=44)


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        ((320, 200), True),
        ((320, 5), True),  # the eyes may be cut off, the mouth is there
        ((320, 445), False),
        ((320, -90), False),
        ((-2, 200), False),
        ((642, 200), False),
        ((45, 200), True),
        ((595, 200), True),
    ],
)
def test_the_whole_mouth_must_be_in_the_picture(at, inside):
    assert quality(at=at) == float(inside)
