"""Frames in memory that several tests of this room share."""

from __future__ import annotations

from pathlib import Path

import pytest

from lipwright.library.pictures import TimedFrame
from lipwright.media.color import to_bgr
from lipwright.media.decode import VideoReader


@pytest.fixture(scope="session")
def portrait_frames(portrait_clip: Path) -> list[TimedFrame]:
    """The portrait clip as RGB arrays; their clock begins at 3 s."""
    with VideoReader(portrait_clip) as reader:
        return [
            (3 + float(frame.time), to_bgr(frame)[..., ::-1].copy()) for frame in reader.frames()
        ]
