from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from media_clips import Clip, make, number_of

from lipwright.errors import BadInputError
from lipwright.media.decode import VideoReader


def numbers(frames):
    return [number_of(frame.y) for frame in frames]


B_FRAMES = {"crf": "10", "preset": "medium", "bf": "3", "g": "10", "x264-params": "b-adapt=0"}


@pytest.mark.parametrize(
    "clip",
    [
        Clip(),
        Clip(options=B_FRAMES, count=35),
        Clip(options={**B_FRAMES, "x264-params": "open-gop=1:b-adapt=0:keyint=8"}, count=40),
        Clip(rate=Fraction(30000, 1001), time_base=Fraction(1, 30000)),
        Clip(pix_fmt="yuv420p10le"),
        Clip(pix_fmt="yuv422p"),
        Clip(pix_fmt="yuv444p"),
        Clip(pix_fmt="yuvj420p", color=(2, 2, 2, 2)),
        Clip(codec="prores_ks", pix_fmt="yuv422p10le", container="mov", options={}),
        Clip(codec="mjpeg", pix_fmt="yuvj422p", container="mov", options={}),
        Clip(codec="mpeg4", container="mov", options={"bf": "2"}, time_base=Fraction(1, 25)),
        Clip(muxer={"movflags": "frag_keyframe+empty_moov"}, options=B_FRAMES),
        Clip(muxer={"movflags": "negative_cts_offsets"}, options=B_FRAMES),
        Clip(options=B_FRAMES, muxer={"use_editlist": "0"}),
    ],
    ids=lambda clip: f"{clip.codec}-{clip.pix_fmt}-{clip.muxer}-{len(clip.options)}",
)
def test_every_frame_comes_once_and_in_order(tmp_path, clip):
    path = make(tmp_path / "clip", clip)
    with VideoReader(path) as reader:
        frames = list(reader)
        info = reader.info
    assert numbers(frames) == list(range(clip.count))
    assert [frame.index for frame in frames] == list(range(clip.count))
    assert info.frame_count == clip.count
    assert info.frame_rate == clip.rate
    step = 1 / clip.rate
    assert all(abs(frame.time - frame.index * step) < info.time_base for frame in frames)
    for frame in frames:
        assert frame.y.shape == (clip.height, clip.width)
        assert frame.u.shape == frame.v.shape == (clip.height // 2, clip.width // 2)
        assert frame.y.dtype == np.uint8


def test_reads_again_and_keeps_views_alive(tmp_path):
    path = make(tmp_path / "clip.mp4", Clip(count=30))
    with VideoReader(path) as reader:
        first = list(reader)
        second = list(reader.frames())
    del reader
    assert numbers(first) == numbers(second) == list(range(30))


@pytest.mark.parametrize("muxer", [{}, {"movflags": "frag_keyframe+empty_moov"}])
@pytest.mark.parametrize("open_gop", ["open-gop=1:keyint=8:b-adapt=0", "keyint=8:b-adapt=0"])
def test_seeking_gives_the_same_frames_with_the_same_places(tmp_path, muxer, open_gop):
    options = {**B_FRAMES, "x264-params": open_gop}
    path = make(tmp_path / "clip.mp4", Clip(count=60, options=options, muxer=muxer))
    with VideoReader(path) as reader:
        whole = list(reader)
        for begin in range(0, 60, 7):
            start, end = whole[begin].time, whole[begin].time + Fraction(1, 4)
            some = list(reader.frames(start, end))
            expected = [f for f in whole if start <= f.time < end]
            assert [(f.index, f.pts, f.time) for f in some] == [
                (f.index, f.pts, f.time) for f in expected
            ]
            assert numbers(some) == numbers(expected)
        between = whole[20].time + Fraction(1, 1000)
        assert next(reader.frames(between)).index == 21
        assert list(reader.frames(Fraction(100))) == []


def test_seeking_really_skips_the_beginning(tmp_path, monkeypatch):
    path = make(tmp_path / "clip.mp4", Clip(count=200, options={**B_FRAMES, "g": "10"}))
    with VideoReader(path) as reader:
        seen = []
        decode = reader._decode
        monkeypatch.setattr(
            reader, "_decode", lambda *given: (seen.append(f.pts) or f for f in decode(*given))
        )
        assert next(reader.frames(Fraction(7))).index == 175
    assert len(seen) < 30


def test_variable_rate_keeps_every_stamp(tmp_path):
    stamps = [0, 500, 700, 2000, 2001, 9000, 9500, 20000]
    clip = Clip(stamps=stamps, options=B_FRAMES, last_duration=640)
    with VideoReader(make(tmp_path / "clip.mp4", clip)) as reader:
        frames = list(reader)
    assert [frame.pts for frame in frames] == stamps
    assert [frame.time for frame in frames] == [Fraction(p, 12800) for p in stamps]
    assert numbers(frames) == list(range(8))
    # The container cannot tell the last picture's length with these stamps: a usual one it is.
    assert 20000 + 128 < reader.info.duration_pts < 20000 + 1280
    assert abs(reader.info.frame_rate - Fraction(8 * 12800, 20640)) < Fraction(1, 10)


def test_first_stamp_need_not_be_zero(tmp_path):
    stamps = [6400 + 512 * i for i in range(20)]
    with VideoReader(make(tmp_path / "clip.mp4", Clip(stamps=stamps))) as reader:
        frames = list(reader)
        later = list(reader.frames(Fraction(512 * 10, 12800)))
    assert [frame.pts for frame in frames] == stamps
    assert frames[0].time == 0
    assert reader.info.start_pts == 6400
    assert reader.info.duration_ms == 800
    assert later[0].index == 10
    assert number_of(later[0].y) == 10


def test_negative_stamps_are_cut_by_the_edit_list_or_kept(tmp_path):
    stamps = [-1024 + 512 * i for i in range(20)]
    with VideoReader(make(tmp_path / "clip.mp4", Clip(stamps=stamps))) as reader:
        frames = list(reader)
    assert len(frames) == reader.info.frame_count
    assert [f.index for f in frames] == list(range(len(frames)))
    shown = numbers(frames)
    assert shown == list(range(20))[-len(shown) :]
    assert all(np.diff([f.pts for f in frames]) == 512)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pictures_are_upright(tmp_path, rotation):
    clip = Clip(rotation=rotation, count=4)
    with VideoReader(make(tmp_path / "clip.mp4", clip)) as reader:
        frame = next(iter(reader))
    assert reader.info.rotation == rotation
    expected = np.rot90(_stored_luma(tmp_path), -rotation // 90)
    assert frame.y.shape == expected.shape == (reader.info.height, reader.info.width)
    assert np.abs(frame.y.astype(int) - expected).mean() < 1
    assert frame.u.shape == (frame.height // 2, frame.width // 2)
    # The red corner: bottom left as stored, so its red must turn with the picture.
    turns = {0: (-1, 0), 90: (0, 0), 180: (0, -1), 270: (-1, -1)}
    row, column = turns[rotation]
    assert frame.v[row, column] == frame.v.max() > 180


def _stored_luma(folder):
    with VideoReader(make(folder / "plain.mp4", Clip(count=4))) as reader:
        return next(iter(reader)).y


def test_odd_sides_lose_their_last_line(tmp_path):
    clip = Clip(width=163, height=97, codec="mpeg4", container="mov", options={})
    clip.time_base = Fraction(1, 25)
    with VideoReader(make(tmp_path / "clip.mov", clip)) as reader:
        frames = list(reader)
    assert (reader.info.width, reader.info.height) == (162, 96)
    assert frames[0].y.shape == (96, 162)
    assert frames[0].u.shape == (48, 81)
    assert numbers(frames) == list(range(20))


def test_planes_keep_range_and_levels(tmp_path):
    limited = Clip(count=2, options={"crf": "1", "preset": "ultrafast"})
    full = Clip(**{**vars(limited), "pix_fmt": "yuvj420p", "color": (2, 2, 2, 2)})
    deep = Clip(**{**vars(limited), "pix_fmt": "yuv422p10le"})
    planes = {}
    for name, clip in (("limited", limited), ("full", full), ("deep", deep)):
        with VideoReader(make(tmp_path / f"{name}.mp4", clip)) as reader:
            planes[name] = next(iter(reader))
            assert reader.info.color.range == (2 if name == "full" else reader.info.color.range)
    row, column = 48, 20  # grey 60
    assert abs(int(planes["full"].y[row, column]) - 60) <= 2
    assert abs(int(planes["limited"].y[row, column]) - (16 + 60 * 219 / 255)) <= 2
    assert abs(int(planes["deep"].y[row, column]) - (16 + 60 * 219 / 255)) <= 2


def test_damage_in_the_middle_is_survived_or_named(tmp_path):
    path = make(tmp_path / "clip.mp4", Clip(count=100, width=320, height=192))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(data)
    with VideoReader(path) as reader:
        frames = list(reader)
    assert len(frames) >= 90
    assert all(np.diff([frame.pts for frame in frames]) > 0)


def test_rubbish_for_pictures_is_refused(tmp_path):
    path = make(tmp_path / "clip.mp4", Clip(count=100, width=320, height=192))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    noise = np.random.default_rng(1).integers(0, 256, len(data) - start - 4000, dtype=np.uint8)
    data[start : start + len(noise)] = noise.tobytes()
    path.write_bytes(data)
    with pytest.raises(BadInputError) as caught:
        list(VideoReader(path))
    assert caught.value.field == "video"
    assert caught.value.reason in ("damaged", "truncated")


@pytest.mark.parametrize("threads", [1, 3])
def test_frames_that_serve_no_other_can_be_left_out(tmp_path, threads):
    path = make(tmp_path / "clip.mp4", Clip(count=60, options={**B_FRAMES, "g": "20"}))
    with VideoReader(path, threads=threads) as reader:
        assert reader.can_leave_out
        whole = list(reader)
        wanted = {1, 2, 3, 17, 30, 31, 59}
        some = list(reader.frames(wanted=wanted.__contains__))
        assert wanted <= {frame.index for frame in some}
        assert len(some) < 50
        for frame in some:
            same = whole[frame.index]
            assert (frame.pts, frame.time) == (same.pts, same.time)
            for plane, other in ((frame.y, same.y), (frame.u, same.u), (frame.v, same.v)):
                np.testing.assert_array_equal(plane, other)
        within = list(reader.frames(whole[25].time, whole[45].time, wanted=lambda index: True))
        assert [frame.index for frame in within] == list(range(25, 45))


def test_nothing_is_left_out_where_it_cannot_be_told(tmp_path):
    path = make(tmp_path / "clip.mp4", Clip(count=12, codec="mpeg4", options={"bf": "2"}))
    with VideoReader(path) as reader:
        assert not reader.can_leave_out
        assert len(list(reader.frames(wanted=lambda index: False))) == 12
