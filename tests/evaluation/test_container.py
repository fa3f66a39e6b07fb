from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lipwright.evaluation.container import check_container
from lipwright.media.decode import VideoReader
from lipwright.media.encode import video_writer

CLICKS = np.zeros((96_000, 2), np.float32)
CLICKS[[9_000, 30_000, 31_500, 70_000]] = 0.8


def rewritten(source: Path, path: Path, sound: np.ndarray, drop: int = 0) -> Path:
    with VideoReader(source) as reader, video_writer(path, reader.info, sound) as writer:
        for frame in reader:
            if frame.index < 50 - drop:
                writer.write(frame.y, frame.u, frame.v, frame.pts)
    return path


def test_a_faithful_copy_holds(portrait_clip: Path, tmp_path: Path) -> None:
    copy = rewritten(portrait_clip, tmp_path / "copy.mp4", CLICKS)
    found = check_container(copy, portrait_clip, CLICKS)
    assert found.holds
    assert (found.frames, found.source_frames, found.same_times) == (50, 50, True)
    assert found.sound_off_ms == pytest.approx(0.0, abs=0.05)


def test_late_sound_is_measured(portrait_clip: Path, tmp_path: Path) -> None:
    late = np.roll(CLICKS, 480, axis=0)
    copy = rewritten(portrait_clip, tmp_path / "late.mp4", late)
    found = check_container(copy, portrait_clip, CLICKS)
    assert found.sound_off_ms == pytest.approx(10.0, abs=0.05)
    assert not found.holds


def test_lost_frames_and_lost_sound_are_noticed(portrait_clip: Path, tmp_path: Path) -> None:
    short = rewritten(portrait_clip, tmp_path / "short.mp4", CLICKS, drop=2)
    found = check_container(short, portrait_clip, CLICKS)
    assert (found.frames, found.same_times, found.holds) == (48, False, False)
    cut = rewritten(portrait_clip, tmp_path / "cut.mp4", CLICKS[:48_000])
    assert not check_container(cut, portrait_clip, CLICKS).holds


def test_silence_tells_no_delay(portrait_clip: Path, tmp_path: Path) -> None:
    nothing = np.zeros_like(CLICKS)
    copy = rewritten(portrait_clip, tmp_path / "copy.mp4", nothing)
    found = check_container(copy, portrait_clip, nothing)
    assert np.isnan(found.sound_off_ms)
    assert found.holds
    assert not replace(found, duration_off_ms=40).holds
