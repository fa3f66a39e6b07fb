from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import pytest

from lipwright.dubbing.identify import identify
from lipwright.dubbing.types import API_LIMITS, Limits
from lipwright.errors import BadInputError


def test_who_is_there_and_when(talk_faces):
    (face,) = talk_faces.faces
    assert face.face_id == "0"
    assert face.start_ms == 0
    assert 0 <= face.end_ms - talk_faces.video.duration_ms <= 40
    assert talk_faces.video.duration_ms == 2_600
    assert (talk_faces.video.width, talk_faces.video.height) == (192, 192)
    assert talk_faces.video.time_base == Fraction(1, 12_800)
    assert talk_faces.video.has_audio


def test_the_portrait_and_the_samples_are_of_the_face(talk_faces):
    (face,) = talk_faces.faces
    picture = cv2.imdecode(np.frombuffer(face.image_jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert 80 < picture.shape[0] < 192
    for sample in face.samples:
        assert (sample.box.x0 + sample.box.x1) / 2 == pytest.approx(96, abs=12)
        assert face.start_ms <= sample.time_ms < face.end_ms


def test_progress_rises_to_one(talk_faces, told):
    fractions = [report.fraction for report in told]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert len(fractions) > 5
    assert {report.stage for report in told} == {"faces"}


def test_nobody(empty):
    found = identify(empty)
    assert found.faces == ()
    assert found.video.duration_ms == 1_000


def test_faces_too_short_for_any_line_are_left_out(mute, mute_faces):
    assert [(f.start_ms, f.end_ms) for f in mute_faces.faces] == [(0, 1_600)]
    assert len(identify(mute, limits=Limits(min_overlap_ms=1_600)).faces) == 1
    assert identify(mute, limits=Limits(min_overlap_ms=1_601)).faces == ()


def test_limits_are_checked_before_the_work(mute):
    def fail(progress):
        raise AssertionError("frames were read")

    with pytest.raises(BadInputError) as refused:
        identify(mute, limits=API_LIMITS, progress=fail)
    assert (refused.value.field, refused.value.reason) == ("video", "too_short")


def test_what_is_no_video_is_refused(tmp_path):
    text = tmp_path / "video.mp4"
    text.write_text("once upon a time")
    with pytest.raises(BadInputError) as refused:
        identify(text)
    assert refused.value.field == "video"
