"""What a video file is, told by its content and never by its name."""

from __future__ import annotations

from pathlib import Path

from lipwright.media.types import VideoInfo


def probe(path: Path, *, any_container: bool = False) -> VideoInfo:
    """Say what a local video file is, or why it cannot be used.

    Reads every packet's header once and decodes one picture, so it costs about as much as
    reading the file.

    Parameters
    ----------
    path
        A local file. Nothing but this file is ever opened.
    any_container
        Take every container that FFmpeg reads by itself instead of mp4 and mov alone; for
        training data, never for files from strangers.

    Raises
    ------
    BadInputError
        Field ``video``; reason ``not_a_video``, ``wrong_container``, ``no_video_stream``,
        ``truncated``, ``damaged``, ``external_references``, ``picture_too_large`` or
        ``unsupported_codec``.
    """
    raise NotImplementedError


def check_decodable(path: Path, *, field: str = "video") -> None:
    """Raise when an mp4 or mov file lacks some of the samples that its header promises.

    Reads only box headers and the sample index.

    Raises
    ------
    BadInputError
        ``truncated``.
    """
    raise NotImplementedError
