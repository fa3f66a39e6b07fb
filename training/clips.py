"""Read a training clip: its sound at 16 kHz and its frames, both on the video's clock."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from lipwright.media.types import ColorTags, Frame

RATE = 16_000


def read_sound(path: Path) -> np.ndarray:
    """Mono sound; sample 0 is at the time of the first frame.

    Decoded blocks are put where their time stamps say, so a sound track that starts late or that
    carries encoder priming stays in step with the picture.
    """
    with av.open(str(path)) as container:
        video_start = _start(container, "video")
        blocks: list[np.ndarray] = []
        start: Fraction | None = None
        rate = RATE
        for frame in container.decode(audio=0):
            if start is None:
                start = Fraction(frame.pts or 0) * Fraction(frame.time_base)
                rate = frame.sample_rate
            blocks.append(_mono(frame))
    if start is None:
        return np.zeros(0, np.float32)
    sound = _to_16k(np.concatenate(blocks), rate)
    lead = round((start - video_start) * RATE)
    return np.pad(sound, (lead, 0)) if lead >= 0 else sound[-lead:]


def read_frames(path: Path) -> Iterator[Frame]:
    """Frames in display order."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        base = Fraction(stream.time_base)
        first: int | None = None
        for index, raw in enumerate(container.decode(stream)):
            picture = raw.reformat(format="yuv420p")
            first = picture.pts if first is None else first
            planes = [_plane(plane) for plane in picture.planes]
            time = (picture.pts - first) * base
            yield Frame(index, time, picture.pts, *planes, ColorTags())


def _start(container: av.container.InputContainer, kind: str) -> Fraction:
    stream = next(s for s in container.streams if s.type == kind)
    return Fraction(stream.start_time or 0) * Fraction(stream.time_base)


def _mono(frame: av.AudioFrame) -> np.ndarray:
    data = frame.to_ndarray()
    channels = len(frame.layout.channels)
    if not frame.format.is_planar:
        data = data.reshape(-1, channels).T
    if data.dtype == np.int16:
        data = data / 32768.0
    elif data.dtype == np.int32:
        data = data / 2147483648.0
    return np.asarray(data, np.float32).mean(0)


def _to_16k(sound: np.ndarray, rate: int) -> np.ndarray:
    if rate == RATE:
        return sound
    frame = av.AudioFrame.from_ndarray(sound[None], format="flt", layout="mono")
    frame.sample_rate = rate
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    parts = [f.to_ndarray()[0] for f in [*resampler.resample(frame), *resampler.resample(None)]]
    return np.concatenate(parts)


def _plane(plane: av.video.plane.VideoPlane) -> np.ndarray:
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width].copy()
