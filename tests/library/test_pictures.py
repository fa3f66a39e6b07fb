from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from lipwright.errors import BadInputError
from lipwright.library.pictures import Pictures, TimedFrame, changed_rgb


def made(count: int = 5, height: int = 6, width: int = 8, rate: float = 10) -> list[TimedFrame]:
    random = np.random.default_rng(1)
    return [
        (7 + index / rate, random.integers(0, 256, (height, width, 3), np.uint8))
        for index in range(count)
    ]


def as_list(frames: list[TimedFrame]) -> Iterable[TimedFrame]:
    return frames


def as_function(frames: list[TimedFrame]) -> Callable[[], Iterable[TimedFrame]]:
    return lambda: iter(frames)


def as_iterator(frames: list[TimedFrame]) -> Iterator[TimedFrame]:
    return iter(frames)


@pytest.mark.parametrize("form", [as_list, as_function, as_iterator])
def test_frames_can_be_read_again_however_they_come(form: Callable[..., Iterable]) -> None:
    frames = made()
    with Pictures(form(frames)) as pictures:
        # The first reading stops early, as that of a tracker does.
        assert [time for (time, _), _ in pictures.pairs(end=Fraction(2, 10))] == [7.0, 7.1]
        for _ in range(2):
            read = list(pictures.pairs())
            assert [time for (time, _), _ in read] == [time for time, _ in frames]
            for ((_, rgb), frame), (_, given) in zip(read, frames, strict=True):
                assert np.array_equal(rgb, given)
                assert frame.y.shape == (6, 8)
        info = pictures.info()
    assert (info.width, info.height, info.frame_rate) == (8, 6, 10)
    assert (info.duration_ms, info.frame_count, info.time_base) == (500, 5, Fraction(1, 90_000))


def test_the_core_counts_from_the_first_frame() -> None:
    with Pictures(made(rate=30_000 / 1001)) as pictures:
        frames = [frame for _, frame in pictures.pairs(start=Fraction(1, 20))]
        assert [frame.index for frame in frames] == [2, 3, 4]
        list(pictures.pairs())
        assert pictures.info().frame_rate == Fraction(30_000, 1001)
    assert float(frames[0].time) == pytest.approx(2 * 1001 / 30_000, abs=1e-5)
    assert frames[0].pts == frames[0].time * 90_000


def test_what_is_never_read_to_its_end_is_freed(recwarn: pytest.WarningsRecorder) -> None:
    pictures = Pictures(iter(made()))
    next(pictures.pairs())
    del pictures
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []


def test_odd_sides_are_filled_and_come_back_odd() -> None:
    [(_, rgb)] = made(1, 5, 7)
    with Pictures([(0.0, rgb)]) as pictures:
        [((_, given), frame)] = pictures.pairs()
        assert frame.y.shape == (6, 8)
        changed = replace(frame, y=255 - frame.y)
        assert changed_rgb(given, frame, changed).shape == (5, 7, 3)


def test_only_what_was_changed_changes() -> None:
    [(_, rgb)] = made(1, 32, 32)
    with Pictures([(0.0, rgb)]) as pictures:
        [(_, frame)] = pictures.pairs()
    y = frame.y.copy()
    y[10:12, 20:24] ^= 64
    u = frame.u.copy()
    u[2, 3] ^= 64
    result = changed_rgb(rgb, frame, replace(frame, y=y, u=u))
    touched = (result != rgb).any(2)
    assert touched[10:12, 20:24].all()
    touched[10:12, 20:24] = False
    touched[3:8, 5:10] = False
    assert not touched.any()
    assert changed_rgb(rgb, frame, replace(frame)) is rgb


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "no frames"),
        ([(0.0, np.zeros((4, 4), np.uint8))], "must be"),
        ([(0.0, np.zeros((4, 4, 3), np.float32))], "must be"),
        ([(0.0, np.zeros((4, 4, 3), np.uint8)), (0.1, np.zeros((4, 6, 3), np.uint8))], "first was"),
        ([(0.0, np.zeros((4, 4, 3), np.uint8))] * 2, "ascend"),
        ([(float("nan"), np.zeros((4, 4, 3), np.uint8))], "ascend"),
    ],
)
@pytest.mark.parametrize("once", [False, True])
def test_refuses(frames: list[TimedFrame], reason: str, once: bool) -> None:
    with (
        Pictures(iter(frames) if once else frames) as pictures,
        pytest.raises(BadInputError, match=reason) as caught,
    ):
        list(pictures.pairs())
    assert caught.value.field == "video"
