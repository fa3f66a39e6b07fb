from __future__ import annotations

import numpy as np
import pytest
import skimage.data
from face_clips import EYES, film, frame_of, placed, portrait, turned

from lipwright.faces.landmarker import MIN_PRESENCE, Region, region_of_landmarks
from lipwright.faces.scan import scan

PLACES = [
    (1.0, 0, 320, 180, 640, 360),
    (1.0, 0, 100, 120, 640, 360),
    (1.0, 0, 560, 250, 640, 360),
    (0.6, 0, 320, 180, 640, 360),
    (0.45, 0, 500, 100, 640, 360),
    (0.5, 0, 900, 500, 1280, 720),
    (2.5, 0, 320, 240, 640, 480),
    (1.0, 20, 320, 180, 640, 360),
    (1.4, -12, 400, 200, 640, 360),
    (1.0, -45, 320, 180, 640, 360),
    (3.5, 0, 360, 480, 720, 960),
]


@pytest.mark.parametrize(("scale", "degrees", "x", "y", "width", "height"), PLACES)
def test_landmarks_follow_the_picture(landmarker, astronaut, scale, degrees, x, y, width, height):
    to_target = turned(scale, degrees, x, y)
    frame = frame_of(placed(to_target, width, height))
    found = landmarker.locate(frame, landmarker.detect(frame)[0])
    assert found.score > 0.9
    wanted = astronaut.points[:, :2] @ to_target[:, :2].T + to_target[:, 2]
    away = np.linalg.norm(found.points[:, :2] - wanted, axis=1) / (EYES * scale)
    assert away.mean() < 0.03
    assert away.max() < 0.09
    # Depth scales with the face and does not turn with it.
    deeper = np.abs(found.points[:, 2] / scale - astronaut.points[:, 2]).mean() / EYES
    assert deeper < 0.03


MIDLINE = [10, 151, 9, 8, 168, 6, 197, 195, 5, 4, 1, 2, 0, 13, 14, 17, 152]


def test_a_mirrored_face_has_mirrored_landmarks(landmarker, astronaut):
    frame = frame_of(portrait()[:, ::-1])
    found = landmarker.locate(frame, landmarker.detect(frame)[0])
    # Whatever is a little off in the crop is off by twice as much here.
    away = found.points[MIDLINE, 0] + astronaut.points[MIDLINE, 0] - 511
    assert abs(away.mean()) < 0.02 * EYES


@pytest.mark.parametrize("iris", [468, 473])
def test_irises_lie_on_the_dark_of_the_eyes(astronaut, iris):
    x, y = astronaut.points[iris, :2]
    column, row = round(float(x)), round(float(y))
    window = frame_of(portrait()).y[row - 3 : row + 3, column - 4 : column + 5]
    rows, columns = np.nonzero(window < 75)
    assert columns.mean() + column - 4 == pytest.approx(x, abs=1.2)
    assert rows.mean() + row - 3 == pytest.approx(y, abs=1.2)


def test_following_finds_what_searching_finds(landmarker, astronaut):
    to_target = turned(1.0, 4, 236, 128)
    frame = frame_of(placed(to_target, 512, 512))
    followed = landmarker.follow(frame, astronaut)
    wanted = astronaut.points[:, :2] @ to_target[:, :2].T + to_target[:, 2]
    assert np.abs(followed.points[:, :2] - wanted).max() < 0.1 * EYES


def test_the_box_holds_all_points(astronaut):
    box = astronaut.box()
    assert (box.x0, box.y0) == tuple(astronaut.points[:, :2].min(0))
    assert (box.x1, box.y1) == tuple(astronaut.points[:, :2].max(0))
    assert 80 < box.width < 110
    assert 95 < box.height < 125


@pytest.mark.parametrize("degrees", [0, 30, -80])
def test_regions_turn_with_the_face(astronaut, degrees):
    before = region_of_landmarks(astronaut.points)
    to_target = turned(2.0, degrees, 300, 300)
    moved = astronaut.points.copy()
    moved[:, :2] = astronaut.points[:, :2] @ to_target[:, :2].T + to_target[:, 2]
    after = region_of_landmarks(moved)
    assert np.degrees(after.angle - before.angle) == pytest.approx(degrees, abs=0.01)
    assert after.side == pytest.approx(2.0 * before.side, rel=1e-4)
    centre = to_target @ [before.x, before.y, 1]
    assert (after.x, after.y) == pytest.approx(tuple(centre), abs=0.01)


FACELESS = ["noise", "black", "coffee", "rocket", "chelsea", "hubble_deep_field", "brick", "moon"]


def faceless(name):
    if name == "noise":
        return np.random.default_rng(4).integers(0, 256, (360, 640, 3)).astype(np.uint8)
    if name == "black":
        return np.zeros((360, 640, 3), np.uint8)
    picture = np.asarray(getattr(skimage.data, name)(), np.uint8)
    picture = picture if picture.ndim == 3 else np.dstack([picture] * 3)
    return picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]


@pytest.mark.parametrize("name", FACELESS)
def test_no_face_where_there_is_none(landmarker, name):
    frame = frame_of(faceless(name))
    found = [landmarker.locate(frame, d) for d in landmarker.detect(frame)]
    assert found == [None] * len(found)
    assert scan([frame], landmarker) == []


def test_an_empty_region_scores_low(landmarker):
    frame = next(film(1))
    assert landmarker.landmarks(frame, Region(160, 90, 120, 0.0)).score < MIN_PRESENCE
