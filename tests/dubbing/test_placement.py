from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from dubbing_clips import GOOD

from lipwright.dubbing import placement
from lipwright.dubbing.placement import check_line, check_one_face_once, check_volume, find_face
from lipwright.dubbing.types import API_LIMITS, NO_LIMITS, Fit, Identification, Limits, Line
from lipwright.errors import BadInputError
from lipwright.faces.types import IdentifiedFace

VIDEO_MS = 10_000
SOUND_MS = 5_000
THERE = Identification(
    replace(GOOD, duration_ms=VIDEO_MS, duration_pts=VIDEO_MS * 12_800 // 1_000),
    (
        IdentifiedFace("0", 0, VIDEO_MS, b"", ()),
        IdentifiedFace("1", 3_000, 6_000, b"", ()),
    ),
)
LINE = Line("0", Path("line.wav"), 0, 3_000, 1_000)


def check(limits=API_LIMITS, *, sound_ms=SOUND_MS, video_ms=VIDEO_MS, **change):
    there = replace(THERE, video=replace(THERE.video, duration_ms=video_ms))
    return check_line(
        replace(LINE, **change), identification=there, sound_duration_ms=sound_ms, limits=limits
    )


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"speech_volume": 0.0},
        {"speech_volume": 2.0},
        {"speech_end_ms": SOUND_MS},
        {"speech_start_ms": 2_000, "speech_end_ms": 4_000},  # exactly the shortest
        {"insert_ms": 0},
        {"insert_ms": 7_000},  # ends with the video
        {"face_id": "1", "insert_ms": 2_000},  # 2 s over the face, which comes 1 s later
        {"face_id": "1", "insert_ms": 4_000},
    ],
)
def test_what_fits_is_left_as_it_is(change):
    assert check(**change) == replace(LINE, **change)


@pytest.mark.parametrize(
    ("change", "field", "reason", "words"),
    [
        ({"face_id": "2"}, "face", "unknown_face", ("0, 1", "'2'")),
        ({"face_id": ""}, "face", "unknown_face", ("0, 1",)),
        ({"speech_volume": 2.01}, "speech_volume", "out_of_range", ("0 to 2", "2.01")),
        ({"speech_volume": -0.01}, "speech_volume", "out_of_range", ("-0.01",)),
        ({"speech_volume": float("nan")}, "speech_volume", "out_of_range", ("nan",)),
        ({"speech_start_ms": -1}, "speech_start", "out_of_range", ("-1",)),
        ({"speech_end_ms": 5_101}, "speech_end", "past_sound_end", ("5000 ms", "5101")),
        (
            {"speech_start_ms": 3_000, "speech_end_ms": 3_000},
            "speech_end",
            "empty_crop",
            ("3000 ms",),
        ),
        ({"speech_start_ms": 4_000}, "speech_end", "empty_crop", ("4000 ms",)),
        (
            {"speech_start_ms": 5_000, "speech_end_ms": 5_100},
            "speech_end",
            "empty_crop",
            ("5000 ms",),
        ),
        ({"speech_end_ms": 1_999}, "speech_end", "crop_too_short", ("2000 ms", "1999 ms")),
        ({"insert_ms": -1}, "insert", "out_of_range", ("-1",)),
        ({"insert_ms": 7_101}, "insert", "past_video_end", ("10000 ms", "10101")),
        ({"insert_ms": 10_000}, "insert", "past_video_end", ("10000 ms",)),
        (
            {"face_id": "1", "insert_ms": 1_999},
            "insert",
            "too_little_overlap",
            ("3000 to 6000 ms", "2000 ms", "1999 ms"),
        ),
        ({"face_id": "1", "insert_ms": 4_001}, "insert", "too_little_overlap", ("1999 ms",)),
        ({"face_id": "1", "insert_ms": 6_500}, "insert", "too_little_overlap", ("by 0 ms",)),
    ],
)
def test_every_refusal(change, field, reason, words):
    with pytest.raises(BadInputError) as refused:
        check(**change)
    assert (refused.value.field, refused.value.reason) == (field, reason)
    assert all(word in refused.value.detail for word in words)


def test_a_crop_may_be_too_long():
    limits = Limits(max_speech_ms=3_000)
    assert check(limits).speech_end_ms == 3_000
    with pytest.raises(BadInputError) as refused:
        check(limits, speech_end_ms=3_001)
    assert (refused.value.field, refused.value.reason) == ("speech_end", "crop_too_long")


@pytest.mark.parametrize("over", [1, 40, 100])
def test_an_end_a_little_past_the_sounds_is_moved_back(over):
    found = check(speech_end_ms=SOUND_MS + over)
    assert found == replace(LINE, speech_end_ms=SOUND_MS)


@pytest.mark.parametrize("over", [1, 40, 100])
def test_an_end_a_little_past_the_videos_is_moved_back(over):
    found = check(insert_ms=7_000 + over)
    assert found == replace(LINE, insert_ms=7_000 + over, speech_end_ms=3_000 - over)


def test_both_ends_may_overshoot():
    found = check(insert_ms=5_050, speech_end_ms=5_080)
    assert found == replace(LINE, insert_ms=5_050, speech_end_ms=4_950)


def test_what_was_moved_back_still_counts_as_asked():
    """2 s were asked for over the face; headers round, so 1.95 s that are there will do."""
    found = check(sound_ms=1_950, speech_end_ms=2_000, insert_ms=0)
    assert found.speech_end_ms == 1_950
    found = check(video_ms=1_950, speech_end_ms=2_000, insert_ms=0)
    assert found.speech_end_ms == 1_950


def test_without_limits_a_touch_is_enough():
    assert check(NO_LIMITS, face_id="1", insert_ms=5_999)
    assert check(NO_LIMITS, face_id="1", insert_ms=1, speech_end_ms=3_000)
    for insert_ms in (0, 6_000):
        with pytest.raises(BadInputError, match="by at least 1 ms"):
            check(NO_LIMITS, face_id="1", insert_ms=insert_ms, speech_end_ms=3_000)


def test_an_overshoot_away_from_the_face_is_no_overlap():
    with pytest.raises(BadInputError):
        check(NO_LIMITS, face_id="1", sound_ms=900, speech_end_ms=1_000, insert_ms=6_090)


FITS = [
    # What is asked, what comes of it: end of the used sound and silence after it.
    (Fit.TRIM, {"speech_end_ms": 9_000}, 5_000, 0),
    (Fit.TRIM, {"insert_ms": 8_000}, 2_000, 0),
    (Fit.TRIM, {"speech_end_ms": 9_000, "insert_ms": 6_000}, 4_000, 0),
    (Fit.TRIM, {}, 3_000, 0),
    (Fit.PAD, {}, 3_000, 0),
    (Fit.PAD, {"speech_end_ms": 9_000}, 5_000, 0),
    (Fit.PAD, {"speech_end_ms": 1_500}, 1_500, 500),
    (Fit.PAD, {"sound_ms": 700, "speech_end_ms": 700, "insert_ms": 8_000}, 700, 1_300),
    (Fit.LOOP_VIDEO, {"insert_ms": 8_500}, 3_000, 0),
    (Fit.LOOP_VIDEO, {"insert_ms": 57_000}, 3_000, 0),
    (Fit.LOOP_VIDEO, {"face_id": "1", "insert_ms": 13_000}, 3_000, 0),
]


@pytest.mark.parametrize(("fit", "change", "end_ms", "pad_ms"), FITS)
def test_lines_are_fitted_as_they_ask(fit, change, end_ms, pad_ms):
    found = check(fit=fit, **change)
    change.pop("sound_ms", None)
    wanted = {**change, "fit": fit, "speech_end_ms": end_ms, "pad_ms": pad_ms}
    assert found == replace(LINE, **wanted)
    assert found.end_ms == found.insert_ms + end_ms + pad_ms


@pytest.mark.parametrize(("fit", "change", "end_ms", "pad_ms"), FITS)
def test_fitting_twice_is_fitting_once(fit, change, end_ms, pad_ms):
    once = check(fit=fit, **change)
    assert once == check(
        fit=fit,
        **{**change, "speech_end_ms": once.speech_end_ms, "pad_ms": once.pad_ms},
    )


@pytest.mark.parametrize(
    "change",
    [{"sound_ms": 1_950}, {"insert_ms": 8_050}, {"insert_ms": 8_050, "fit": Fit.TRIM}],
)
def test_looking_twice_at_what_was_moved_back_changes_nothing(change):
    once = check(**{"speech_end_ms": 2_000, **change})
    assert once == check(NO_LIMITS, **{**change, "speech_end_ms": once.speech_end_ms})


@pytest.mark.parametrize(
    ("fit", "change", "field", "reason"),
    [
        (Fit.TRIM, {"insert_ms": 10_000}, "insert", "past_video_end"),
        (Fit.TRIM, {"insert_ms": 12_000}, "insert", "past_video_end"),
        (Fit.TRIM, {"insert_ms": 8_500}, "insert", "too_little_overlap"),
        (Fit.TRIM, {"speech_end_ms": 1_500}, "speech_end", "crop_too_short"),
        (Fit.TRIM, {"speech_start_ms": 5_000, "speech_end_ms": 9_000}, "speech_end", "empty_crop"),
        (Fit.PAD, {"speech_end_ms": 1_500, "insert_ms": 8_500}, "insert", "too_little_overlap"),
        (Fit.PAD, {"insert_ms": 10_000}, "insert", "past_video_end"),
        (Fit.LOOP_VIDEO, {"speech_end_ms": 9_000}, "speech_end", "past_sound_end"),
        (Fit.LOOP_VIDEO, {"speech_end_ms": 1_500}, "speech_end", "crop_too_short"),
        (Fit.LOOP_VIDEO, {"insert_ms": 57_001}, "insert", "past_video_end"),
        (Fit.LOOP_VIDEO, {"insert_ms": -1}, "insert", "out_of_range"),
        (Fit.LOOP_VIDEO, {"face_id": "1", "insert_ms": 0}, "insert", "too_little_overlap"),
    ],
)
def test_what_no_fit_can_help(fit, change, field, reason):
    with pytest.raises(BadInputError) as refused:
        check(fit=fit, **change)
    assert (refused.value.field, refused.value.reason) == (field, reason)


def test_an_absurd_loop_is_refused_before_it_is_made(monkeypatch):
    def fail(*args):
        raise AssertionError("the loop was made")

    monkeypatch.setattr(placement, "looped_identification", fail)
    with pytest.raises(BadInputError):
        check(fit=Fit.LOOP_VIDEO, insert_ms=10**12)


@pytest.mark.parametrize("volume", [0, 0.5, 2, 2.0])
def test_good_volumes(volume):
    check_volume("original_volume", volume)


@pytest.mark.parametrize("volume", [-1e-9, 2.0001, float("inf"), float("nan")])
def test_bad_volumes(volume):
    with pytest.raises(BadInputError) as refused:
        check_volume("original_volume", volume)
    assert (refused.value.field, refused.value.reason) == ("original_volume", "out_of_range")


def test_faces_are_found_by_id():
    assert find_face(THERE, "1") is THERE.faces[1]
    with pytest.raises(BadInputError, match="must be one of none"):
        find_face(replace(THERE, faces=()), "0")
    with pytest.raises(BadInputError) as refused:
        find_face(THERE, "x" * 10_000)
    assert len(refused.value.detail) < 100


def placed(insert_ms, length_ms=1_000, face_id="0"):
    return Line(face_id, Path("line.wav"), 200, 200 + length_ms, insert_ms)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [placed(0)],
        [placed(0), placed(1_000)],
        [placed(1_000), placed(0)],
        [placed(0), placed(500, face_id="1")],
        [placed(0), placed(0, face_id="1"), placed(1_000), placed(1_000, face_id="1")],
    ],
)
def test_one_thing_at_a_time(lines):
    check_one_face_once(lines)


@pytest.mark.parametrize(
    ("lines", "index"),
    [
        ([placed(0), placed(999)], 1),
        ([placed(999), placed(0)], 0),
        ([placed(0), placed(500, face_id="1"), placed(0)], 2),
        ([placed(0, face_id="1"), placed(2_000), placed(100), placed(2_999)], 3),
        ([placed(0, 5_000), placed(3_000, 500)], 1),
    ],
)
def test_overlapping_lines_of_one_face_are_refused(lines, index):
    with pytest.raises(BadInputError) as refused:
        check_one_face_once(lines)
    assert (refused.value.field, refused.value.reason) == ("insert", "lines_overlap")
    assert refused.value.index == index
