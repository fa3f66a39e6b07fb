from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

from dubbing_clips import GOOD

from lipwright.dubbing.serialize import identification_from_dict, identification_to_dict
from lipwright.dubbing.types import Identification
from lipwright.faces.types import Box, FaceSample, IdentifiedFace
from lipwright.media.types import ColorTags

FACES = (
    IdentifiedFace(
        "0",
        0,
        7_000,
        bytes(range(256)),
        (FaceSample(0, Box(1.5, 2.25, 100.125, 90.0)), FaceSample(240, Box(-3.0, 0.0, 9.1, 7.7))),
    ),
    IdentifiedFace("1", 4_200, 7_000, b"", ()),
)
UNUSUAL = replace(
    GOOD,
    frame_rate=Fraction(30_000, 1_001),
    rotation=270,
    mirrored=True,
    color=ColorTags(9, 16, 9, 2),
    pixel_aspect=Fraction(4, 3),
    frame_count=250,
    start_pts=-1_024,
    duration_pts=128_000,
)


def back(identification):
    return identification_from_dict(json.loads(json.dumps(identification_to_dict(identification))))


def test_there_and_back_through_json():
    for video in (GOOD, UNUSUAL):
        for faces in ((), FACES):
            assert back(Identification(video, faces)) == Identification(video, faces)


def test_types_survive():
    found = back(Identification(UNUSUAL, FACES))
    assert isinstance(found.video.frame_rate, Fraction)
    assert isinstance(found.video.time_base, Fraction)
    assert isinstance(found.video.pixel_aspect, Fraction)
    assert isinstance(found.faces[0].image_jpeg, bytes)
    assert isinstance(found.faces[0].samples[0].time_ms, int)
    assert isinstance(found.faces[0].samples, tuple)


def test_a_real_identification(talk_faces):
    assert back(talk_faces) == talk_faces
    assert talk_faces.faces
