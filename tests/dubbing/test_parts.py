from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import av
import pytest
from dubbing_clips import SMILE, SPOKEN, make_film, presented

from lipwright.dubbing.banks import FaceBanks
from lipwright.dubbing.dub import dub, mixed_sound
from lipwright.dubbing.identify import identify
from lipwright.dubbing.parts import DubJob, PartsPlan
from lipwright.dubbing.serialize import identification_to_dict
from lipwright.dubbing.types import Fit, Line
from lipwright.errors import FailedError
from lipwright.media import stretches
from lipwright.media.stretches import Stretch

COUNT = 160
GROUP = 26
LINE = Line("0", SPOKEN, 100, 1_300, 2_600)
"""Pictures 65 to 94 of 160."""

OTHER_WORKER = """
import json, sys
from pathlib import Path
from lipwright.dubbing.parts import DubJob, PartsPlan
from lipwright.dubbing.serialize import identification_from_dict
from lipwright.dubbing.types import Line
order = json.load(sys.stdin)
faces = identification_from_dict(order["faces"])
line = Line(order["face"], Path(order["speech"]), *order["line"])
with DubJob(Path(order["video"]), faces, [line]) as job:
    job.look(None)
    for index, path in order["parts"]:
        job.render_part(PartsPlan.from_dict(order["plan"]), index, Path(path))
"""


@pytest.fixture(scope="module")
def long_talk(folder):
    """Six seconds of a smiling face, a fresh start about every second."""
    return make_film(folder / "long.mp4", SMILE, count=COUNT, sound=True, group=GROUP)


@pytest.fixture(scope="module")
def faces(long_talk):
    return identify(long_talk)


@pytest.fixture
def short_runs(monkeypatch):
    """Runs of half a second, so that a short film has several."""
    monkeypatch.setattr(stretches, "RUN_SECONDS", 0.5)


def pictures(path):
    with av.open(str(path)) as container:
        return [
            (frame.pts, hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest())
            for frame in container.decode(video=0)
        ]


def test_what_no_line_touches_is_the_sources_to_the_bit(long_talk, faces, tmp_path):
    result = dub(long_talk, faces, [LINE], output=tmp_path / "dubbed.mp4")
    assert result.frame_count == COUNT
    assert result.encoded_because == ""
    assert result.warnings == ()
    before, after = pictures(long_talk), pictures(result.path)
    assert [one[0] for one in after] == [one[0] for one in before]
    assert presented(result.path) == presented(long_talk)
    new = [a != b for a, b in zip(before, after, strict=True)]
    assert new.count(False) == result.frames_copied > COUNT // 2
    first, last = new.index(True), COUNT - 1 - new[::-1].index(True)
    assert first <= 66
    assert last >= 90
    assert all(new[first : last + 1])
    assert not list(tmp_path.glob(".*"))


def test_parts_of_several_workers_make_the_same_file(long_talk, faces, tmp_path, short_runs):
    whole = dub(long_talk, faces, [LINE], output=tmp_path / "whole.mp4")
    with DubJob(long_talk, faces, [LINE]) as job:
        job.look(FaceBanks(tmp_path / "banks", "0" * 64))
        plan = PartsPlan.from_dict(json.loads(json.dumps(job.plan_parts().to_dict())))
        assert plan == job.plan_parts()
        assert len(plan.parts) >= 2
        assert plan.frames_copied == whole.frames_copied > 0
        parts = {index: tmp_path / f"part-{index}" for index in plan.parts}
        mine, others = plan.parts[::2], plan.parts[1::2]
        for index in reversed(mine):
            job.render_part(plan, index, parts[index])
    order = {
        "video": str(long_talk),
        "faces": identification_to_dict(faces),
        "face": LINE.face_id,
        "speech": str(LINE.speech),
        "line": [LINE.speech_start_ms, LINE.speech_end_ms, LINE.insert_ms],
        "plan": plan.to_dict(),
        "parts": [(index, str(parts[index])) for index in others],
    }
    subprocess.run(
        [sys.executable, "-c", OTHER_WORKER], input=json.dumps(order), text=True, check=True
    )
    with DubJob(long_talk, faces, [LINE]) as joiner:  # it knows nothing of the faces
        sound = mixed_sound(joiner, 1.0).blocks()
        count = joiner.join_parts(plan, parts, sound, tmp_path / "joined.mp4")
    assert count == COUNT
    assert (tmp_path / "joined.mp4").read_bytes() == whole.path.read_bytes()


def test_a_looped_video_is_encoded_in_runs_and_says_why_none_is_copied(
    mute, mute_faces, tmp_path, short_runs
):
    line = replace(LINE, insert_ms=200, speech_end_ms=2_600, fit=Fit.LOOP_VIDEO)
    result = dub(mute, mute_faces, [line], output=tmp_path / "looped.mp4")
    assert result.encoded_because == "the video is repeated"
    assert result.frames_copied == 0
    times = presented(result.path)
    assert len(times) == result.frame_count == 68
    assert times == [Fraction(one, 25) for one in range(68)]
    with DubJob(mute, mute_faces, [line]) as job:
        job.look(None)
        plan = job.plan_parts()
    assert len(plan.parts) > 3
    assert (plan.stretches[0].first, plan.stretches[-1].stop) == (0, 68)


def test_another_codec_is_encoded_and_says_so(folder, tmp_path):
    film = make_film(folder / "mpeg4.mp4", SMILE, count=50, codec="mpeg4")
    result = dub(film, identify(film), [replace(LINE, insert_ms=300)], output=tmp_path / "out.mp4")
    assert result.encoded_because == "the video is mpeg4, not H.264"
    assert (result.frame_count, result.frames_copied) == (50, 0)


def test_every_run_is_within_the_plan(long_talk, faces, short_runs):
    with DubJob(long_talk, faces, [LINE]) as job:
        with pytest.raises(RuntimeError):
            job.plan_parts()
        job.look(None)
        plan = job.plan_parts(threads=3)
    assert plan.threads == 3
    assert plan.number == 1
    assert plan.stretches[0] == Stretch(0, plan.stretches[0].stop, True)
    assert plan.stretches[-1].stop == COUNT
    assert sum(one.stop - one.first for one in plan.stretches) == COUNT


def test_temporary_files_lie_where_they_are_told_to_and_leave_nothing(long_talk, faces, tmp_path):
    line = replace(LINE, face_id=faces.faces[0].face_id)
    with DubJob(long_talk, faces, [line], scratch=tmp_path) as job:
        job.look(None)
        assert job.speakers
        assert list(tmp_path.iterdir()) == []
    missing = tmp_path / "missing"
    with (
        DubJob(long_talk, faces, [line], scratch=missing) as job,
        pytest.raises(FailedError, match="no room for temporary files") as caught,
    ):
        job.look(None)
    assert caught.value.reason == "encode_failed"
