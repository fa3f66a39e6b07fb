"""Writing the finished mp4: H.264 picture on the source's own clock, AAC sound beside it."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from lipwright.media.types import F32, U8, VideoInfo

X264_PRESET = "veryfast"
X264_CRF = 18
SOUND_RATE = 48_000
AAC_BIT_RATE = 192_000


class VideoWriter:
    """Writes one mp4; a context manager.

    The file gets the source's size, time stamps, time base, rotation and colour tags. It is
    written under a temporary name beside ``path`` and moved there when the block ends well;
    when the block ends with an exception nothing is left behind.

    Parameters
    ----------
    path
        Where the file goes. An existing file is replaced.
    info
        What the source is.
    audio
        (n, 2) float32 at 48 kHz; sample 0 sounds with the first frame. ``None`` writes no
        sound track. Written as it is: neither padded nor cut to the picture.

    Raises
    ------
    FailedError
        ``encode_failed``.
    """

    def __init__(self, path: Path, info: VideoInfo, audio: F32 | None = None) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        raise NotImplementedError

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        raise NotImplementedError

    def write(self, y: U8, u: U8, v: U8, pts: int) -> None:
        """Append one upright picture.

        Parameters
        ----------
        y, u, v
            Planes as `lipwright.media.types.Frame` has them, ``info.height`` rows; copied
            before the call returns, any strides.
        pts
            `Frame.pts`; rises strictly.
        """
        raise NotImplementedError
