from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from face_clips import EYES, frame_of, placed, turned

from lipwright.faces.mouth_shape import mouth_values
from lipwright.faces.types import FaceTrack
from lipwright.media.types import ColorTags
from lipwright.render.mesh.lips import inner_outline
from lipwright.render.mesh.motion import own_mouth
from lipwright.render.plan import RenderPlan

CLOSED = (0, 0, 0, 0, 0, 0)
OPEN = (0.32, 0, 0.14, 0.03, 0.3, 0.0)
AT = 8


@pytest.fixture(scope="module")
def seen(studio, landmarker):
    """What the landmarker sees of a frame: (6,) mouth values."""

    def look(frame):
        found = landmarker.locate(frame, landmarker.detect(frame)[0])
        return mouth_values(found.points[None])[0]

    return look


def planes(frame):
    return frame.y, frame.u, frame.v


def same(a, b):
    return all(np.array_equal(p, q) for p, q in zip(planes(a), planes(b), strict=True))


def test_she_smiles_with_her_teeth(studio, seen):
    assert seen(studio.frames[AT])[0] > 0.14


@pytest.mark.parametrize("at", [0, AT, 15])
def test_a_closed_curve_closes_the_mouth(studio, seen, at):
    assert seen(studio.render(CLOSED, at=at))[0] < 0.04


def test_closed_lips_hide_the_teeth(studio):
    """Where teeth and dark corners were there is lip: neither as bright nor as pale."""
    mouth = np.zeros(studio.frames[AT].y.shape, np.uint8)
    rim = inner_outline(studio.track.landmarks[AT])[:, :2]
    cv2.fillPoly(mouth, [np.rint(rim).astype(np.int32)], 1)
    before, after = studio.frames[AT], studio.render(CLOSED)
    bright, brightest = (np.quantile(f.y[mouth > 0], 0.9) for f in (after, before))
    assert bright < brightest - 20
    red, pale = (f.v[mouth[::2, ::2] > 0].mean() for f in (after, before))
    assert red > pale + 3


def test_an_open_curve_opens_the_mouth(studio, seen):
    before, after = seen(studio.frames[AT]), seen(studio.render(OPEN))
    assert after[0] > before[0] + 0.06
    assert after[0] == pytest.approx(OPEN[0], abs=0.09)
    assert after[2] > before[2] + 0.04  # the jaw goes with it
    assert after[4] > before[4] + 0.08


def test_more_is_more(studio, seen):
    steps = [seen(studio.render(np.array(OPEN) * share))[0] for share in (0, 0.3, 0.7, 1.2)]
    assert (np.diff(steps) > 0.04).all()


def test_the_weight_blends(studio, seen):
    shut, half, own = (seen(studio.render(CLOSED, weight))[0] for weight in (1.0, 0.5, 0.02))
    assert shut < half < own
    assert own > 0.12


@pytest.mark.parametrize("channels", [CLOSED, OPEN])
def test_outside_the_face_every_pixel_is_the_same(studio, channels, points_of):
    own = own_mouth(studio.track)
    count = len(studio.track.times)
    both = points_of(own, np.tile(np.float32(channels), (count, 1)), np.ones(count))
    hull = cv2.convexHull(np.concatenate([points[AT, :, :2] for points in both], dtype=np.float32))
    face = np.zeros(studio.frames[AT].y.shape, np.uint8)
    cv2.fillConvexPoly(face, np.rint(hull).astype(np.int32), 1)
    face = cv2.dilate(face, np.ones((7, 7), np.uint8)) > 0
    before, after = studio.frames[AT], studio.render(channels)
    assert 0.05 < face.mean() < 0.9
    assert np.array_equal(before.y[~face], after.y[~face])
    half = face.reshape(face.shape[0] // 2, 2, -1, 2).any(axis=(1, 3))
    for p, q in zip(planes(before)[1:], planes(after)[1:], strict=True):
        assert np.array_equal(p[~half], q[~half])
    # Nor do the eyes take part.
    eyes = int(studio.track.landmarks[AT, [145, 374], 1].max()) + 4
    assert np.array_equal(before.y[:eyes], after.y[:eyes])
    assert not np.array_equal(before.y[eyes:], after.y[eyes:])


def test_the_frame_keeps_what_it_is(studio):
    before, after = studio.frames[AT], studio.render(OPEN)
    assert (after.index, after.time, after.pts) == (before.index, before.time, before.pts)
    assert after.color == before.color
    for p, q in zip(planes(before), planes(after), strict=True):
        assert (p.shape, p.dtype) == (q.shape, q.dtype)


def test_the_source_is_not_written_to(studio):
    frame = studio.frames[AT]
    locked = [plane.copy() for plane in planes(frame)]
    for plane in locked:
        plane.setflags(write=False)
    held = replace(frame, y=locked[0], u=locked[1], v=locked[2])
    studio.engine.render(studio.bank, studio.plan(OPEN), held)
    assert same(held, frame)


def test_frames_that_do_not_change_come_back_themselves(studio):
    frame = studio.frames[AT]
    for index in (-1, 5_000):
        outside = replace(frame, index=index)
        assert studio.engine.render(studio.bank, studio.plan(OPEN), outside) is outside
    assert studio.render(OPEN, weight=0.0) is frame
    nobody = RenderPlan(
        np.zeros(0, np.int64), np.zeros((0, 6), np.float32), np.zeros(0, np.float32)
    )
    assert studio.engine.render(studio.bank, nobody, frame) is frame


def test_a_hole_in_the_track_passes_through(studio):
    plan = studio.plan(OPEN)
    kept = np.delete(np.arange(len(plan.weight)), AT)
    holed = RenderPlan(plan.frame_indices[kept], plan.channels[kept], plan.weight[kept])
    assert studio.engine.render(studio.bank, holed, studio.frames[AT]) is studio.frames[AT]


def test_the_same_in_gives_the_same_out(studio):
    assert same(studio.render(OPEN), studio.render(OPEN))
    alone = studio.render(OPEN)
    for at in (3, 12, 1):
        studio.render(CLOSED, at=at)
    assert same(studio.render(OPEN), alone)


def still_bank(studio, landmarker, frame):
    """Bank, plan for OPEN and track of a face that keeps still for five frames."""
    found = landmarker.locate(frame, landmarker.detect(frame)[0])
    observer = studio.engine.observer()
    observer.add(frame, found)
    track = FaceTrack(
        np.arange(5),
        np.arange(5) / 25,
        np.repeat(found.points[None], 5, axis=0),
        np.zeros((5, 3), np.float32),
        np.ones(5, np.float32),
    )
    plan = RenderPlan(np.arange(5), np.float32([OPEN] * 5), np.ones(5, np.float32))
    return studio.engine.prepare(track, observer), plan, track


@pytest.mark.parametrize(
    ("x", "y", "width", "height"),
    [(120, 30, 240, 160), (120, 90, 240, 160), (45, 100, 240, 240), (190, 100, 240, 240)],
)
def test_a_face_at_the_pictures_edge(studio, landmarker, x, y, width, height):
    frame = frame_of(placed(turned(1.0, 0, x, y), width, height))
    bank, plan, _ = still_bank(studio, landmarker, frame)
    after = studio.engine.render(bank, plan, frame)
    assert after.y.shape == frame.y.shape
    assert not np.array_equal(after.y, frame.y)


@pytest.mark.parametrize("color", [ColorTags(2, 2, 1, 1), ColorTags(2, 2, 6, 2)])
def test_new_pixels_stay_in_the_videos_range(studio, landmarker, color):
    frame = frame_of(placed(turned(1.0, 0, 120, 110), 240, 240), color=color)
    bank, plan, _ = still_bank(studio, landmarker, frame)
    after = studio.engine.render(bank, plan, frame)
    changed = after.y != frame.y
    assert changed.any()
    # Cubic resampling may overshoot by a little, as any lens and codec does.
    assert after.y[changed].max() <= int(frame.y.max()) + 6
    assert after.y[changed].min() >= int(frame.y.min()) - 6
    cavity = after.y[changed & (frame.y > 60)].min()
    assert cavity >= (0 if color.range == 2 else 16)


@pytest.mark.parametrize(("scale", "degrees"), [(0.6, 0), (2.0, 0), (1.0, 25), (1.0, -25)])
def test_small_large_and_tilted_faces_open_too(studio, landmarker, seen, scale, degrees):
    side = 320 if scale < 2 else 480
    frame = frame_of(placed(turned(scale, degrees, side / 2, side / 2.2), side, side))
    bank, plan, track = still_bank(studio, landmarker, frame)
    assert track.landmarks[0, :, 0].std() > 0.5 * EYES * scale
    after = seen(studio.engine.render(bank, plan, frame))
    assert after[0] > seen(frame)[0] + 0.05
