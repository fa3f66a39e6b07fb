from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from dubbing_clips import GOOD
from face_clips import film

from lipwright.dubbing.looping import LoopedReader, looped_identification, looped_sound
from lipwright.dubbing.types import Identification
from lipwright.faces.types import Box, FaceSample, IdentifiedFace

RATE = 48_000
ONE_SECOND = replace(
    GOOD, duration_ms=1_000, duration_pts=12_800, frame_count=25, has_audio=False, start_pts=512
)


class Reader:
    """A second of wall, read as `VideoReader` reads."""

    info = ONE_SECOND

    def frames(self, start=None, end=None):
        for frame in film(25, width=64, height=64):
            if (start or 0) <= frame.time and (end is None or frame.time < end):
                yield replace(frame, pts=frame.pts + 512)


def face(start_ms, end_ms, face_id="0"):
    box = Box(1, 2, 3, 4)
    samples = (FaceSample(time, box) for time in range(start_ms, end_ms, 200))
    return IdentifiedFace(face_id, start_ms, end_ms, b"jpeg", tuple(samples))


def looped(total_ms, *faces):
    return looped_identification(Identification(ONE_SECOND, faces), total_ms)


@pytest.mark.parametrize(
    ("total_ms", "count"), [(1_000, 25), (1_040, 26), (2_500, 63), (3_000, 75)]
)
def test_frames_go_on_without_a_seam(total_ms, count):
    reader = LoopedReader(Reader(), total_ms)
    frames = list(reader.frames())
    assert len(frames) == reader.info.frame_count == count
    assert [frame.index for frame in frames] == list(range(count))
    assert [frame.time for frame in frames] == [Fraction(i, 25) for i in range(count)]
    assert [frame.pts for frame in frames] == [512 + 512 * i for i in range(count)]
    assert reader.info.duration_ms == total_ms
    assert reader.info.duration_pts == total_ms * 12.8
    once = list(Reader().frames())
    assert all(np.array_equal(f.y, once[i % 25].y) for i, f in enumerate(frames))


@pytest.mark.parametrize(
    ("start", "end"),
    [("1/2", "3/4"), ("9/10", "11/10"), ("1", "2"), ("7/5", None), (None, "1/5"), ("2", "9")],
)
def test_a_part_is_the_same_part_of_the_whole(start, end):
    start, end = (None if value is None else Fraction(value) for value in (start, end))
    reader = LoopedReader(Reader(), 2_400)
    wanted = [
        (f.index, f.time, f.pts)
        for f in reader.frames()
        if (start or 0) <= f.time and (end is None or f.time < end)
    ]
    assert [(f.index, f.time, f.pts) for f in reader.frames(start, end)] == wanted
    assert wanted


def sounding(sound, total_ms):
    return np.concatenate(
        list(looped_sound(lambda: np.array_split(sound, 7), ONE_SECOND, total_ms, RATE))
    )


def test_sound_begins_anew_with_the_picture():
    sound = np.random.default_rng(1).normal(0, 0.1, (RATE, 2)).astype(np.float32)
    found = sounding(sound, 2_500)
    assert len(found) == 2.5 * RATE
    assert np.array_equal(found[:RATE], sound)
    assert np.array_equal(found[RATE : 2 * RATE], sound)
    assert np.array_equal(found[2 * RATE :], sound[: RATE // 2])


@pytest.mark.parametrize("length", [RATE // 2, 2 * RATE])
def test_sound_that_is_shorter_or_longer_than_the_picture_does_not_drift(length):
    sound = np.random.default_rng(1).normal(0, 0.1, (length, 2)).astype(np.float32)
    found = sounding(sound, 2_000)
    assert len(found) == 2 * RATE
    kept = min(length, RATE)
    for begin in (0, RATE):
        assert np.array_equal(found[begin : begin + kept], sound[:kept])
        assert not found[begin + kept : begin + RATE].any()


def test_a_video_that_is_long_enough_is_left_alone():
    identification = Identification(ONE_SECOND, (face(0, 1_000),))
    assert looped_identification(identification, 1_000) is identification
    assert looped_identification(identification, -500) is identification


def test_faces_come_again():
    found = looped(2_500, face(200, 800), face(600, 1_000, "1"))
    assert found.video.duration_ms == 2_500
    assert [f.face_id for f in found.faces] == ["0", "1"]
    # The third second breaks off before the second face comes.
    assert [(f.start_ms, f.end_ms) for f in found.faces] == [(200, 2_500), (600, 2_000)]
    assert [s.time_ms for s in found.faces[0].samples][:6] == [200, 400, 600, 1_200, 1_400, 1_600]
    assert found.faces[0].image_jpeg == b"jpeg"


def test_a_face_that_leaves_early_ends_in_the_last_repetition():
    assert looped(2_900, face(200, 800)).faces[0].end_ms == 2_800
    assert looped(3_000, face(200, 800)).faces[0].end_ms == 2_800
