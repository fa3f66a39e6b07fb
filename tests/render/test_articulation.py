from __future__ import annotations

import numpy as np
import pytest

from lipwright.faces.head import reference_head
from lipwright.faces.mouth_shape import INNER_LOWER, mouth_values
from lipwright.faces.types import FaceTrack
from lipwright.render.articulation import like_the_person, talking_range
from lipwright.speech.types import MouthCurve

SCALE = 80.0


def track(opening, rate=25.0):
    """A frontal face whose lower lip is `opening` head units lower than in the reference."""
    points = np.tile(reference_head() * SCALE + 200.0, (len(opening), 1, 1))
    points[:, list(INNER_LOWER), 1] += SCALE * np.asarray(opening)[:, None]
    count = len(opening)
    return FaceTrack(
        np.arange(count),
        np.arange(count) / rate,
        points.astype(np.float32),
        np.zeros((count, 3), np.float32),
        np.ones(count, np.float32),
    )


def talk(wide, count=100):
    return wide * (0.5 - 0.5 * np.cos(np.arange(count) * 1.3))


def curve(opening):
    values = np.zeros((len(opening), 6), np.float32)
    values[:, 0] = opening
    values[:, 3] = 0.1 * np.asarray(opening)
    times = np.arange(len(opening)) / 25
    return MouthCurve(times, values, np.ones(len(opening), np.float32))


def test_the_range_of_a_talker_is_measured():
    found = talking_range(track(talk(0.3)))
    opening = mouth_values(track(talk(0.3)).landmarks)[:, 0]
    assert found == pytest.approx(np.percentile(opening, 95) - np.percentile(opening, 5), rel=1e-5)
    assert found == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(
    "opening", [np.zeros(100), np.full(100, 0.2), np.linspace(0, 0.3, 100), talk(0.3)[:20]]
)
def test_who_does_not_talk_has_no_range(opening):
    assert talking_range(track(opening)) is None


@pytest.mark.parametrize("own", [0.17, 0.2, 0.25])
def test_a_line_comes_nearer_to_the_persons_range(own):
    line = curve(talk(0.2))
    before = np.percentile(line.values[:, 0], 95)
    after = np.percentile(like_the_person(line, own)[:, 0], 95)
    assert min(before, own) - 1e-6 <= after <= max(before, own) + 1e-6
    if abs(own - before) > 0.01:
        assert abs(after - own) < abs(before - own)


def test_no_one_is_made_to_shout_or_to_mumble():
    line = curve(talk(0.2))
    assert like_the_person(line, 5.0).max() == pytest.approx(1.4 * line.values.max())
    assert like_the_person(line, 0.001).max() == pytest.approx(0.75 * line.values.max())


def test_closed_stays_closed_and_channels_keep_their_proportions():
    line = curve(talk(0.2))
    made = like_the_person(line, 0.4)
    assert (made[line.values[:, 0] == 0] == 0).all()
    np.testing.assert_allclose(made[:, 3], 0.1 * made[:, 0], rtol=1e-5)


def test_without_a_range_nothing_changes():
    line = curve(talk(0.2))
    np.testing.assert_array_equal(like_the_person(line, None), line.values)


def test_a_long_clip_is_measured_in_parts_to_the_same_end(monkeypatch):
    opening = 0.1 * np.abs(np.sin(np.arange(900) * 0.7))
    parts = talking_range(track(opening))
    monkeypatch.setattr("lipwright.render.articulation._BLOCK", 10_000)
    assert parts is not None
    assert parts == talking_range(track(opening))
