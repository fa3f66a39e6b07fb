from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipwright.faces.head import reference_head
from lipwright.faces.mouth_shape import (
    CHIN,
    INNER_LOWER,
    INNER_UPPER,
    OUTER_CORNERS,
    mouth_values_of_head,
)
from lipwright.render.mesh.lips import inner_gaps, inner_outline, set_gaps, wanted_gaps

value = st.floats(-0.3, 0.3)
channels = st.tuples(st.floats(0, 0.7), *[value] * 5)
HEAD = reference_head()[None]


@given(channels)
@settings(max_examples=80, deadline=None)
def test_the_middle_gap_is_exactly_the_opening(wanted):
    (gaps,) = wanted_gaps(np.array([wanted]))
    assert gaps.shape == (9,)
    assert gaps[3:6].mean() == pytest.approx(wanted[0], abs=1e-9)
    assert gaps.min() >= 0


@given(channels)
@settings(max_examples=40, deadline=None)
def test_closed_means_closed_all_along_whatever_the_rest_does(wanted):
    for opening in (0.0, -0.1):
        assert not wanted_gaps(np.array([(opening, *wanted[1:])])).any()


def test_lips_open_most_in_the_middle_and_alike_on_both_sides():
    (gaps,) = wanted_gaps(np.array([[0.3, 0, 0.1, 0, 0.2, 0]]))
    assert (np.diff(gaps[:5]) > 0).all()
    assert (np.diff(gaps[4:]) < 0).all()
    assert gaps == pytest.approx(gaps[::-1], abs=0.05)


@given(st.lists(st.floats(0, 0.5), min_size=9, max_size=9))
@settings(max_examples=40, deadline=None)
def test_gaps_become_exactly_as_wanted(wanted):
    moved = set_gaps(HEAD, np.array([wanted]))
    assert inner_gaps(moved)[0] == pytest.approx(wanted, abs=1e-12)
    opening = mouth_values_of_head(moved)[0, 0]
    assert opening == pytest.approx(np.mean(wanted[3:6]), abs=1e-6)


def test_setting_gaps_moves_nothing_but_the_lips():
    moved = set_gaps(HEAD, np.full((1, 9), 0.4))
    assert np.array_equal(moved[..., [0, 2]], HEAD[..., [0, 2]])
    change = np.abs(moved - HEAD).max((0, 2))
    assert not change[[*OUTER_CORNERS, *CHIN, 78, 308, 1, 2, 33, 263]].any()
    assert np.count_nonzero(change) == 72
    # Each lip takes half, and less towards its outer edge.
    wanted = (0.4 - inner_gaps(HEAD)[0]) / 2
    assert moved[0, list(INNER_LOWER), 1] - HEAD[0, list(INNER_LOWER), 1] == pytest.approx(wanted)
    assert HEAD[0, list(INNER_UPPER), 1] - moved[0, list(INNER_UPPER), 1] == pytest.approx(wanted)
    assert 0 < change[17] < change[15] < change[14]


def test_right_gaps_stay_as_they_are():
    assert np.allclose(set_gaps(HEAD, inner_gaps(HEAD)), HEAD, atol=1e-15)


def test_gaps_are_signed():
    crossed = HEAD.copy()
    crossed[:, list(INNER_LOWER), 1] -= 0.5
    assert (inner_gaps(crossed) < 0).all()
    assert not inner_gaps(set_gaps(crossed, np.zeros((1, 9)))).any()


def test_the_outline_runs_once_around_clockwise():
    outline = inner_outline(set_gaps(HEAD, np.full((1, 9), 0.3))[0])[:, :2]
    assert outline.shape == (20, 2)
    after = np.roll(outline, -1, axis=0)
    twice_area = (outline[:, 0] * after[:, 1] - after[:, 0] * outline[:, 1]).sum()
    assert twice_area > 0  # clockwise where y points down
    assert outline[0, 0] == outline[:, 0].min()
    assert outline[10, 0] == outline[:, 0].max()
    assert (np.diff(outline[:11, 0]) > 0).all()
    assert (np.diff(outline[10:, 0]) < 0).all()
