from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from face_clips import astronaut, frame_of, portrait

from lipwright.faces.head import fit_head
from lipwright.faces.mouth_shape import mouth_values_of_head
from lipwright.render.mesh.layers import canvas_grid, canvas_size
from lipwright.render.mesh.own_teeth import TeethHunter


def meeting():
    head = fit_head(astronaut().points[None]).to_head(astronaut().points[None])[0]
    return head[[13, 14]].mean(0)


def hunted(rgb, face=None):
    hunter = TeethHunter()
    points = (face or astronaut()).points[None]
    pose = fit_head(points)
    head = pose.to_head(points)
    hunter.add(frame_of(rgb), pose, head[0], float(mouth_values_of_head(head)[0, 0]))
    return hunter.upper_layer(meeting())


@pytest.fixture(scope="module")
def teeth():
    return hunted(portrait())


def test_a_smile_gives_its_own_teeth(teeth):
    width, height = canvas_size()
    assert teeth.picture.shape == (height, width, 4)
    alpha = teeth.picture[..., 3]
    assert alpha.min() >= 0
    assert 0.9 < alpha.max() <= 1 + 1e-6
    x, y = canvas_grid()
    shown = alpha > 0.5
    assert x[shown].max() - x[shown].min() > 0.3
    assert abs(x[shown].mean()) < 0.1
    assert y[shown].max() < 0.2


def test_teeth_are_lighter_and_paler_than_the_face(teeth):
    frame = frame_of(portrait())
    alpha = teeth.picture[..., 3]
    core = alpha > 0.95
    luma, _, red = (teeth.picture[core][:, :3] / alpha[core, None]).mean(0)
    x, y = (int(v) for v in astronaut().points[17, :2])  # the lower lip
    assert luma > frame.y[y, x] + 5
    assert red < frame.v[y // 2, x // 2] - 5


def test_nothing_seen_is_no_layer():
    assert TeethHunter().upper_layer(meeting()) is None


def test_a_closed_mouth_has_no_teeth():
    closed = astronaut().points.copy()
    for upper, lower in ((82, 87), (13, 14), (312, 317)):
        closed[[upper, lower]] = closed[[upper, lower]].mean(0)
    assert hunted(portrait(), replace(astronaut(), points=closed)) is None


def test_a_dark_or_featureless_mouth_has_no_teeth():
    assert hunted(portrait() // 8) is None
    assert hunted(np.full_like(portrait(), 120)) is None
