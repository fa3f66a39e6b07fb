from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lipwright.dubbing import casting, hearing
from lipwright.dubbing.casting import plan_lines
from lipwright.dubbing.types import Line
from lipwright.faces.types import FaceTrack
from lipwright.speech.types import MouthCurve

COUNT = 75


def line(insert_ms, length_ms=1_000, face_id="0", start_ms=200):
    return Line(face_id, Path("line.wav"), start_ms, start_ms + length_ms, insert_ms)


@pytest.fixture
def asked(monkeypatch):
    """Instead of speech, what was asked of it; the curve opens by the speech's own seconds."""
    calls = []

    def read_sound(path, start_ms, end_ms, rate):
        calls.append((start_ms, end_ms, rate))
        return np.zeros(((end_ms - start_ms) * rate // 1_000, 2), np.float32)

    def listen(samples, transcript=""):
        assert samples.ndim == 1
        return "heard"

    def curve_of(heard, times):
        assert heard == "heard"
        values = np.zeros((len(times), 6), np.float32)
        values[:, 0] = times
        return MouthCurve(times, values, np.ones(len(times), np.float32))

    monkeypatch.setattr(hearing, "read_sound", read_sound)
    monkeypatch.setattr(hearing, "listen", listen)
    monkeypatch.setattr(casting, "curve_of", curve_of)
    # The tracks here have no faces to measure.
    monkeypatch.setattr(casting, "talking_range", lambda track: None)
    return calls


def track(indices=range(COUNT)):
    indices = np.array(indices)
    count = len(indices)
    return FaceTrack(
        indices,
        indices / 25,
        np.zeros((count, 478, 3), np.float32),
        np.zeros((count, 3), np.float32),
        np.ones(count, np.float32),
    )


def test_a_line_lies_on_its_frames(asked):
    plan = plan_lines(track(), [line(1_000)], 0.04)
    assert asked == [(200, 1_200, 16_000)]
    assert plan.frame_indices.tolist() == list(range(COUNT))
    assert np.flatnonzero(plan.weight).tolist() == list(range(25, 50))
    # A frame's mouth is that of the moment it is stamped with.
    assert plan.channels[25:50, 0] == pytest.approx(np.arange(25) / 25, abs=1e-6)
    assert not plan.channels[:25].any()
    assert not plan.channels[50:].any()


def test_several_lines_share_a_plan(asked):
    plan = plan_lines(track(), [line(1_800, 600), line(200, 800)], 0.04)
    assert len(asked) == 2
    inside = np.flatnonzero(plan.weight).tolist()
    assert inside == [*range(5, 25), *range(45, 60)]
    assert plan.channels[46, 0] == plan.channels[6, 0] == pytest.approx(0.04)


def test_lines_that_follow_each_other_do_not_mix(asked):
    plan = plan_lines(track(), [line(0), line(1_000)], 0.04)
    assert plan.channels[24, 0] == pytest.approx(0.96)
    assert plan.channels[25, 0] == pytest.approx(0.0, abs=1e-6)
    assert (plan.weight[:50] > 0).all()


def test_missing_frames_do_not_shift_the_speech(asked):
    seen = [*range(30), *range(40, COUNT)]
    plan = plan_lines(track(seen), [line(1_000, 1_600)], 0.04)
    at = seen.index(45)
    assert plan.channels[at, 0] == pytest.approx(0.8)
    assert plan.weight[at] == 1.0
    assert plan.weight[seen.index(40)] == 0.0


def test_a_line_without_the_face_is_not_even_predicted(asked):
    plan = plan_lines(track(range(10)), [line(1_000)], 0.04)
    assert asked == []
    assert not plan.weight.any()
