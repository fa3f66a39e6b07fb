from __future__ import annotations

import numpy as np
import pytest
from face_clips import Person, film, frame_of, placed, turned

from lipwright.faces.detector import overlap, tiles
from lipwright.faces.types import Box

SIZES = [(1280, 720), (720, 1280), (512, 512), (640, 480), (2160, 512), (256, 1100)]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_tiles_cover_the_picture_at_every_size(width, height):
    (x, y, side), *closer = tiles(width, height)
    assert x <= 0
    assert y <= 0
    assert x + side >= width
    assert y + side >= height
    assert min(tile[2] for tile in closer) == min(width, height) / 2
    for side in {tile[2] for tile in closer}:
        covered = np.zeros((height, width), bool)
        for x, y, _ in (tile for tile in closer if tile[2] == side):
            assert 0 <= x <= width - side
            assert 0 <= y <= height - side
            covered[round(y) : round(y + side), round(x) : round(x + side)] = True
        assert covered.all()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_neighbouring_tiles_overlap(width, height):
    for side in {tile[2] for tile in tiles(width, height)}:
        chosen = [tile for tile in tiles(width, height) if tile[2] == side]
        for axis in (0, 1):
            starts = np.unique([tile[axis] for tile in chosen])
            assert (np.diff(starts) <= 0.86 * side + 1e-6).all()


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        (Box(0, 0, 10, 10), Box(0, 0, 10, 10), 1.0),
        (Box(0, 0, 10, 10), Box(5, 0, 15, 10), 1 / 3),
        (Box(0, 0, 10, 10), Box(2, 2, 7, 6), 0.2),
        (Box(0, 0, 10, 10), Box(10, 0, 20, 10), 0.0),
        (Box(0, 0, 10, 10), Box(30, 30, 40, 40), 0.0),
    ],
)
def test_overlap(a, b, wanted):
    assert overlap(a, b) == pytest.approx(wanted)
    assert overlap(b, a) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("scale", "degrees", "x", "y", "width", "height"),
    [
        (1.0, 0, 320, 180, 640, 360),
        (0.6, 0, 90, 90, 640, 360),
        (1.0, 20, 540, 200, 640, 360),
        (0.7, 0, 900, 500, 1280, 720),
        (3.0, 0, 240, 340, 480, 720),
    ],
)
def test_finds_eyes_nose_and_mouth(landmarker, astronaut, scale, degrees, x, y, width, height):
    to_target = turned(scale, degrees, x, y)
    best = landmarker.detect(frame_of(placed(to_target, width, height)))[0]
    irises, nose, lips = astronaut.points[[468, 473], :2], astronaut.points[1], astronaut.points[13]
    wanted = np.array([*irises, nose[:2], lips[:2]]) @ to_target[:, :2].T + to_target[:, 2]
    away = np.linalg.norm(best.keypoints[:4] - wanted, axis=1) / (40 * scale)
    assert best.score > 0.7
    assert away.max() < 0.3
    for x, y in wanted:
        assert best.box.x0 < x < best.box.x1
        assert best.box.y0 < y < best.box.y1


def test_each_face_once_however_many_tiles_see_it(landmarker):
    people = [Person(0, 1, 150, 180, side=200), Person(0, 1, 470, 180, side=200, mirrored=True)]
    frame = next(film(1, people, width=640, height=360))
    found = sorted((d.box.x0 + d.box.x1) / 2 for d in landmarker.detect(frame) if d.score > 0.75)
    assert found == pytest.approx([150, 470], abs=12)


def test_looks_around_a_box(landmarker, astronaut):
    frame = frame_of(placed(turned(0.5, 0, 700, 400), 960, 720))
    near = landmarker.detector.detect_in(frame, Box(660, 370, 720, 430))
    assert len(near) == 1
    assert np.abs((near[0].keypoints[0] + near[0].keypoints[1]) / 2 - [700, 392]).max() < 10
    assert not landmarker.detector.detect_in(frame, Box(200, 100, 260, 160))
