from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from media_clips import Clip, click, make, make_sound

import lipwright.media.probe
from lipwright.errors import BadInputError
from lipwright.media.probe import check_decodable, probe
from lipwright.media.types import ColorTags

SHARED = Path(__file__).parents[2] / ".." / "shared" / "media"


def refusal(path: Path, call=probe) -> str:
    with pytest.raises(BadInputError) as caught:
        call(path)
    assert caught.value.field == "video"
    assert caught.value.detail
    assert not caught.value.detail.endswith(".")
    return caught.value.reason


def test_tells_what_a_clip_is(tmp_path):
    clip = Clip(
        rate=Fraction(30000, 1001),
        time_base=Fraction(1, 30000),
        count=31,
        rotation=90,
        color=(1, 1, 1, 1),
        sound=click(1, 0.5),
    )
    path = make(tmp_path / "clip.mp4", clip)
    info = probe(path)
    assert (info.width, info.height) == (96, 160)
    assert info.frame_rate == Fraction(30000, 1001)
    assert info.time_base == Fraction(1, 30000)
    assert info.duration_ms == round(31 * 1001 / 30)
    assert info.duration_pts == 31 * 1001
    assert info.frame_count == 31
    assert info.rotation == 90
    assert not info.mirrored
    assert info.color == ColorTags(1, 1, 1, 1)
    assert info.has_audio
    assert info.container == "mov,mp4,m4a,3gp,3g2,mj2"
    assert info.codec == "h264"
    assert info.size_bytes == path.stat().st_size


def test_the_suffix_is_not_looked_at(tmp_path):
    make(tmp_path / "clip.mp4", Clip())
    for name in ("clip.txt", "clip.m3u8", "clip.mp3"):
        os.replace(next(tmp_path.iterdir()), tmp_path / name)
        assert probe(tmp_path / name).frame_count == 20


def test_a_name_that_looks_like_an_address_is_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path / "clip.mp4", Clip())
    os.replace("clip.mp4", "concat:clip.mp4")
    assert probe(Path("concat:clip.mp4")).frame_count == 20


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not_a_video"),
        (b"hello, this is no video at all" * 100, "not_a_video"),
        (b"\x00" * 5000, "not_a_video"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1/a.ts\n", "not_a_video"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not_a_video"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, "not_a_video"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1" + b"\x00" * 100, "not_a_video"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "not_a_video"),
        (b"\x1aE\xdf\xa3" + b"\x00" * 1000, "wrong_container"),
        (b"RIFF\x00\x10\x00\x00AVI LIST" + b"\x00" * 1000, "wrong_container"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2\x00\x00\x90\x00moov", "truncated"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2\x00\x00\x90\x00mdat123", "truncated"),
    ],
)
def test_refuses_what_is_no_mp4(tmp_path, content, reason):
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    assert refusal(path) == reason


def test_refuses_other_containers_under_a_lying_suffix(tmp_path):
    path = make(tmp_path / "clip.mp4", Clip(container="matroska"))
    assert refusal(path) == "wrong_container"
    assert probe(path, any_container=True).frame_count == 20


def test_refuses_sound_without_picture(tmp_path):
    sound = click(1, 0.5)
    assert refusal(make_sound(tmp_path / "a.mp4", sound, "aac", "mp4", 48_000)) == "no_video_stream"
    assert refusal(make_sound(tmp_path / "b", sound, "pcm_s16le", "wav", 48_000)) == (
        "no_video_stream"
    )


def test_cover_art_is_no_video(tmp_path):
    path = tmp_path / "song.m4a"
    with av.open(str(path), "w", format="mp4") as out:
        sound = out.add_stream("aac", rate=48_000)
        sound.layout = "mono"
        cover = out.add_stream("mjpeg", rate=1)
        cover.width = cover.height = 64
        cover.pix_fmt = "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 48_000
        picture = VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
        out.mux(cover.encode(picture.reformat(format="yuvj420p")) + cover.encode(None))
        out.mux(sound.encode(frame) + sound.encode(None))
    with av.open(str(path)) as made:
        assert made.streams.video
    assert refusal(path) == "no_video_stream"


@pytest.mark.parametrize(
    "muxer",
    [
        {"movflags": "+faststart"},
        {},
        {"movflags": "frag_keyframe+empty_moov"},
        {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_size": "2000"},
    ],
    ids=str,
)
@pytest.mark.parametrize("kept", [0.97, 0.8, 0.5, 0.1, 0.02])
def test_refuses_truncated_files(tmp_path, muxer, kept):
    sound = click(4, 0.5)
    clip = Clip(count=100, muxer=muxer, sound=sound, options={"g": "10"})
    path = make(tmp_path / "clip.mp4", clip)
    check_decodable(path)
    data = path.read_bytes()
    end = data.index(b"mfra") - 4 if b"mfra" in data else len(data)  # seek table, not needed
    path.write_bytes(data[: int(end * kept)])
    assert refusal(path) == "truncated"
    assert refusal(path, check_decodable) == "truncated"


def test_what_follows_the_last_box_is_ignored(tmp_path):
    path = make(tmp_path / "clip.mp4", Clip())
    with path.open("ab") as file:
        file.write(b"\x00" * 1000 + b"trailing rubbish")
    assert probe(path).frame_count == 20


def test_the_picture_size_is_limited(tmp_path, monkeypatch):
    path = make(tmp_path / "clip.mp4", Clip())
    monkeypatch.setattr(lipwright.media.probe, "MAX_PIXELS", 160 * 96 - 1)
    assert refusal(path) == "picture_too_large"


def test_every_corruption_is_a_bad_input_or_a_video(tmp_path):
    """Flipped bytes anywhere in the index never raise anything but BadInputError."""
    path = make(tmp_path / "clip.mp4", Clip(count=12, sound=click(0.5, 0.2)))
    data = path.read_bytes()
    moov = data.index(b"moov")
    random = np.random.default_rng(7)
    outcomes = set()
    for _ in range(150):
        broken = bytearray(data)
        for at in random.integers(moov, len(data), 3):
            broken[at] = random.integers(0, 256)
        path.write_bytes(bytes(broken))
        try:
            probe(path)
            outcomes.add("video")
        except BadInputError as error:
            outcomes.add(error.reason)
    assert len(outcomes) > 1


def test_real_clips():
    if not SHARED.is_dir():
        pytest.skip("the shared clips are not here")
    info = probe(SHARED / "talking" / "indoor_en_10s.mp4")
    assert (info.width, info.height, info.frame_count) == (1080, 1920, 250)
    assert info.has_audio
    assert probe(SHARED / "talking" / "anchor_en_60s.mp4").color.range == 2
    assert refusal(SHARED / "talking" / "grid_bbaf2n.mpg") == "wrong_container"
    grid = probe(SHARED / "talking" / "grid_bbaf2n.mpg", any_container=True)
    assert (grid.width, grid.height, grid.frame_rate) == (360, 288, 25)
