from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lipwright.faces.head import HeadPose, reference_head
from lipwright.faces.mouth_shape import mouth_values_of_head
from lipwright.faces.types import FaceTrack
from lipwright.media.scratch import on_disk
from lipwright.render.mesh.basis import mouth_basis, shape_of
from lipwright.render.mesh.lips import inner_gaps, set_gaps
from lipwright.render.mesh.motion import blocks, own_mouth

COUNT = 40
EYES = 50.0
TIMES = np.arange(COUNT) / 25
CLOSED = set_gaps(
    reference_head()[None] - 0.1 * shape_of(mouth_basis().opening_direction[None]),
    np.zeros((1, 9)),
)[0]


def pose_of(yaw=0.0, drift=0.0):
    angle = np.radians(yaw)
    turn = np.array(
        [[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]]
    )
    origin = np.array([300.0, 200.0, 0.0]) + np.outer(np.arange(COUNT), [drift, 0.0, 0.0])
    return HeadPose(np.tile(turn, (COUNT, 1, 1)), np.full(COUNT, EYES), origin)


def track(opening=None, *, noise=0.0, **pose):
    """A head of which only the mouth moves, as learned; ``opening`` (N,) in head units."""
    head = np.tile(CLOSED, (COUNT, 1, 1))
    if opening is not None:
        head = head + shape_of(np.outer(opening, mouth_basis().opening_direction))
    points = pose_of(**pose).to_picture(head)
    points += np.random.default_rng(1).normal(0, noise, points.shape) if noise else 0.0
    return FaceTrack(
        np.arange(COUNT),
        TIMES,
        points.astype(np.float32),
        np.zeros((COUNT, 3), np.float32),
        np.ones(COUNT, np.float32),
    )


def zeros():
    return np.zeros((COUNT, 6), np.float32)


def ones():
    return np.ones(COUNT, np.float32)


def speaking():
    return np.clip(0.12 * (1 - np.cos(2 * np.pi * 1.5 * TIMES)), 0, None)


@pytest.mark.parametrize("pose", [{}, {"yaw": 25}, {"drift": 2.0}])
def test_a_still_closed_face_told_to_rest_stays(pose, points_of):
    own = own_mouth(track(noise=0.3, **pose))
    source, target = points_of(own, zeros(), ones())
    assert np.abs(target - source).max() < 0.03 * EYES
    assert np.abs(target - source).mean() < 0.1


def test_weight_zero_is_the_source_itself(points_of):
    own = own_mouth(track(speaking()))
    wild = np.random.default_rng(2).normal(0, 0.2, (COUNT, 6))
    source, target = points_of(own, wild, np.zeros(COUNT))
    # All but lips whose landmarks cross by a hair, which are held closed.
    assert np.abs(source - target).max() < 0.05
    assert np.median(np.abs(source - target)) < 1e-9


@pytest.mark.parametrize("opening", [0.0, 0.05, 0.2, 0.5])
@pytest.mark.parametrize("pose", [{}, {"yaw": 25}])
def test_the_mouth_opens_by_exactly_what_is_asked(opening, pose, points_of):
    own = own_mouth(track(speaking(), **pose))
    channels = np.outer(np.full(COUNT, opening), mouth_basis().opening_direction)
    _, target = points_of(own, channels, ones())
    found = mouth_values_of_head(own.pose.to_head(target[:, :478]))[:, 0]
    assert found == pytest.approx(np.full(COUNT, opening), abs=1e-6)


def test_half_the_weight_is_half_way(points_of):
    own = own_mouth(track(np.full(COUNT, 0.2)))
    channels = zeros()
    channels[:, 0] = 0.4
    _, target = points_of(own, channels, np.full(COUNT, 0.5))
    found = mouth_values_of_head(own.pose.to_head(target[:, :478]))[:, 0]
    already = inner_gaps(own.head)[:, 3:6].mean(1)
    assert found == pytest.approx(0.5 * 0.4 + 0.5 * already, abs=1e-6)


def test_the_old_motion_is_taken_out(points_of):
    own = own_mouth(track(speaking()))
    _, target = points_of(own, zeros(), ones())
    head = own.pose.to_head(target[:, :478])
    lips_and_chin = head[:, [13, 14, 17, 0, 152, 61, 291]]
    still = np.abs(lips_and_chin - lips_and_chin.mean(0)).max()
    moving = own.head[:, [13, 14, 17, 0, 152, 61, 291]]
    moved = np.abs(moving - moving.mean(0)).max()
    assert moved > 0.08
    assert still < 0.15 * moved


def test_measured_motion_is_relative_to_the_closed_rest():
    own = own_mouth(track(speaking()))
    assert own.rest.shape == (478, 3)
    assert mouth_values_of_head(own.rest[None])[0, 0] == pytest.approx(0, abs=1e-6)
    assert own.values[:, 0] == pytest.approx(speaking(), abs=0.03)
    assert own.pose.scale == pytest.approx(np.full(COUNT, EYES), rel=1e-3)


def test_a_mouth_that_never_closes_is_closed_by_the_model():
    own = own_mouth(track(np.full(COUNT, 0.2)))
    assert inner_gaps(own.rest[None]) == pytest.approx(np.zeros((1, 9)), abs=1e-9)
    lips = [13, 14, 17, 0, 152]
    assert own.rest[lips] == pytest.approx(CLOSED[lips], abs=0.05)


def test_eyes_nose_and_the_picture_around_stand_still(points_of):
    own = own_mouth(track(speaking()))
    channels = np.outer(np.full(COUNT, 0.4), mouth_basis().opening_direction)
    source, target = points_of(own, channels, ones())
    change = np.linalg.norm(target - source, axis=2).max(0)
    assert change[[33, 263, 1, 4, 10, 468, 473]].max() < 0.01
    assert not change[-21:].any()  # the outer ring
    assert change[152] > 2.0  # the chin goes down with the jaw


def test_noise_is_smoothed_but_motion_kept():
    calm = own_mouth(track(speaking()))
    noisy = own_mouth(track(speaking(), noise=0.15))
    raw = track(speaking(), noise=0.15)
    jitter = np.abs(raw.landmarks - track(speaking()).landmarks).mean() / EYES
    left = np.abs(noisy.head - calm.head).mean()
    assert left < 0.8 * jitter
    assert np.corrcoef(noisy.values[:, 0], speaking())[0, 1] > 0.99


def test_nothing_is_smoothed_across_a_jump():
    """Where a video is cut or begins anew the face jumps; either side is itself."""
    there = track(speaking())
    landmarks = there.landmarks.copy()
    landmarks[20:] += np.float32([60.0, 20.0, 0.0])
    jumped = own_mouth(replace(there, landmarks=landmarks))
    plain = own_mouth(there)
    wanted = plain.pose.origin + np.outer(np.arange(COUNT) >= 20, [60.0, 20.0, 0.0])
    assert jumped.pose.origin == pytest.approx(wanted, abs=0.6)
    assert jumped.head[[19, 20]] == pytest.approx(plain.head[[19, 20]], abs=0.04)


def test_a_mouth_that_snaps_open_is_where_it_is_seen():
    snap = np.where(np.arange(COUNT) < 20, 0.0, 0.3)
    own = own_mouth(track(snap, noise=0.05))
    assert own.values[:, 0] == pytest.approx(snap, abs=0.03)


def test_a_long_track_in_parts_is_what_it_is_at_once(monkeypatch):
    short = track(speaking(), noise=0.2, drift=1.0)
    times = np.arange(25 * COUNT) / 25
    times[11 * COUNT :] += 3.0
    noise = np.random.default_rng(3).normal(0, 0.3, (25 * COUNT, 478, 3))
    points = np.tile(short.landmarks, (25, 1, 1)) + noise
    long = FaceTrack(
        np.arange(len(times)),
        times,
        points.astype(np.float32),
        np.zeros((len(times), 3), np.float32),
        np.ones(len(times), np.float32),
    )
    parts = own_mouth(replace(long, landmarks=on_disk(long.landmarks)))
    monkeypatch.setattr("lipwright.render.mesh.motion._BLOCK", 10_000)
    monkeypatch.setattr("lipwright.render.mesh.motion._MEDIAN_VALUES", 1 << 30)
    once = own_mouth(long)
    for name in ("head", "values", "rest"):
        assert np.array_equal(getattr(parts, name), getattr(once, name)), name
    assert np.array_equal(parts.pose.rotation, once.pose.rotation)
    assert np.array_equal(parts.pose.scale, once.pose.scale)
    assert np.array_equal(parts.pose.origin, once.pose.origin)
    # A product of matrices is not rounded alike for every number of rows.
    assert np.allclose(parts.coefficients, once.coefficients, rtol=0, atol=1e-12)


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 384, 385, 1000, 7777])
def test_blocks_cover_all_frames_and_none_is_tiny(count):
    edges = blocks(count)
    assert [frame for begin, end in edges for frame in range(begin, end)] == list(range(count))
    assert len(edges) == 1 or min(end - begin for begin, end in edges) >= 128
    assert max(end - begin for begin, end in edges) <= 384
