from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from face_clips import astronaut, frame_of, portrait

from lipwright.media.types import ColorTags, Frame
from lipwright.render.mesh.observer import MeshObserver


def test_skin_is_the_colour_of_the_cheeks():
    frame, observer = frame_of(portrait()), MeshObserver()
    observer.add(frame, astronaut())
    luma, u, v = observer.cheeks()
    x, y = astronaut().points[[50, 280, 205, 425], :2].round().astype(int).T
    cheeks = frame.y[y, x].astype(float)
    assert cheeks.min() - 5 < luma < cheeks.max() + 20
    assert u < 126
    assert v > 132


def test_a_flat_picture_gives_its_own_colour():
    flat = [np.full((512, 512), 90, np.uint8)]
    flat += [np.full((256, 256), level, np.uint8) for level in (110, 150)]
    observer = MeshObserver()
    observer.add(Frame(0, Fraction(0), 0, *flat, ColorTags()), astronaut())
    assert observer.cheeks() == (90, 110, 150)


def test_cheeks_outside_the_picture_are_left_out():
    away = replace(astronaut(), points=astronaut().points + np.float32(10_000))
    observer = MeshObserver()
    observer.add(frame_of(portrait()), away)
    assert observer.cheeks() == MeshObserver().cheeks()
    assert all(16 <= value <= 235 for value in observer.cheeks())


@pytest.mark.parametrize(("span", "full"), [(0, False), (1, False), (2, True)])
def test_the_range_is_the_videos(span, full):
    observer = MeshObserver()
    observer.add(frame_of(portrait(), color=ColorTags(2, 2, 6, span)), astronaut())
    assert observer.full_range is full


def test_no_frame_is_kept():
    frame, observer = frame_of(portrait()), MeshObserver()
    observer.add(frame, astronaut())
    kept = [weakref.ref(frame), *(weakref.ref(plane) for plane in (frame.y, frame.u, frame.v))]
    del frame
    gc.collect()
    assert not any(ref() is not None for ref in kept)
    assert observer.cheeks()
