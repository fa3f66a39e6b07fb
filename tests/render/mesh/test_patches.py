from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from lipwright.faces.landmarker import FaceLandmarks
from lipwright.render.mesh.patches import OUTER_OUTLINE, PatchHunter


@pytest.fixture
def seen(studio):
    """Show a hunter a frame as another one, with another mouth or another picture."""
    hunter = PatchHunter()

    def add(index, opening, *, width=1.0, yaw=0.0, blur=0, shift=0.0):
        frame = replace(studio.frames[8], index=index)
        if blur:
            frame = replace(frame, y=cv2.GaussianBlur(frame.y, (0, 0), blur))
        points = studio.track.landmarks[8] + np.float32([shift, shift, 0])
        values = np.array([opening, width, 0, 0, 0, 0], np.float32)
        hunter.add(frame, FaceLandmarks(points, 1.0), 45.0, yaw, values)
        return hunter.patches()

    return add


def test_the_cut_holds_the_mouth_as_it_is(studio, seen):
    (patch,) = seen(8, 0.2)
    frame, lips = studio.frames[8], studio.track.landmarks[8][OUTER_OUTLINE, :2]
    height, width = patch.y.shape
    assert np.array_equal(
        patch.y, frame.y[patch.y0 : patch.y0 + height, patch.x0 : patch.x0 + width]
    )
    assert patch.u.shape == (height // 2, width // 2)
    assert (lips > [patch.x0 + 10, patch.y0 + 10]).all()
    assert (lips < [patch.x0 + width - 10, patch.y0 + height - 10]).all()
    assert patch.sharpness > 0
    patch.y[:] = 0  # a copy
    assert frame.y.any()


def test_every_kind_of_opening_is_kept(seen):
    for i, opening in enumerate([0.0, 0.03, 0.1, 0.2, 0.35]):
        patches = seen(20 * i, opening)
    assert [p.frame_index for p in patches] == [0, 20, 40, 60, 80]


def test_neighbours_of_a_kind_are_one(seen):
    seen(0, 0.2)
    assert len(seen(2, 0.2)) == 1


def test_only_a_few_of_a_kind_stay(seen):
    for i in range(12):
        patches = seen(20 * i, 0.2)
    assert len(patches) == 3


def test_a_sharper_picture_takes_a_blurred_one_s_place(seen):
    for i in range(3):
        seen(20 * i, 0.2, blur=1 + i)
    assert 200 in [p.frame_index for p in seen(200, 0.2)]
    assert 300 not in [p.frame_index for p in seen(300, 0.2, blur=7)]


def test_faces_that_turn_away_are_not_kept(seen):
    assert seen(0, 0.2, yaw=50.0) == ()


def test_a_mouth_at_the_edge_of_the_picture_is_not_kept(seen):
    assert seen(0, 0.2, shift=-100.0) == ()
