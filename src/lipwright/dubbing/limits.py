"""Hold a video and a sound against limits."""

from __future__ import annotations

from lipwright.dubbing.types import Limits
from lipwright.errors import BadInputError
from lipwright.media.types import VideoInfo


def check_video(info: VideoInfo, limits: Limits) -> None:
    """Refuse a video outside the limits.

    Raises
    ------
    BadInputError
        Field ``video``; reason ``too_large``, ``too_short``, ``too_long`` or ``wrong_size``.
    """
    if limits.max_video_bytes is not None and info.size_bytes > limits.max_video_bytes:
        raise BadInputError(
            "video",
            "too_large",
            f"must be at most {limits.max_video_bytes // 1_000_000} MB; "
            f"it has {info.size_bytes / 1e6:.1f} MB",
        )
    if limits.min_video_ms is not None and info.duration_ms < limits.min_video_ms:
        raise BadInputError(
            "video",
            "too_short",
            f"must last at least {limits.min_video_ms} ms; it lasts {info.duration_ms} ms",
        )
    # A 60 s video may run a frame over: encoders round up to whole frames.
    slack = round(1000 / info.frame_rate)
    if limits.max_video_ms is not None and info.duration_ms > limits.max_video_ms + slack:
        raise BadInputError(
            "video",
            "too_long",
            f"must last at most {limits.max_video_ms} ms; it lasts {info.duration_ms} ms",
        )
    smallest, largest = min(info.width, info.height), max(info.width, info.height)
    too_small = limits.min_side is not None and smallest < limits.min_side
    too_big = limits.max_side is not None and largest > limits.max_side
    if too_small or too_big:
        raise BadInputError(
            "video",
            "wrong_size",
            f"width and height must each be {limits.min_side} to {limits.max_side} pixels; "
            f"it is {info.width} x {info.height}",
        )
