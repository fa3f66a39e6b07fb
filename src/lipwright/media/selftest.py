"""Encode a small clip and decode it again: do the codecs on this machine work?"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from lipwright.media.audio import read_track
from lipwright.media.decode import VideoReader
from lipwright.media.encode import video_writer
from lipwright.media.movie import SOUND_RATE
from lipwright.media.types import ColorTags, VideoInfo

FRAMES = 25
SIDE = 128
_TICKS = 512
_TOLERANCE = 12.0
_SOUND_SLACK_MS = 60


@dataclass(frozen=True)
class RoundTrip:
    """What came back.

    Attributes
    ----------
    frames
        How many pictures.
    worst
        Largest mean difference between a picture and the one that was sent, in 8-bit steps.
    sound_ms
        Length of the sound.
    """

    frames: int
    worst: float
    sound_ms: int

    @property
    def is_good(self) -> bool:
        """Whether it is, near enough, what was sent: one second of both."""
        lost_ms = abs(self.sound_ms - 1000)
        return self.frames == FRAMES and self.worst <= _TOLERANCE and lost_ms <= _SOUND_SLACK_MS


def round_trip(folder: Path) -> RoundTrip:
    """Write one second of picture and sound into ``folder`` and read it back."""
    path = folder / "selftest.mp4"
    clock = Fraction(1, FRAMES * _TICKS)
    info = VideoInfo(
        width=SIDE,
        height=SIDE,
        frame_rate=Fraction(FRAMES),
        time_base=clock,
        duration_ms=1000,
        rotation=0,
        color=ColorTags(),
        has_audio=True,
        container="mov",
        codec="h264",
        size_bytes=0,
    )
    tone = 0.2 * np.sin(np.arange(SOUND_RATE) * 2 * np.pi * 440 / SOUND_RATE)
    sound = np.repeat(tone[:, None], 2, axis=1).astype(np.float32)
    grey = np.full((SIDE // 2, SIDE // 2), 128, np.uint8)
    sent = [_picture(index) for index in range(FRAMES)]
    with video_writer(path, info, sound) as writer:
        for index, luma in enumerate(sent):
            writer.write(luma, grey, grey, index * _TICKS)
    count, worst = 0, 0.0
    with VideoReader(path) as reader:
        for frame, luma in zip(reader, sent, strict=False):
            count += 1
            worst = max(worst, float(np.abs(frame.y.astype(float) - luma).mean()))
    track = read_track(path, SOUND_RATE)
    length = 0 if track is None else max(track.shape)
    return RoundTrip(count, worst, round(1000 * length / SOUND_RATE))


def _picture(index: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """A bar that wanders over a ramp, so that no two pictures are the same."""
    ramp = np.tile(np.arange(SIDE, dtype=np.uint8), (SIDE, 1)) + np.uint8(64)
    ramp[:, index * 4 : index * 4 + 12] = 235
    return ramp
