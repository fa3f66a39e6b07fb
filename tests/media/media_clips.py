"""Small videos and sounds made on the spot, with everything a real file may carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

SHADES = 8
"""Pictures tell their number by the grey of eight blocks, one per bit."""


@dataclass
class Clip:
    """What a made video shall be; ``stamps`` are pts in ticks of ``time_base``."""

    width: int = 160
    height: int = 96
    rate: Fraction = Fraction(25)
    time_base: Fraction = Fraction(1, 12800)
    count: int = 20
    stamps: Sequence[int] | None = None
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    container: str = "mp4"
    options: dict[str, str] = field(default_factory=lambda: {"crf": "10", "preset": "ultrafast"})
    muxer: dict[str, str] = field(default_factory=dict)
    rotation: int = 0
    mirrored: bool = False
    color: tuple[int, int, int, int] | None = None  # primaries, transfer, matrix, range
    sound: np.ndarray | None = None  # (n,) or (n, 2) at 48 kHz
    sound_start: Fraction = Fraction(0)
    last_duration: int | None = None

    def pts(self) -> list[int]:
        if self.stamps is not None:
            return list(self.stamps)
        return [round(i / (self.rate * self.time_base)) for i in range(self.count)]


def numbered(width: int, height: int, number: int) -> np.ndarray:
    """RGB picture, left half dark, right half bright, with its number in blocks at the top."""
    picture = np.full((height, width, 3), 60, np.uint8)
    picture[:, width // 2 :] = 180
    picture[3 * height // 4 :, : width // 4] = (200, 40, 40)  # a red corner, bottom left
    step = width // SHADES
    for bit in range(SHADES):
        shade = 230 if number >> bit & 1 else 20
        picture[: height // 3, bit * step : (bit + 1) * step] = shade
    return picture


def number_of(luma: np.ndarray) -> int:
    """Read the number of an upright picture back."""
    height, width = luma.shape
    step = width // SHADES
    row = luma[height // 6]
    return sum(int(row[bit * step + step // 2] > 120) << bit for bit in range(SHADES))


def make(path: Path, clip: Clip) -> Path:
    """Write the clip with PyAV, as stored (before rotation)."""
    with av.open(str(path), "w", format=clip.container, container_options=clip.muxer) as out:
        stream = out.add_stream(clip.codec, rate=clip.rate, options=dict(clip.options))
        stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, clip.pix_fmt
        stream.time_base = clip.time_base
        if clip.codec not in ("mpeg4", "mjpeg"):
            stream.codec_context.time_base = clip.time_base
        if clip.rotation or clip.mirrored:
            stream.set_display_rotation(-clip.rotation, hflip=False)
        if clip.color:
            context = stream.codec_context
            context.color_primaries, context.color_trc = clip.color[:2]
            context.colorspace, context.color_range = clip.color[2:]
        sound = None
        if clip.sound is not None:
            sound = out.add_stream("aac", rate=48_000)
            sound.layout = "stereo" if clip.sound.ndim == 2 else "mono"
        stamps = clip.pts()
        for number, pts in enumerate(stamps):
            frame = VideoFrame.from_ndarray(numbered(clip.width, clip.height, number), "rgb24")
            if clip.pix_fmt != "rgb24":
                span = 2 if clip.pix_fmt.startswith("yuvj") or (clip.color or (0,))[-1] == 2 else 1
                frame = frame.reformat(
                    format=clip.pix_fmt, src_color_range=2, dst_color_range=span, dst_colorspace=5
                )
            frame.pts, frame.time_base = pts, clip.time_base
            more = stamps[number + 1] - pts if number + 1 < len(stamps) else None
            frame.duration = more or clip.last_duration or (stamps[-1] - stamps[-2])
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if sound is not None:
            out.mux(_encoded(sound, clip.sound, 48_000, clip.sound_start))
    return path


def make_sound(
    path: Path,
    samples: np.ndarray,
    codec: str,
    container: str,
    rate: int,
    muxer: dict[str, str] | None = None,
) -> Path:
    """Write a sound file of (n,) or (n, 2) samples."""
    with av.open(str(path), "w", format=container, container_options=muxer or {}) as out:
        stream = out.add_stream(codec, rate=rate)
        stream.layout = "stereo" if samples.ndim == 2 else "mono"
        if not codec.startswith("pcm"):
            stream.bit_rate = 192_000
        out.mux(_encoded(stream, samples, rate, Fraction(0)))
    return path


def _encoded(stream, samples, rate, start):
    layout = "stereo" if samples.ndim == 2 else "mono"
    planar = np.ascontiguousarray(np.atleast_2d(samples.T), dtype=np.float32)
    frame = AudioFrame.from_ndarray(planar, "fltp", layout)
    frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
    frame.pts = round(start * rate)
    context = stream.codec_context
    context.open(strict=False)
    resampler = av.AudioResampler(
        format=context.format, layout=layout, rate=rate, frame_size=context.frame_size or 4096
    )
    packets = []
    for piece in resampler.resample(frame) + resampler.resample(None):
        packets += stream.encode(piece)
    return packets + stream.encode(None)


def click(seconds: float, at: float, rate: int = 48_000, channels: int = 1) -> np.ndarray:
    """Silence with one short click that peaks at ``at`` seconds."""
    times = np.arange(round(seconds * rate)) / rate
    wave = (0.9 * np.exp(-(((times - at) / 0.0004) ** 2))).astype(np.float32)
    return wave if channels == 1 else np.stack([wave] * channels, axis=1)


def click_time(samples: np.ndarray, rate: int) -> float:
    """Seconds at which the click lies: centre of gravity of its energy."""
    energy = np.asarray(samples, np.float64).reshape(len(samples), -1)[:, 0] ** 2
    return float((np.arange(len(energy)) * energy).sum() / energy.sum() / rate)
