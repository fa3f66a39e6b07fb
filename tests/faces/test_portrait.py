from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from face_clips import frame_of, placed, turned

from lipwright.faces.portrait import portrait_jpeg


def decoded(jpeg):
    assert jpeg.startswith(b"\xff\xd8")
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    ("scale", "x", "y", "width", "height"),
    [
        (1.0, 320, 180, 640, 360),
        (0.6, 40, 50, 640, 360),  # a corner
        (4.5, 480, 300, 960, 720),  # larger than a portrait may be
        (2.2, 130, 150, 256, 320),  # nearly fills the picture
    ],
)
def test_the_portrait_shows_the_face(landmarker, scale, x, y, width, height):
    frame = frame_of(placed(turned(scale, 0, x, y), width, height))
    face = landmarker.locate(frame, landmarker.detect(frame)[0])
    picture = decoded(portrait_jpeg(frame, face))
    side = picture.shape[0]
    assert picture.shape == (side, side, 3)
    box = face.box()
    longest = max(box.width, box.height)
    assert min(512, longest) <= side <= min(512, 1.5 * longest + 1)
    shown = frame_of(picture[: side // 2 * 2, : side // 2 * 2, ::-1])
    found = landmarker.locate(shown, landmarker.detect(shown)[0]).box()
    share = max(found.width, found.height) / side
    assert 0.6 < share < 1.0
    assert found.x0 > -2
    assert found.y0 > -2
    assert found.x1 < side + 2
    assert found.y1 < side + 2


def test_colours_are_right(landmarker):
    frame = frame_of(placed(turned(1.0, 0, 200, 200), 400, 400))
    face = landmarker.locate(frame, landmarker.detect(frame)[0])
    blue, green, red = decoded(portrait_jpeg(frame, face)).reshape(-1, 3).mean(0)
    assert red > green > blue  # skin and an orange suit, not the other way round


def test_a_speck_still_gives_a_picture(landmarker, astronaut):
    frame = frame_of(placed(turned(1.0, 0, 200, 200), 400, 400))
    speck = replace(astronaut, points=astronaut.points * 0.02 + 200)
    assert decoded(portrait_jpeg(frame, speck)).shape == (16, 16, 3)
