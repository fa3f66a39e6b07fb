from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from lipwright.media.types import ColorTags, Frame
from lipwright.render.plan import RenderPlan
from lipwright.render.walk import AHEAD, BatchEngine, render_all

PLAN = RenderPlan(np.arange(0), np.zeros((0, 6), np.float32), np.zeros(0, np.float32))


class Marker:
    """Adds the bank to the luma of every frame."""

    def observer(self):
        raise NotImplementedError

    def prepare(self, track, observer):
        raise NotImplementedError

    def render(self, bank, plan, frame):
        return replace(frame, y=frame.y * 2 + np.uint8(bank))


class ManyMarker(Marker):
    def __init__(self, batch):
        self.batch = batch
        self.sizes = []

    def render_batch(self, bank, plan, frames):
        self.sizes.append(len(frames))
        return [self.render(bank, plan, frame) for frame in frames]


def film(count, taken=None):
    for index in range(count):
        if taken is not None:
            taken.append(index)
        plane = np.zeros((2, 2), np.uint8)
        yield Frame(index, Fraction(index), index, plane, plane[:1, :1], plane[:1, :1], ColorTags())


@pytest.mark.parametrize("engine", [Marker(), ManyMarker(1), ManyMarker(4), ManyMarker(100)])
def test_every_face_of_every_frame_in_order(engine):
    out = list(render_all(engine, [(1, PLAN), (3, PLAN)], film(10)))
    assert [frame.index for frame in out] == list(range(10))
    assert all((frame.y == 5).all() for frame in out)  # the second face onto the first one's


def test_an_engine_is_given_as_many_as_it_asks_for():
    engine = ManyMarker(4)
    assert isinstance(engine, BatchEngine)
    assert not isinstance(Marker(), BatchEngine)
    list(render_all(engine, [(1, PLAN)], film(10)))
    assert engine.sizes == [4, 4, 2]


@pytest.mark.parametrize(("engine", "most"), [(Marker(), 1), (ManyMarker(3), 3)])
def test_no_more_frames_are_held_than_asked_for(engine, most):
    taken: list[int] = []
    for done, _ in enumerate(render_all(engine, [(1, PLAN)], film(9, taken))):
        # One handed out, some ready, and those that the engine has in hand.
        assert len(taken) <= done + 1 + AHEAD + 2 * most


class Stumbler(Marker):
    def render(self, bank, plan, frame):
        if frame.index == 3:
            raise KeyError("three")
        return frame


def test_an_error_of_the_engine_comes_in_its_place():
    frames = render_all(Stumbler(), [(1, PLAN)], film(9))
    assert [next(frames).index for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError, match="three"):
        next(frames)


def test_whoever_takes_no_more_leaves_no_thread():
    before = set(threading.enumerate())
    frames = render_all(Marker(), [(1, PLAN)], film(100))
    next(frames)
    frames.close()
    assert set(threading.enumerate()) <= before  # others may end meanwhile


def test_without_faces_frames_pass_as_they_are():
    frames = list(film(5))
    for engine in (Marker(), ManyMarker(2)):
        assert all(a is b for a, b in zip(render_all(engine, [], frames), frames, strict=True))
