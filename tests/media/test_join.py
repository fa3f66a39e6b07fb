"""Joined films are looked at by FFmpeg with every complaint taken for a failure."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from joined_clips import COUNT, GOOD, PLAN, joined, render
from media_clips import Clip, make, number_of

from lipwright.errors import FailedError
from lipwright.media.audio import read_track
from lipwright.media.avc import read_record
from lipwright.media.decode import VideoReader
from lipwright.media.encode import video_writer
from lipwright.media.groups import find_groups
from lipwright.media.join import Source, join
from lipwright.media.probe import probe
from lipwright.media.provenance import read_mark
from lipwright.media.stretch_writer import StretchWriter
from lipwright.media.stretches import Stretch


def pictures(path):
    """(pts, digest, number) of every picture, with any complaint of FFmpeg's a failure."""
    level = av.logging.get_level()
    av.logging.set_level(av.logging.WARNING)
    try:
        with av.logging.Capture() as said, av.open(str(path)) as container:
            found = []
            for frame in container.decode(video=0):
                assert frame.format.name in ("yuv420p", "yuvj420p")
                planes = frame.to_ndarray()
                digest = hashlib.sha256(planes.tobytes()).hexdigest()
                found.append((frame.pts, digest, number_of(planes[: frame.height])))
    finally:
        av.logging.set_level(level)
    assert said == []
    return found


def packets(path):
    with av.open(str(path)) as container:
        return [(p.pts, p.dts, bytes(p)) for p in container.demux(video=0) if p.size]


SOURCES = {
    "b frames": Clip(count=COUNT, options=GOOD),
    "no b frames": Clip(count=COUNT, options={**GOOD, "bf": "0"}),
    "deep pyramid": Clip(
        count=COUNT, options={**GOOD, "bf": "7", "x264-params": "b-adapt=0:b-pyramid=strict"}
    ),
    "baseline": Clip(count=COUNT, options={**GOOD, "profile": "baseline"}),
    "main, one reference": Clip(count=COUNT, options={**GOOD, "profile": "main", "refs": "1"}),
    "slices": Clip(count=COUNT, options={**GOOD, "x264-params": "slices=4"}),
    "every picture fresh": Clip(count=COUNT, options={**GOOD, "g": "1"}),
    "numbers taken": Clip(count=COUNT, options={**GOOD, "x264-params": "sps-id=0"}),
    "ntsc": Clip(
        count=COUNT, rate=Fraction(30000, 1001), time_base=Fraction(1, 30_000), options=GOOD
    ),
    "late": Clip(count=COUNT, stamps=[9_000 + 512 * i for i in range(COUNT)], options=GOOD),
    "uneven": Clip(
        count=COUNT,
        stamps=[512 * i + 97 * (i % 5) for i in range(COUNT)],
        options=GOOD,
    ),
    "turned": Clip(count=COUNT, rotation=90, options=GOOD),
    "full range": Clip(count=COUNT, color=(1, 1, 1, 2), options=GOOD),
    "tagged": Clip(count=COUNT, color=(9, 16, 9, 1), options=GOOD),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_copied_pictures_are_the_sources_to_the_bit_and_all_keep_their_time(tmp_path, kind):
    source = make(tmp_path / "source.mp4", SOURCES[kind])
    target = joined(source, tmp_path)
    before, after = pictures(source), pictures(target)
    assert [one[0] for one in after] == [one[0] for one in before]
    for first, stop, copied in PLAN:
        same = [a[1] == b[1] for a, b in zip(before[first:stop], after[first:stop], strict=True)]
        assert all(same) if copied else not any(same)
        if copied:
            assert {p[0]: p[2] for p in packets(source)[first:stop]}.items() <= {
                p[0]: p[2] for p in packets(target)
            }.items()
    if SOURCES[kind].rotation == 0:
        assert [one[2] for one in after] == list(range(COUNT))


@pytest.mark.parametrize("kind", SOURCES)
def test_the_track_is_described_as_if_it_had_been_encoded_in_one(tmp_path, kind):
    source = make(tmp_path / "source.mp4", SOURCES[kind])
    target = joined(source, tmp_path)
    whole = tmp_path / "whole.mp4"
    with VideoReader(source) as reader, video_writer(whole, reader.info, synthetic=True) as writer:
        for frame in reader:
            writer.write(frame.y, frame.u, frame.v, frame.pts)
    with VideoReader(target) as one, VideoReader(whole) as other:
        assert replace(one.info, size_bytes=0) == replace(other.info, size_bytes=0)
        assert one.stamps.tolist() == other.stamps.tolist()
    with av.open(str(target)) as one, av.open(str(whole)) as other:
        left, right = one.streams.video[0], other.streams.video[0]
        for name in ("average_rate", "time_base", "duration", "start_time", "frames"):
            assert getattr(left, name) == getattr(right, name), name
        for name in ("width", "height", "color_range", "colorspace", "color_trc"):
            mine = getattr(left.codec_context, name)
            assert mine == getattr(right.codec_context, name), name
        assert (left.sample_aspect_ratio or 1) == (right.sample_aspect_ratio or 1)
    found = packets(target)
    assert all(a[1] < b[1] for a, b in pairwise(found))
    assert all(dts <= pts for pts, dts, _ in found)


def test_the_last_picture_is_not_taken_to_stay_as_long_as_another(tmp_path):
    stamps = [0, 512, 900, 2000, 2300, 2400, 4000, 4512]
    source = make(tmp_path / "source.mp4", Clip(count=len(stamps), stamps=stamps))
    target = joined(source, tmp_path, plan=((0, len(stamps), False),))
    # A packet's length is the step to the next one's decoding; the last picture's comes earlier.
    assert packets(target)[-1][0] < stamps[-1]
    assert probe(target).duration_pts == probe(source).duration_pts == 4512 + 512


def test_one_description_announces_both_encoders(tmp_path):
    source = make(tmp_path / "source.mp4", SOURCES["b frames"])
    target = joined(source, tmp_path, number=5)
    with av.open(str(target)) as container:
        record = bytes(container.streams.video[0].codec_context.extradata)
    assert read_record(record).ids == {0, 5}
    kinds = {data[4] & 31 for _, _, data in packets(target)}
    assert kinds <= {1, 5, 6}


def test_seeking_finds_the_right_picture_on_either_side_of_a_joint(tmp_path):
    source = make(tmp_path / "source.mp4", SOURCES["b frames"])
    with VideoReader(joined(source, tmp_path)) as reader:
        assert reader.keys.tolist() == [0, 12, 24, 36, 48]
        for index in (0, 11, 23, 24, 25, 35, 36, 40, 47, 48, 59):
            frame = next(reader.frames(Fraction(index, 25)))
            assert (frame.index, number_of(frame.y)) == (index, index)


def test_the_sound_is_there_whole_and_the_mark_too(tmp_path):
    source = make(tmp_path / "source.mp4", SOURCES["late"])
    times = np.arange(round(2.7 * 48_000)) / 48_000
    sound = np.repeat(0.3 * np.sin(2 * np.pi * 330 * times)[:, None], 2, 1).astype(np.float32)
    target = joined(source, tmp_path, sound=sound)
    found = read_track(target)
    assert len(found) == pytest.approx(len(sound), abs=48)
    middle = slice(4_800, 120_000)
    assert np.abs(found[middle] - sound[middle]).max() < 0.02
    assert "synthetic" in read_mark(target)
    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_parts_are_the_same_bytes_whoever_encodes_them(tmp_path):
    source = make(tmp_path / "source.mp4", SOURCES["uneven"])
    with VideoReader(source) as reader:
        one = render(reader, Stretch(24, 36, False), tmp_path / "a").read_bytes()
        render(reader, Stretch(0, 24, False), tmp_path / "b")
        assert render(reader, Stretch(24, 36, False), tmp_path / "c").read_bytes() == one


def test_ffmpegs_own_program_has_no_complaint(tmp_path):
    program = shutil.which("ffmpeg")
    if program is None:
        pytest.skip("no ffmpeg on the path")
    source = make(tmp_path / "source.mp4", SOURCES["b frames"])
    target = joined(source, tmp_path)
    run = subprocess.run(
        [program, "-v", "warning", "-xerror", "-err_detect", "explode"]
        + ["-i", str(target), "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")


def test_what_does_not_fit_together_is_refused(tmp_path):
    source = make(tmp_path / "source.mp4", SOURCES["b frames"])
    target = tmp_path / "joined.mp4"
    with VideoReader(source) as reader:
        groups = find_groups(source, reader.survey)
        origin = Source(source, reader.survey.stream_index, groups)
        first = render(reader, Stretch(0, 12, False), tmp_path / "0")
        second = render(reader, Stretch(12, 24, False), tmp_path / "1")
        clash = render(reader, Stretch(24, 36, False), tmp_path / "2", number=0)
        cases = [
            [(Stretch(0, 12, False), first), (Stretch(0, 24, True), None)],
            [(Stretch(12, 24, False), second), (Stretch(0, 12, False), first)],
            [(Stretch(0, 24, True), None), (Stretch(24, 36, False), clash)],
            [(Stretch(0, 12, False), None)],
            [(Stretch(0, 12, False), tmp_path / "missing")],
            [],
        ]
        for stretches in cases:
            with pytest.raises(FailedError):
                join(target, reader.info, stretches, origin, None, synthetic=False)
        with pytest.raises(FailedError):
            join(target, reader.info, [(Stretch(0, 24, True), None)], None, None, synthetic=False)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["0", "1", "2", "source.mp4"]


def test_a_part_that_fails_leaves_nothing(tmp_path):
    source = make(tmp_path / "source.mp4", Clip(count=3))
    path = tmp_path / "part"
    with VideoReader(source) as reader:
        y, u, v = [getattr(next(iter(reader)), name) for name in "yuv"]

        def write(*pictures):
            with StretchWriter(path, reader.info, threads=1) as writer:
                for luma, pts in pictures:
                    writer.write(luma, u, v, pts)

        with pytest.raises(ValueError, match="rise"):
            write((y, 5), (y, 5))
        with pytest.raises(ValueError, match="picture is"):
            write((y, 5), (y[2:], 6))
        assert not path.exists()
        write((y, 5), (y, 6))
        assert path.exists()
        with pytest.raises(FailedError):
            StretchWriter(tmp_path / "no" / "part", reader.info, threads=1)
