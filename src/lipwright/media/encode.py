"""Writing a whole mp4 from pictures: one encoded stretch, joined with its sound."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lipwright.media.join import join
from lipwright.media.movie import X264_CRF
from lipwright.media.part_file import parts_folder
from lipwright.media.stretch_writer import StretchWriter, usual_threads
from lipwright.media.stretches import Stretch
from lipwright.media.types import F32, VideoInfo


@contextmanager
def video_writer(
    path: Path,
    info: VideoInfo,
    audio: F32 | None = None,
    *,
    synthetic: bool = False,
    crf: int = X264_CRF,
) -> Iterator[StretchWriter]:
    """Write one mp4, every picture of it encoded, the way results are written.

    The file gets the source's size, time stamps, time base, rotation and colour tags. It is
    there when the block has ended well; when it ends with an exception nothing is left behind.

    Parameters
    ----------
    path
        Where the file goes. An existing file is replaced.
    info
        What the source is.
    audio
        (n, 2) float32 at 48 kHz; sample 0 sounds with the first frame. ``None`` writes no
        sound track. Written as it is: neither padded nor cut to the picture.
    synthetic
        Whether the file says, for machines, that a part of it is synthetic
        (`lipwright.media.provenance`).
    crf
        x264's constant rate factor: lower is better and larger.

    Yields
    ------
    What takes the pictures.

    Raises
    ------
    FailedError
        ``encode_failed``.
    """
    with parts_folder(path) as folder:
        part = folder / "0"
        with StretchWriter(part, info, threads=usual_threads(), crf=crf) as writer:
            yield writer
        join(path, info, [(Stretch(0, None, False), part)], None, audio, synthetic=synthetic)
