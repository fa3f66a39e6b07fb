"""The values that the media room hands out: what a video is, and one of its frames."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


@dataclass(frozen=True)
class ColorTags:
    """FFmpeg's integer colour codes as the source carries them (2 means unspecified).

    ``range`` is 1 for limited (MPEG), 2 for full (JPEG), 0 for unspecified.
    """

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    range: int = 0


@dataclass(frozen=True)
class VideoInfo:
    """What a probed video is.

    Attributes
    ----------
    width, height
        Size in pixels as a player shows it, that is after ``rotation``.
    frame_rate
        Exact average frame rate in 1/s.
    time_base
        Seconds per tick of the video stream's clock.
    duration_ms
        Length of the picture in ms: last frame's end minus first frame's time.
    rotation
        Clockwise turn in degrees (0, 90, 180, 270) that a player applies to the stored picture.
    color
        The colour tags of the stream.
    has_audio
        Whether there is a decodable sound track.
    container
        FFmpeg's short name of the container, e.g. ``mov,mp4,m4a,3gp,3g2,mj2``.
    codec
        FFmpeg's name of the video codec.
    size_bytes
        Size of the file.
    frame_count
        Pictures in the stream, after its edit list; 0 when the container does not tell.
    start_pts
        Time stamp of the first picture, in ticks of ``time_base``.
    duration_pts
        Exact length of the picture in ticks of ``time_base``; 0 when unknown.
    mirrored
        Whether a player flips the stored picture left to right before it turns it.
    pixel_aspect
        Width of a pixel over its height, before ``rotation``.

    Notes
    -----
    Where the stored picture has an odd side, its last column or row is left out everywhere:
    4:2:0 H.264 cannot carry it.
    """

    width: int
    height: int
    frame_rate: Fraction
    time_base: Fraction
    duration_ms: int
    rotation: int
    color: ColorTags
    has_audio: bool
    container: str
    codec: str
    size_bytes: int
    frame_count: int = 0
    start_pts: int = 0
    duration_pts: int = 0
    mirrored: bool = False
    pixel_aspect: Fraction = Fraction(1)


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture, upright, as 8-bit 4:2:0 planes.

    Attributes
    ----------
    index
        Position in the stream's display order, from 0.
    time
        Seconds since the picture's first frame: (pts - first pts) * time_base, exact.
    pts
        The stream's own time stamp, in ticks of ``VideoInfo.time_base``.
    y, u, v
        Planes: (H, W) and twice (H/2, W/2) uint8, range and matrix as ``color`` says.
        Views into the decoder's memory where possible: read them, never write them.
    color
        The stream's colour tags (unspecified values as found).
    """

    index: int
    time: Fraction
    pts: int
    y: U8
    u: U8
    v: U8
    color: ColorTags

    @property
    def time_ms(self) -> int:
        """Time since the first frame, rounded to ms."""
        return round(self.time * 1000)

    @property
    def height(self) -> int:
        """Rows of the luma plane."""
        return int(self.y.shape[0])

    @property
    def width(self) -> int:
        """Columns of the luma plane."""
        return int(self.y.shape[1])
