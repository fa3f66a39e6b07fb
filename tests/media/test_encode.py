from __future__ import annotations

import resource
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from media_clips import Clip, click, click_time, make, number_of

from lipwright.errors import FailedError
from lipwright.media.audio import read_track
from lipwright.media.container import boxes_of
from lipwright.media.decode import VideoReader
from lipwright.media.encode import video_writer
from lipwright.media.probe import probe

B_FRAMES = {"crf": "10", "preset": "medium", "bf": "3", "g": "10", "x264-params": "b-adapt=0"}


def copy(source, target, audio=None):
    with VideoReader(source) as reader, video_writer(target, reader.info, audio) as writer:
        for frame in reader:
            writer.write(frame.y, frame.u, frame.v, frame.pts)
        return reader.info


CLIPS = {
    "plain": Clip(),
    "ntsc": Clip(rate=Fraction(30000, 1001), time_base=Fraction(1, 30000), count=33),
    "film": Clip(rate=Fraction(24000, 1001), time_base=Fraction(1, 24000), count=24),
    "ms-clock": Clip(rate=Fraction(30), time_base=Fraction(1, 1000), count=30),
    "coarse-clock": Clip(time_base=Fraction(1, 25)),
    "fine-clock": Clip(time_base=Fraction(1, 90_000), rate=Fraction(60), count=60),
    "b-frames": Clip(options=B_FRAMES, count=37),
    "vfr": Clip(stamps=[0, 512, 900, 2000, 2300, 2400, 4000, 4512], last_duration=600),
    "late": Clip(stamps=[1280 + 512 * i for i in range(20)]),
    "no-edit-list": Clip(options=B_FRAMES, muxer={"use_editlist": "0"}),
    "quarter": Clip(rotation=90),
    "half": Clip(rotation=180),
    "three-quarters": Clip(rotation=270, color=(1, 1, 1, 1)),
    "bt709": Clip(color=(1, 1, 1, 1)),
    "bt601-full": Clip(color=(6, 6, 6, 2), pix_fmt="yuvj420p"),
    "hdr": Clip(color=(9, 16, 9, 1), pix_fmt="yuv420p10le"),
    "range-only": Clip(color=(2, 2, 2, 2), pix_fmt="yuvj420p"),
    "two-frames": Clip(count=2),
}


@pytest.mark.parametrize("name", CLIPS)
@pytest.mark.parametrize("with_sound", [True, False])
def test_the_result_is_like_the_source(tmp_path, name, with_sound):
    clip = CLIPS[name]
    source = make(tmp_path / "source.mp4", clip)
    audio = click(1.0, 0.5, channels=2) if with_sound else None
    was = copy(source, tmp_path / "result.mp4", audio)
    now = probe(tmp_path / "result.mp4")
    kept = (
        "width height time_base rotation mirrored color start_pts frame_count container "
        "pixel_aspect frame_rate duration_pts duration_ms"
    )
    for field in kept.split():
        assert getattr(now, field) == getattr(was, field), field
    assert (now.codec, now.has_audio) == ("h264", with_sound)
    with VideoReader(source) as a, VideoReader(tmp_path / "result.mp4") as b:
        first, second = list(a), list(b)
    assert [f.pts for f in first] == [f.pts for f in second]
    assert [number_of(f.y) for f in first] == [number_of(f.y) for f in second]
    assert np.abs(first[1].y.astype(int) - second[1].y).mean() < 1.5
    assert np.abs(first[1].v.astype(int) - second[1].v).mean() < 1.5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["result.mp4", "source.mp4"]


def test_the_index_comes_first_and_the_codecs_are_as_promised(tmp_path):
    source = make(tmp_path / "source.mp4", Clip(count=50))
    copy(source, tmp_path / "result.mp4", click(2, 1, channels=2))
    data = (tmp_path / "result.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert boxes_of(tmp_path / "result.mp4").has_index
    with av.open(str(tmp_path / "result.mp4")) as made:
        video, audio = made.streams.video[0], made.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (audio.codec_context.name, audio.codec_context.sample_rate) == ("aac", 48_000)
        assert audio.codec_context.channels == 2
        assert video.average_rate == 25
        assert video.base_rate == 25
        assert made.duration == 2_000_000


@pytest.mark.parametrize("start", [0, 640, 1280, 12800])
@pytest.mark.parametrize("at", [0.05, 0.75, 1.9])
def test_sound_lands_where_it_was_put(tmp_path, start, at):
    clip = Clip(stamps=[start + 512 * i for i in range(50)])
    source = make(tmp_path / "source.mp4", clip)
    put = click(2, at, channels=2)
    copy(source, tmp_path / "result.mp4", put)
    track = read_track(tmp_path / "result.mp4")
    assert track is not None
    assert abs(click_time(track, 48_000) - at) < 0.0005
    assert abs(len(track) - len(put)) <= 1
    # And as a player has it: the container's own clock, sound against the first picture.
    with av.open(str(tmp_path / "result.mp4")) as made:
        video = made.streams.video[0]
        frames = list(made.decode(made.streams.audio[0]))
        first = frames[0].pts * frames[0].time_base - video.start_time * video.time_base
        samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    assert abs(float(first) + click_time(samples, 48_000) - at) < 0.001


def test_sound_is_cut_or_filled_by_nobody_here(tmp_path):
    source = make(tmp_path / "source.mp4", Clip(count=25))
    for length in (0.3, 1.0, 1.7):
        copy(source, tmp_path / "result.mp4", click(length, 0.1, channels=2))
        track = read_track(tmp_path / "result.mp4")
        assert abs(len(track) - round(48_000 * length)) <= 1


def test_mirrored_pictures_come_back(tmp_path):
    source = make(tmp_path / "source.mp4", Clip(count=3))
    with VideoReader(source) as reader:
        frames = list(reader)
        for rotation in (0, 90, 180, 270):
            turned = replace(reader.info, mirrored=True, rotation=rotation)
            if rotation % 180:
                turned = replace(turned, width=reader.info.height, height=reader.info.width)
            shown = [np.rot90(p) if rotation % 180 else p for p in _planes(frames[2])]
            with video_writer(tmp_path / "result.mp4", turned) as writer:
                writer.write(*shown, 0)
                writer.write(*shown, 512)
            with VideoReader(tmp_path / "result.mp4") as again:
                assert (again.info.rotation, again.info.mirrored) == (rotation, True)
                for one, other in zip(_planes(next(iter(again))), shown, strict=True):
                    assert np.abs(one.astype(int) - other).mean() < 1.5


def _planes(frame):
    return frame.y, frame.u, frame.v


def test_an_exception_leaves_nothing_behind(tmp_path):
    source = make(tmp_path / "source.mp4", Clip())
    (tmp_path / "result.mp4").write_bytes(b"what was here before")

    def fail():
        with VideoReader(source) as reader, video_writer(tmp_path / "result.mp4", reader.info) as w:
            for frame in reader:
                w.write(frame.y, frame.u, frame.v, frame.pts)
                if frame.index == 5:
                    raise KeyError("stop")

    with pytest.raises(KeyError):
        fail()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["result.mp4", "source.mp4"]
    assert (tmp_path / "result.mp4").read_bytes() == b"what was here before"


def test_no_picture_is_a_failure(tmp_path):
    info = probe(make(tmp_path / "source.mp4", Clip()))
    with pytest.raises(FailedError), video_writer(tmp_path / "result.mp4", info):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["source.mp4"]
    with pytest.raises(FailedError), video_writer(tmp_path / "nowhere" / "result.mp4", info):
        pass


def test_wrong_pictures_are_refused(tmp_path):
    source = make(tmp_path / "source.mp4", Clip())
    with VideoReader(source) as reader, video_writer(tmp_path / "result.mp4", reader.info) as w:
        frame = next(iter(reader))
        w.write(frame.y, frame.u, frame.v, 512)
        with pytest.raises(ValueError, match="does not rise"):
            w.write(frame.y, frame.u, frame.v, 512)
        with pytest.raises(ValueError, match="picture is"):
            w.write(frame.y[2:], frame.u[1:], frame.v[1:], 1024)


def test_planes_may_be_changed_after_writing(tmp_path):
    info = probe(make(tmp_path / "source.mp4", Clip()))
    y = np.full((96, 160), 50, np.uint8)
    u = np.full((48, 80), 128, np.uint8)
    with video_writer(tmp_path / "result.mp4", info) as writer:
        for number in range(20):
            y[:] = 50 + 5 * number
            writer.write(y, u, u, 512 * number)
        y[:] = 0
    with VideoReader(tmp_path / "result.mp4") as reader:
        means = [float(frame.y.mean()) for frame in reader]
    assert np.allclose(means, 50 + 5 * np.arange(20), atol=1)


def test_memory_does_not_grow_with_length(tmp_path):
    """Ten times as many pictures, 60 MB of them decoded at once would show."""
    source = make(tmp_path / "source.mp4", Clip(width=640, height=480, count=20))
    with VideoReader(source) as reader:
        planes = _planes(next(iter(reader)))
        info = reader.info

    def write(count):
        with video_writer(tmp_path / "result.mp4", info, np.zeros((1920 * count, 2), "f4")) as w:
            for number in range(count):
                w.write(*planes, 512 * number)
        with VideoReader(tmp_path / "result.mp4") as again:
            assert sum(1 for _ in again) == count
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    write(60)
    before = write(60)
    assert write(400) - before < 20_000  # kB
