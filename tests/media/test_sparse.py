from __future__ import annotations

import pytest
from media_clips import Clip, make

from lipwright.media.decode import VideoReader
from lipwright.media.sparse import SparseFrames, times_ms

B_FRAMES = {"crf": "10", "bf": "3", "x264-params": "b-adapt=0"}


@pytest.fixture
def clip(tmp_path):
    return make(tmp_path / "clip.mp4", Clip(count=200, options={**B_FRAMES, "g": "200"}))


def indices(frames):
    return [frame.index for frame in frames]


def test_what_is_needed_comes_and_the_rest_on_demand(clip):
    with VideoReader(clip) as reader:
        sparse = SparseFrames(reader, [5, 101, 199])
        came = indices(sparse.frames())
        assert {5, 101, 199} <= set(came)
        assert len(came) < 150
        assert came == sorted(came)
        for first, end in ((0, 3), (7, 9), (90, 110), (190, 200)):
            assert indices(sparse.between(first, end)) == list(range(first, end))
        assert indices(sparse.between(4, 4)) == indices(sparse.between(5, 6)) == []


def test_what_others_need_comes_marked_and_changes_nothing_else(clip):
    with VideoReader(clip) as reader:
        plain = indices(SparseFrames(reader, [5, 101, 199]).frames())
        sparse = SparseFrames(reader, [5, 101, 199], lambda index: 40 <= index < 90)
        came = list(sparse.with_spare())
        assert [frame.index for frame, spare in came if not spare] == plain
        spare = [frame.index for frame, spare in came if spare]
        assert spare == [index for index in range(40, 90) if index not in plain]
        assert len(spare) > 20
        assert not (set(plain) - {5, 101, 199}) & set(reader.unreferenced.nonzero()[0])
        assert indices(sparse.between(50, 53)) == [50, 51, 52]


def test_times_are_those_of_the_frames(clip):
    with VideoReader(clip) as reader:
        whole = list(reader)
        sparse = SparseFrames(reader, [])
        assert times_ms(reader) == [frame.time_ms for frame in whole]
        assert sparse.time_before(8) == whole[7].time


def test_nothing_is_left_out_any_more_once_it_costs_more_than_it_spares(clip):
    with VideoReader(clip) as reader:
        sparse = SparseFrames(reader, [])
        frames = sparse.frames()
        while next(frames).index < 70:
            pass
        for _ in range(3):
            assert indices(sparse.between(60, 70)) == list(range(60, 70))
        rest = indices(frames)
        assert len(rest) < 129
        # The decoder was a few frames ahead.
        assert rest[-100:] == list(range(100, 200))


def test_what_is_broken_is_not_read_again(clip, tmp_path):
    with VideoReader(clip) as reader:
        broken = set(range(0, 200, 11)) | {199}
        frames = reader.frames
        asked = []

        def some(*args, **kinds):
            asked.append(args)
            return (frame for frame in frames(*args, **kinds) if frame.index not in broken)

        reader.frames = some
        sparse = SparseFrames(reader, range(200))
        assert indices(sparse.frames()) == [i for i in range(200) if i not in broken]
        assert indices(sparse.between(10, 13)) == []
        assert len(asked) == 1
        sparse = SparseFrames(reader, [199])
        came = indices(sparse.frames())
        assert came[-1] == 197
        assert came == sorted(set(came))
