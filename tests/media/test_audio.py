from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from media_clips import Clip, click, click_time, make, make_sound

from lipwright.errors import BadInputError
from lipwright.media.audio import SoundInfo, probe_sound, read_sound, read_track, resample

KINDS = {
    "mp3": ("libmp3lame", "mp3"),
    "wav": ("pcm_s16le", "wav"),
    "m4a": ("aac", "ipod"),
}
SHARED = Path(__file__).parents[2] / ".." / "shared" / "media"


def refusal(call, *arguments) -> str:
    with pytest.raises(BadInputError) as caught:
        call(*arguments)
    assert caught.value.field == "speech"
    return caught.value.reason


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_length_and_place_are_true(tmp_path, kind, rate, channels):
    codec, container = KINDS[kind]
    samples = click(2.3456, 1.2, rate, channels)
    path = make_sound(tmp_path / "sound.xyz", samples, codec, container, rate)
    assert probe_sound(path) == SoundInfo(pytest.approx(2346, abs=1), rate, channels, kind)
    for wanted in (16_000, 44_100, 48_000):
        part = read_sound(path, 1000, 1503, wanted)
        assert part.shape == (round(0.503 * wanted), channels)
        assert part.dtype == np.float32
        assert abs(click_time(part, wanted) - 0.2) < 0.0002


def test_adts_is_read_as_it_is(tmp_path):
    """A bare AAC stream cannot tell its encoder's delay: 1024 samples here."""
    path = make_sound(tmp_path / "sound.mp3", click(2, 1), "aac", "adts", 48_000)
    info = probe_sound(path)
    assert info.format == "aac"
    assert 2000 <= info.duration_ms <= 2066
    part = read_sound(path, 500, 1500, 48_000)
    assert abs(click_time(part, 48_000) - 0.5 - 1024 / 48_000) < 0.001


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"])
def test_every_sample_format_has_the_same_scale(tmp_path, codec):
    wave = (0.5 * np.sin(np.arange(48_000) * 0.05)).astype(np.float32)
    path = make_sound(tmp_path / "sound.wav", wave, codec, "wav", 48_000)
    assert np.abs(read_sound(path, 0, 1000, 48_000)[:, 0] - wave).max() < 0.01


def test_a_crop_is_exactly_the_samples(tmp_path):
    noise = np.random.default_rng(3).uniform(-0.5, 0.5, 96_000).astype(np.float32)
    path = make_sound(tmp_path / "sound.wav", noise, "pcm_f32le", "wav", 48_000)
    assert np.array_equal(read_sound(path, 333, 1777, 48_000)[:, 0], noise[333 * 48 : 1777 * 48])
    whole = read_sound(path, 0, 2000, 16_000)
    part = read_sound(path, 333, 1777, 16_000)
    assert np.abs(part - whole[333 * 16 : 1777 * 16]).max() < 1e-5


def test_past_the_end_is_silence(tmp_path):
    path = make_sound(tmp_path / "sound.wav", np.ones(48_000, "f4") / 2, "pcm_s16le", "wav", 48_000)
    part = read_sound(path, 900, 1100, 48_000)
    assert len(part) == 9600
    assert np.all(part[:4800] == 0.5)
    assert np.all(part[4800:] == 0)
    assert np.all(read_sound(path, 5000, 6000, 48_000) == 0)
    with pytest.raises(ValueError, match="no part"):
        read_sound(path, 500, 400, 48_000)


@pytest.mark.parametrize(
    ("codec", "container"), [("libopus", "ogg"), ("flac", "flac"), ("pcm_s16be", "aiff")]
)
def test_other_formats_are_refused_whatever_their_name(tmp_path, codec, container):
    path = make_sound(tmp_path / "sound.mp3", click(1, 0.5), codec, container, 48_000)
    assert refusal(probe_sound, path) == "wrong_format"
    assert refusal(read_sound, path, 0, 500, 16_000) == "wrong_format"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no sound at all " * 1000,
        b"\xff\xfb" * 3000,
        b"ID3\x04\x00\x00\x00\x00\x00\x0a" + b"\x00" * 4000,
        b"RIFF\x00\x00\x00\x00AVI " + b"\x00" * 200,
        np.random.default_rng(5).integers(0, 256, 50_000, dtype=np.uint8).tobytes(),
    ],
)
def test_rubbish_is_refused(tmp_path, content):
    path = tmp_path / "sound.mp3"
    path.write_bytes(content)
    assert refusal(probe_sound, path) == "wrong_format"


def test_a_wav_without_samples_has_no_sound(tmp_path):
    path = make_sound(tmp_path / "sound.wav", click(1, 0.5), "pcm_s16le", "wav", 48_000)
    path.write_bytes(path.read_bytes()[:78])
    assert refusal(probe_sound, path) in ("no_sound", "damaged")


def test_a_video_is_no_sound(tmp_path):
    path = make(tmp_path / "clip.m4a", Clip(sound=click(1, 0.5)))
    assert refusal(probe_sound, path) == "wrong_format"


def test_a_truncated_m4a_is_refused_and_a_truncated_wav_is_shorter(tmp_path):
    path = make_sound(
        tmp_path / "a", click(3, 0.5), "aac", "ipod", 48_000, {"movflags": "+faststart"}
    )
    path.write_bytes(path.read_bytes()[:-400])
    assert refusal(probe_sound, path) == "truncated"
    path = make_sound(tmp_path / "b", click(3, 0.5), "pcm_s16le", "wav", 48_000)
    path.write_bytes(path.read_bytes()[: 44 + 96_000])
    assert abs(probe_sound(path).duration_ms - 1000) <= 1


def test_noise_inside_an_mp3_is_survived_or_named(tmp_path):
    tone = np.sin(np.arange(96_000) * 0.05).astype(np.float32) / 2
    path = make_sound(tmp_path / "a", tone, "libmp3lame", "mp3", 48_000)
    data = bytearray(path.read_bytes())
    data[5000:5600] = np.random.default_rng(1).integers(0, 256, 600, dtype=np.uint8).tobytes()
    path.write_bytes(bytes(data))
    assert abs(probe_sound(path).duration_ms - 2000) < 150


@pytest.mark.parametrize(
    ("layout", "count", "codec", "container"),
    [
        ("5.1", 6, "pcm_f32le", "wav"),
        ("5.1", 6, "aac", "ipod"),
        ("7.1", 8, "pcm_s16le", "wav"),
        ("7.1", 8, "aac", "ipod"),  # eight planes: PyAV's own conversion crashes on them
    ],
)
def test_surround_is_mixed_down(tmp_path, layout, count, codec, container):
    path = tmp_path / "sound"
    packed = np.zeros((48_000, count), np.float32)
    packed[:, 2] = 0.5 * np.sin(np.arange(48_000) * 0.05)  # the centre: speech
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=48_000)
        stream.layout = layout
        frame = av.AudioFrame.from_ndarray(packed.reshape(1, -1), "flt", layout)
        frame.sample_rate = 48_000
        shape = av.AudioResampler(
            format=stream.codec_context.format, layout=layout, rate=48_000, frame_size=1024
        )
        for piece in shape.resample(frame) + shape.resample(None):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    assert probe_sound(path).channels == count
    part = read_sound(path, 0, 1000, 48_000)
    assert part.shape == (48_000, 2)
    assert np.abs(part[:, 0] - part[:, 1]).max() < 0.01
    assert 0.05 < np.abs(part).max() <= 0.5


@pytest.mark.parametrize("delay", [0, 640, 12_800])
@pytest.mark.parametrize("sound_start", [Fraction(0), Fraction(3, 10)])
def test_a_track_counts_from_the_first_picture(tmp_path, delay, sound_start):
    clip = Clip(
        stamps=[delay + 512 * i for i in range(60)],
        sound=click(2.5, 1.5),
        sound_start=sound_start,
    )
    track = read_track(make(tmp_path / "clip.mp4", clip))
    assert track.shape[1] == 2
    expected = 1.5 + float(sound_start) - delay / 12_800
    assert abs(click_time(track, 48_000) - expected) < 0.001
    assert abs(len(track) / 48_000 - (2.5 + float(sound_start) - delay / 12_800)) < 0.002


def test_sound_far_behind_the_picture_is_left_out(tmp_path):
    """Or a tiny file could ask for any amount of silence."""
    clip = Clip(sound=click(1, 0.5), sound_start=Fraction(90_000))
    track = read_track(make(tmp_path / "clip.mp4", clip))
    assert track is None or len(track) < 48_000 * 62


def test_no_track_is_none(tmp_path):
    assert read_track(make(tmp_path / "clip.mp4", Clip())) is None


@pytest.mark.parametrize("rates", [(44_100, 48_000), (16_000, 48_000), (48_000, 16_000)])
def test_resampling_moves_nothing(rates):
    source, target = rates
    samples = click(2, 0.7321, source)[:, None]
    changed = resample(samples, source, target)
    assert abs(len(changed) - 2 * target) <= 1
    assert abs(click_time(changed, target) - 0.7321) < 0.00005


def test_real_sounds():
    if not SHARED.is_dir():
        pytest.skip("the shared sounds are not here")
    info = probe_sound(SHARED / "speech" / "jfk_en_11s.wav")
    assert info == SoundInfo(11_000, 16_000, 1, "wav")
    track = read_track(SHARED / "talking" / "indoor_en_10s.mp4")
    assert abs(len(track) - 48_000 * 10.008) < 48


@pytest.mark.parametrize(("kind", "bits"), [(1, 8), (1, 24), (1, 32), (1, 64), (3, 32), (3, 64)])
def test_wav_samples_of_every_width(tmp_path, kind, bits):
    tone = np.sin(np.arange(16000) / 9) * 0.5
    if kind == 3:
        data = tone.astype(f"<f{bits // 8}").tobytes()
    elif bits == 8:
        data = (tone * 127 + 128).astype("u1").tobytes()
    else:
        whole = (tone * 2.0 ** (bits - 1)).astype("<i8")
        data = whole.view("u1").reshape(-1, 8)[:, : bits // 8].tobytes()
    width = bits // 8
    head = struct.pack("<HHIIHH", kind, 1, 16000, 16000 * width, width, bits)
    body = (
        b"WAVEfmt " + struct.pack("<I", 16) + head + b"data" + struct.pack("<I", len(data)) + data
    )
    path = tmp_path / "tone.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    found = read_sound(path, 0, 1000, 16000)[:, 0]
    assert np.abs(found - tone).max() < 0.02
