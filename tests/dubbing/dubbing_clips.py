"""Short films with sound, and sounds to say."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from face_clips import Person, film

from lipwright.media.types import ColorTags, VideoInfo

SPOKEN = Path(__file__).parents[2] / "demo" / "line.wav"
"""Three seconds of synthetic speech that begins after a tenth of a second."""

SIDE = 192
SMILE = (Person(0, 10_000, 92, 96, side=168, drift=0.1),)
SOUND_RATE = 48_000
TIME_BASE = Fraction(1, 12_800)
TICKS = 512
HELD = 31
"""This picture of a film with a held picture stays on screen twice as long."""

TAIL = 0.4
"""How many seconds longer than their picture the films' own sound is."""

TONE = 0.05
"""Level of the films' own sound, a sine of 440 Hz."""

GOOD = VideoInfo(
    width=1280,
    height=720,
    frame_rate=Fraction(25),
    time_base=Fraction(1, 12_800),
    duration_ms=10_000,
    rotation=0,
    color=ColorTags(),
    has_audio=True,
    container="mov,mp4,m4a,3gp,3g2,mj2",
    codec="h264",
    size_bytes=5_000_000,
)
"""An ordinary video, inside every limit."""


def stamps(count: int, *, held: bool) -> list[int]:
    return [TICKS * (index + (held and index > HELD)) for index in range(count)]


def make_film(
    path: Path,
    people: Sequence[Person],
    *,
    count: int = 64,
    sound: bool = False,
    codec: str = "libx264",
    group: int = 250,
    width: int = SIDE,
) -> Path:
    """Write an mp4 of 192 pixels' height, 25 pictures a second; with sound one picture is held."""
    options = {"crf": "12", "preset": "veryfast", "g": str(group)}
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25, options=options)
        stream.width, stream.height = width, SIDE
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = TIME_BASE
        track = out.add_stream("aac", rate=SOUND_RATE, layout="stereo") if sound else None
        all_stamps = stamps(count + 1, held=sound)
        frames = film(count, people, width=width, height=SIDE)
        for frame, pts, after in zip(frames, all_stamps, all_stamps[1:], strict=False):
            picture = VideoFrame.from_ndarray(_stacked(frame), "yuv420p")
            picture.pts, picture.time_base, picture.duration = pts, TIME_BASE, after - pts
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
        if track is not None:
            for start, block in _blocks(own_sound(float(all_stamps[-1] * TIME_BASE) + TAIL)):
                piece = AudioFrame.from_ndarray(block, "fltp", "stereo")
                piece.sample_rate, piece.pts = SOUND_RATE, start
                piece.time_base = Fraction(1, SOUND_RATE)
                out.mux(track.encode(piece))
            out.mux(track.encode(None))
    return path


def own_sound(seconds: float) -> np.ndarray:
    """(n,) the films' own sound."""
    times = np.arange(round(seconds * SOUND_RATE)) / SOUND_RATE
    return (TONE * np.sin(2 * np.pi * 440 * times)).astype(np.float32)


def _stacked(frame) -> np.ndarray:
    half = frame.width // 2
    u, v = (plane.reshape(-1, 2 * half) for plane in (frame.u, frame.v))
    return np.concatenate([frame.y, u, v])


def _blocks(samples: np.ndarray):
    for start in range(0, len(samples), 1024):
        part = samples[start : start + 1024]
        yield start, np.ascontiguousarray(np.stack([part, part]))


def make_wav(path: Path, samples: np.ndarray, rate: int = 16_000) -> Path:
    """Write (n,) samples as 16-bit mono."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes())
    return path


def click(seconds: float, at: float, rate: int = 48_000) -> np.ndarray:
    """Silence with one short click at ``at`` seconds."""
    times = np.arange(round(seconds * rate)) / rate
    return 0.8 * np.exp(-(((times - at) / 0.0004) ** 2))


def presented(path: Path) -> list[Fraction]:
    """Times in seconds at which the pictures of a file are shown, in order."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        pts = sorted(p.pts for p in file.demux(stream) if p.pts is not None)
        return [p * stream.time_base for p in pts]
