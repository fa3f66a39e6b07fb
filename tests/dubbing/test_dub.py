from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from dubbing_clips import SIDE, SPOKEN, TAIL, TONE, click, make_wav, own_sound, presented

from lipwright.dubbing.dub import dub
from lipwright.dubbing.placement import check_line
from lipwright.dubbing.types import Fit, Identification, Limits, Line
from lipwright.errors import BadInputError
from lipwright.faces.mouth_shape import mouth_values
from lipwright.faces.types import Box, FaceSample, IdentifiedFace
from lipwright.media.audio import probe_sound, read_sound, read_track
from lipwright.media.decode import VideoReader

START_MS, LENGTH_MS = 600, 1_300
LINE = Line("0", SPOKEN, 100, 100 + LENGTH_MS, START_MS)


def frames(path):
    """(N, H, W) luma and (N,) times in s."""
    with VideoReader(path) as reader:
        shown = [(frame.y.copy(), float(frame.time)) for frame in reader]
    return np.stack([y for y, _ in shown]).astype(np.int16), np.array([t for _, t in shown])


@pytest.fixture(scope="module")
def dubbed(talk, talk_faces, folder):
    """The finished file, the result and the reports."""
    reports = []
    output = folder / "dubbed.mp4"
    result = dub(talk, talk_faces, [LINE], output=output, progress=reports.append)
    return output, result, reports


@pytest.fixture(scope="module")
def pictures(talk, dubbed):
    """Source and result luma, and which frames the line covers."""
    (before, times), (after, _) = frames(talk), frames(dubbed[0])
    inside = (times >= START_MS / 1000) & (times < (START_MS + LENGTH_MS) / 1000)
    return before, after, inside


@pytest.fixture(scope="module")
def openings(dubbed, landmarker):
    """How open the mouth is in each frame of the result."""
    found, last = [], None
    with VideoReader(dubbed[0]) as reader:
        for frame in reader:
            last = (
                landmarker.locate(frame, landmarker.detect(frame)[0])
                if last is None
                else landmarker.follow(frame, last)
            )
            found.append(mouth_values(last.points[None])[0, 0])
    return np.array(found)


def test_the_file_is_the_sources_twin(talk, dubbed):
    output, result, _ = dubbed
    assert result.path == output
    assert result.frame_count == 64
    assert result.duration_ms == 2_600
    assert result.warnings == ()
    assert presented(output) == presented(talk)
    with av.open(str(talk)) as before, av.open(str(output)) as after:
        old, new = before.streams.video[0], after.streams.video[0]
        assert (new.width, new.height) == (old.width, old.height) == (SIDE, SIDE)
        assert new.average_rate == old.average_rate
        assert new.time_base == old.time_base
        assert new.codec_context.name == "h264"
        assert len(after.streams.audio) == 1
        assert float(new.duration * new.time_base) == pytest.approx(2.6, abs=0.001)


def test_frames_outside_the_line_keep_their_picture(pictures):
    before, after, inside = pictures
    outside = np.abs(after - before)[~inside]
    assert len(outside) > 20
    assert outside.mean((1, 2)).max() < 1.8
    assert np.quantile(outside, 0.999) < 12
    assert np.abs((after - before)[~inside].mean((1, 2))).max() < 0.3


def test_only_the_mouth_changes_inside_the_line(pictures):
    before, after, inside = pictures
    change = np.abs(after - before)[inside][3:-3]
    assert change[:, 100:140, 70:125].mean() > 4
    assert change[:, :75].mean() < 1.8
    assert change[:, :, :30].mean() < 1.8


def test_the_mouth_speaks_instead_of_smiling(openings, pictures):
    inside = pictures[2]
    assert openings[~inside] == pytest.approx(np.full((~inside).sum(), 0.17), abs=0.05)
    spoken = openings[inside][3:-3]
    assert spoken.min() < 0.05
    assert spoken.max() > spoken.min() + 0.08
    assert spoken.std() > 0.02


def test_the_sound_is_the_sum_of_both(dubbed):
    output = dubbed[0]
    found = read_track(output, 48_000)[:, 0]
    wanted = own_sound(2.6 + TAIL)  # it goes on after the picture, as in the source
    spoken = read_sound(SPOKEN, 100, 100 + LENGTH_MS, 48_000)[:, 0]
    at = START_MS * 48
    wanted[at : at + len(spoken)] += spoken
    assert len(found) == pytest.approx(len(wanted), abs=48)
    count = min(len(found), len(wanted))
    error = found[:count] - wanted[:count]
    assert np.sqrt((error**2).mean()) < 0.15 * np.sqrt((spoken**2).mean())
    # Outside the line there is the tone and nothing else.
    assert np.abs(found[4_800 : at - 4_800]).max() < 1.2 * TONE


def test_progress_rises_to_one_through_both_stages(dubbed):
    reports = dubbed[2]
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert [*dict.fromkeys(report.stage for report in reports)] == ["track", "render"]


def test_nothing_but_the_file_is_left(dubbed, folder):
    assert sorted(path.name for path in folder.iterdir() if "dubbed" in path.name) == ["dubbed.mp4"]


@pytest.mark.parametrize(("cut_ms", "insert_ms"), [(0, 300), (137, 421)])
def test_the_sound_begins_at_the_very_sample(mute, mute_faces, tmp_path, cut_ms, insert_ms):
    """A click, which no mouth says, in a film without sound of its own."""
    sound = make_wav(tmp_path / "click.wav", click(1.0, 0.5), 48_000)
    output = tmp_path / "clicked.mp4"
    line = Line("0", sound, cut_ms, 1_000, insert_ms, 0.5)
    result = dub(mute, mute_faces, [line], output=output)
    heard = read_track(output, 48_000)[:, 0].astype(float)
    at = (np.arange(len(heard)) * heard**2).sum() / (heard**2).sum() / 48
    assert at == pytest.approx(insert_ms + 500 - cut_ms, abs=1.0)
    assert heard.max() == pytest.approx(0.4, abs=0.05)
    assert len(heard) == pytest.approx(1_600 * 48, abs=48)
    assert result.frame_count == 40


def test_a_mouth_rests_where_nobody_speaks(mute, mute_faces, tmp_path, landmarker):
    sound = make_wav(tmp_path / "silence.wav", np.zeros(16_000))
    output = tmp_path / "silent.mp4"
    dub(mute, mute_faces, [Line("0", sound, 0, 1_000, 300)], output=output)
    with VideoReader(output) as reader:
        for frame in reader.frames():
            found = landmarker.locate(frame, landmarker.detect(frame)[0])
            if 500 <= frame.time_ms < 1_150:
                assert mouth_values(found.points[None])[0, 0] < 0.05


def test_a_film_that_is_too_short_begins_anew(mute, mute_faces, tmp_path):
    """1.6 s of film, 2.2 s of speech from 0.6 s on: it is shown one and three quarters times."""
    output = tmp_path / "looped.mp4"
    line = Line("0", SPOKEN, 0, 2_200, 600, fit=Fit.LOOP_VIDEO)
    result = dub(mute, mute_faces, [line], output=output)
    assert result.frame_count == 70
    assert result.duration_ms == 2_800
    assert presented(output) == [Fraction(index, 25) for index in range(70)]
    (before, _), (after, _) = frames(mute), frames(output)
    twice = np.concatenate([before, before])[:70]
    assert np.abs(after - twice)[:, :75].mean() < 1.8
    assert np.abs(after - twice)[:15].mean() < 1.8
    assert np.abs(after - twice)[45:65, 100:140, 70:125].mean() > 4
    assert len(read_track(output, 48_000)) == pytest.approx(2_800 * 48, abs=48)


def test_padding_rests(mute, mute_faces, tmp_path):
    output = tmp_path / "padded.mp4"
    line = check_line(
        Line("0", SPOKEN, 100, 500, 200, fit=Fit.PAD),
        identification=mute_faces,
        sound_duration_ms=probe_sound(SPOKEN).duration_ms,
        limits=Limits(min_speech_ms=1_000),
    )
    assert line.pad_ms == 600
    dub(mute, mute_faces, [line], output=output)
    (before, _), (after, _) = frames(mute), frames(output)
    change = np.abs(after - before)[:, 100:140, 70:125].mean((1, 2))
    assert (change[19:26] > 3).all()  # 0.6 s to 1.2 s: nothing is said, and she does not smile
    assert (change[31:] < 2).all()
    assert np.abs(read_track(output, 48_000)[32_000:]).max() < 0.02


def test_the_volume_of_the_original_can_be_turned_down(talk, talk_faces, tmp_path):
    sound = make_wav(tmp_path / "silence.wav", np.zeros(16_000))
    output = tmp_path / "quiet.mp4"
    dub(talk, talk_faces, [Line("0", sound, 0, 800, 900)], original_volume=0.5, output=output)
    heard = read_track(output, 48_000)[9_600:-9_600, 0]
    assert np.sqrt((heard**2).mean()) == pytest.approx(0.5 * TONE / np.sqrt(2), rel=0.05)


def test_a_face_that_is_not_there_passes_through(empty, mute_faces, tmp_path):
    """The identification says so, the pictures do not: no mouth, no change, and a warning."""
    box = Box(60, 60, 130, 130)
    nobody = IdentifiedFace("0", 0, 1_000, b"", (FaceSample(0, box), FaceSample(960, box)))
    with VideoReader(empty) as reader:
        there = Identification(reader.info, (nobody,))
    output = tmp_path / "passed.mp4"
    result = dub(empty, there, [replace(LINE, speech_end_ms=900, insert_ms=100)], output=output)
    assert len(result.warnings) == 1
    assert "passed through" in result.warnings[0]
    assert result.frame_count == 25
    (before, _), (after, _) = frames(empty), frames(output)
    assert np.abs(after - before).mean() < 1.8
    assert np.abs(read_track(output, 48_000)).max() > 0.1


def refused(*args, **kwargs):
    with pytest.raises(BadInputError) as caught:
        dub(*args, **kwargs)
    return caught.value


def test_a_film_without_faces_takes_no_line(empty, tmp_path):
    with VideoReader(empty) as reader:
        there = Identification(reader.info, ())
    error = refused(empty, there, [LINE], output=tmp_path / "no.mp4")
    assert (error.field, error.reason, error.index) == ("face", "unknown_face", 0)
    assert not list(tmp_path.iterdir())


def test_two_lines_at_once_for_one_face_are_refused(talk, talk_faces, tmp_path):
    lines = [LINE, replace(LINE, insert_ms=START_MS + LENGTH_MS - 1, speech_end_ms=600)]
    error = refused(talk, talk_faces, lines, output=tmp_path / "no.mp4")
    assert (error.field, error.reason, error.index) == ("insert", "lines_overlap", 1)
    assert not list(tmp_path.iterdir())


def test_refusals_name_the_line(talk, talk_faces, tmp_path):
    output = tmp_path / "no.mp4"
    lines = [LINE, replace(LINE, insert_ms=9_000)]
    error = refused(talk, talk_faces, lines, output=output)
    assert (error.field, error.reason, error.index) == ("insert", "past_video_end", 1)
    noise = tmp_path / "noise.mp3"
    noise.write_bytes(b"no sound at all" * 100)
    error = refused(talk, talk_faces, [replace(LINE, speech=noise)], output=output)
    assert (error.field, error.index) == ("speech", 0)


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"lines": []}, "lines", "empty"),
        ({"original_volume": 2.5}, "original_volume", "out_of_range"),
        ({"engine": "nonsense"}, "engine", "unknown_engine"),
        ({"limits": Limits(min_video_ms=5_000)}, "video", "too_short"),
        ({"lines": [replace(LINE, insert_ms=-1)]}, "insert", "out_of_range"),
    ],
)
def test_other_refusals(talk, talk_faces, tmp_path, change, field, reason):
    options = {"lines": [LINE], **change}
    error = refused(talk, talk_faces, options.pop("lines"), output=tmp_path / "no.mp4", **options)
    assert (error.field, error.reason) == (field, reason)
    assert not list(tmp_path.iterdir())
