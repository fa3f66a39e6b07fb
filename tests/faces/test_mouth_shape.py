from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipwright.faces.head import HeadPose, fit_head, reference_head
from lipwright.faces.mouth_shape import (
    CHIN,
    INNER_LOWER,
    INNER_UPPER,
    OUTER_CORNERS,
    OUTER_LOWER,
    OUTER_UPPER,
    mouth_values,
    mouth_values_of_head,
)
from lipwright.speech.types import CHANNELS

RIGHT, DOWN, TOWARDS = np.eye(3) * [1, 1, -1]


def moved(**shifts):
    """Reference head with groups of landmarks shifted, head units."""
    groups = {
        "inner_upper": INNER_UPPER,
        "inner_lower": INNER_LOWER,
        "outer_upper": OUTER_UPPER,
        "outer_lower": OUTER_LOWER,
        "chin": CHIN,
        "left": OUTER_CORNERS[:1],
        "right": OUTER_CORNERS[1:],
    }
    head = reference_head().copy()
    for name, shift in shifts.items():
        head[list(groups[name])] += shift
    return head


def values(head):
    return dict(zip(CHANNELS, mouth_values_of_head(head[None])[0].tolist(), strict=True))


REST = values(reference_head())


@pytest.mark.parametrize(
    ("shifts", "changes"),
    [
        ({"inner_lower": 0.2 * DOWN}, {"opening": 0.2}),
        ({"inner_upper": -0.1 * DOWN}, {"opening": 0.1}),
        ({"inner_upper": -0.1 * DOWN, "inner_lower": 0.15 * DOWN}, {"opening": 0.25}),
        ({"left": -0.05 * RIGHT, "right": 0.05 * RIGHT}, {"width": 0.1}),
        ({"chin": 0.3 * DOWN}, {"jaw": 0.3}),
        ({"outer_upper": -0.08 * DOWN}, {"upper": 0.08}),
        ({"outer_lower": 0.12 * DOWN}, {"lower": 0.12}),
        (
            {"outer_upper": 0.07 * TOWARDS, "outer_lower": 0.07 * TOWARDS},
            {"protrusion": 0.07},
        ),
    ],
)
def test_each_channel_measures_its_own_motion(shifts, changes):
    found = values(moved(**shifts))
    for name in CHANNELS:
        slack = 0.01 if name == "width" else 1e-6
        assert found[name] - REST[name] == pytest.approx(changes.get(name, 0.0), abs=slack)


def test_overlapping_lips_are_closed_not_negative():
    assert values(moved(inner_lower=-0.3 * DOWN))["opening"] == 0.0


@given(
    vector=st.tuples(*[st.floats(-1, 1)] * 3),
    scale=st.floats(10, 400),
    opening=st.floats(0, 0.6),
)
@settings(max_examples=30, deadline=None)
def test_pose_place_and_size_do_not_matter(vector, scale, opening):
    turn, _ = np.linalg.qr(np.eye(3) + 0.5 * np.cross(np.eye(3), vector))
    turn *= np.sign(np.linalg.det(turn))
    pose = HeadPose(turn[None], np.array([scale]), np.array([[700.0, 30.0, 5.0]]))
    head = moved(inner_lower=opening * DOWN)[None]
    assert np.allclose(mouth_values(pose.to_picture(head)), mouth_values_of_head(head), atol=1e-5)


def test_the_smiling_astronaut_shows_her_teeth(astronaut):
    found = mouth_values(astronaut.points[None])
    assert found.dtype == np.float32
    assert found.shape == (1, len(CHANNELS))
    assert 0.14 < found[0, 0] < 0.22
    # The gap between her inner lips, measured with a ruler on the picture, over her eyes.
    gap = (astronaut.points[14, 1] - astronaut.points[13, 1]) / fit_head(
        astronaut.points[None]
    ).scale[0]
    assert found[0, 0] == pytest.approx(gap, abs=0.03)
    assert mouth_values(np.zeros((0, 478, 3))).shape == (0, len(CHANNELS))
