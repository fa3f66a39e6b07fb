from __future__ import annotations

from pathlib import Path

import pytest

from lipwright.errors import BadInputError
from lipwright.evaluation.cut import cut
from lipwright.media.decode import VideoReader
from lipwright.media.probe import probe


def test_a_whole_mp4_is_taken_as_it_is(talker: Path, tmp_path: Path) -> None:
    path, sound = cut(talker, tmp_path, 0, None)
    assert path == talker
    assert sound is not None
    assert sound.shape == (96_000, 2)
    assert list(tmp_path.iterdir()) == []


def test_a_part_keeps_its_frames_and_its_sound(talker: Path, tmp_path: Path) -> None:
    path, sound = cut(talker, tmp_path, 400, 1200)
    info = probe(path)
    assert (info.frame_count, info.duration_ms, info.has_audio) == (20, 800, True)
    _, whole = cut(talker, tmp_path, 0, None)
    assert sound is not None
    assert whole is not None
    assert (sound == whole[19_200:57_600]).all()
    with VideoReader(talker) as before, VideoReader(path) as after:
        pairs = zip(list(before)[10:30], after, strict=True)
        # As good as lossless.
        assert max(abs(a.y.astype(int) - b.y).mean() for a, b in pairs) < 1.0


def test_a_part_behind_the_end_is_refused(talker: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="ends before 2500 ms"):
        cut(talker, tmp_path, 2500, None)


def test_a_clip_may_be_mute(portrait_clip: Path, tmp_path: Path) -> None:
    assert cut(portrait_clip, tmp_path, 0, None) == (portrait_clip, None)
