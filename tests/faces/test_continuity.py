from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from face_clips import frame_of, placed, portrait, turned

from lipwright.faces.continuity import face_patch, looks_the_same


@pytest.fixture(scope="module")
def patch(astronaut):
    return face_patch(frame_of(portrait()), astronaut)


def test_a_patch_is_normalised_luma(patch):
    assert patch.shape == (32, 32)
    assert patch.mean() == pytest.approx(0, abs=1e-4)
    assert patch.std() == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize(("scale", "degrees"), [(1.0, 0), (0.6, 0), (1.0, 15), (2.0, -10)])
def test_a_moved_face_stays_the_same(landmarker, patch, scale, degrees):
    frame = frame_of(placed(turned(scale, degrees, 300, 240), 640, 480))
    found = landmarker.locate(frame, landmarker.detect(frame)[0])
    assert looks_the_same(patch, face_patch(frame, found))


def test_light_does_not_matter(astronaut, patch):
    frame = frame_of(portrait())
    dimmed = replace(frame, y=(frame.y * 0.6 + 30).astype(np.uint8))
    assert looks_the_same(patch, face_patch(dimmed, astronaut))


def test_other_things_are_not_the_same(astronaut, patch):
    other = frame_of(np.roll(portrait(), 60, axis=1))
    assert not looks_the_same(patch, face_patch(other, astronaut))
    assert not looks_the_same(patch, -patch)
    assert not looks_the_same(patch, np.zeros_like(patch))
