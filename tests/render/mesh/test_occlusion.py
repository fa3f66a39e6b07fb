from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from lipwright.faces.landmarker import FaceLandmarks
from lipwright.render.mesh.occlusion import (
    SkinWatcher,
    in_front,
    spot_landmarks,
    watched_landmarks,
)
from lipwright.render.plan import RenderPlan

COUNT = 24
SCALE = 45.0
HELD = slice(8, 14)


def covered_by(frame, centre, radius, color):
    """The frame with a disc of one colour in front."""
    y, u, v = frame.y.copy(), frame.u.copy(), frame.v.copy()
    for plane, step, level in ((y, 1, color[0]), (u, 2, color[1]), (v, 2, color[2])):
        x, row = (round(float(c) / step) for c in centre)
        cv2.circle(plane, (x, row), round(radius / step), level, -1)
    return replace(frame, y=y, u=u, v=v)


@pytest.fixture
def watched(studio):
    """The same face in every frame; ``change`` says what is done to a frame."""

    def watch(change=lambda frame, mouth, i: frame):
        watcher = SkinWatcher()
        points = studio.track.landmarks[8]
        mouth = points[[13, 14], :2].mean(0)
        for i in range(COUNT):
            frame = change(studio.frames[8], mouth, i)
            watcher.add(replace(frame, index=i), FaceLandmarks(points, 1.0), SCALE)
        return watcher.occlusion(np.arange(COUNT))

    return watch


def held(color, radius):
    def change(frame, mouth, i):
        inside = HELD.start <= i < HELD.stop
        return covered_by(frame, mouth, radius, color) if inside else frame

    return change


def test_spots_are_spread_over_the_lower_face():
    assert len(spot_landmarks()) == len(set(spot_landmarks().tolist())) == 80


def test_a_face_with_nothing_in_front_is_not_covered(watched):
    found = watched()
    assert not found.covered.any()
    assert not found.hidden.any()


@pytest.mark.parametrize("color", [(30, 128, 128), (220, 118, 126), (90, 150, 110)])
def test_what_is_held_before_the_mouth_is_found_while_it_is_there(watched, color):
    found = watched(held(color, 0.5 * SCALE))
    assert (found.covered[HELD].sum(1) > 10).all()
    assert not found.covered[: HELD.start].any()
    assert not found.covered[HELD.stop :].any()


def test_a_covered_mouth_is_hidden_and_fades(watched):
    hidden = watched(held((30, 128, 128), 0.8 * SCALE)).hidden
    assert (hidden[HELD] == 1.0).all()
    assert 0.0 < hidden[HELD.start - 2] < 1.0
    assert hidden[0] == hidden[-1] == 0.0


def test_a_mouth_beside_which_something_is_held_is_seen(watched):
    def beside(frame, mouth, i):
        inside = HELD.start <= i < HELD.stop
        return (
            covered_by(frame, mouth + np.array([0.7, 0.4]) * SCALE, 12, (30, 128, 128))
            if inside
            else frame
        )

    found = watched(beside)
    assert found.covered[HELD].any(1).all()
    assert not found.hidden.any()


def test_the_light_may_change(watched):
    def dusk(frame, mouth, i):
        return replace(frame, y=(frame.y * (1.0 - 0.03 * i)).astype(np.uint8))

    assert not watched(dusk).covered.any()


def test_frames_that_nobody_watched_are_not_covered(studio, watched):
    watcher = SkinWatcher()
    assert watcher.occlusion(np.arange(3)).covered.shape == (3, 80)
    assert watcher.occlusion(np.zeros(0, np.int64)).hidden.shape == (0,)


def test_in_front_follows_the_edge_of_what_is_there(studio):
    points = studio.track.landmarks[8]
    middle = points[152, :2] - [0, 0.2 * SCALE]
    frame = covered_by(studio.frames[8], middle, 0.35 * SCALE, (30, 128, 128))
    away = np.linalg.norm(points[spot_landmarks(), :2] - middle, axis=1)
    covered = (away < 0.3 * SCALE).astype(np.float32)
    box = (0, 0, 240, 240)
    assert in_front(np.zeros(80, np.float32), points, SCALE, frame, box) is None
    mask = in_front(covered, points, SCALE, frame, box)
    rows, columns = np.mgrid[:240, :240]
    distance = np.hypot(columns - middle[0], rows - middle[1])
    assert mask[distance < 0.3 * SCALE].min() > 0.9
    assert mask[distance > 0.35 * SCALE + 5].mean() < 0.02


def test_what_is_in_front_stays_in_the_picture(studio):
    """A microphone before the chin is neither moved nor painted over, the mouth above opens."""
    points = studio.track.landmarks
    chin = points[:, 152, :2] - [0, 0.1 * SCALE]
    frames = [
        covered_by(frame, chin[i], 0.3 * SCALE, (30, 128, 128)) if 6 <= i < 11 else frame
        for i, frame in enumerate(studio.frames)
    ]
    observer = studio.engine.observer()
    for i, frame in enumerate(frames):
        observer.add(frame, FaceLandmarks(points[i], 1.0))
    bank = studio.engine.prepare(studio.track, observer)
    wide = np.tile(np.float32([0.3, 0, 0.14, 0.03, 0.28, 0]), (len(frames), 1))
    plan = RenderPlan(studio.track.frame_indices, wide, np.ones(len(frames), np.float32))
    before, after = frames[8], studio.engine.render(bank, plan, frames[8])
    microphone = np.zeros(before.y.shape, np.uint8)
    cv2.circle(microphone, tuple(chin[8].round().astype(int).tolist()), round(0.2 * SCALE), 1, -1)
    assert np.abs(before.y.astype(int) - after.y)[microphone > 0].mean() < 2.0
    assert not np.array_equal(before.y, after.y)


def test_a_long_clip_is_looked_at_in_parts_to_the_same_end(monkeypatch):
    rng = np.random.default_rng(4)
    colors = rng.normal(120, 3, (700, len(watched_landmarks()), 3)).astype(np.float32)
    colors[250:262, :60] += 70
    watcher = SkinWatcher.of(np.arange(700), colors)
    parts = watcher.occlusion(np.arange(700))
    monkeypatch.setattr("lipwright.render.mesh.occlusion._BLOCK", 10_000)
    monkeypatch.setattr("lipwright.render.mesh.occlusion._AT_ONCE", 10_000)
    once = watcher.occlusion(np.arange(700))
    assert parts.covered.any()
    assert np.array_equal(parts.covered, once.covered)
    assert np.array_equal(parts.hidden, once.hidden)
