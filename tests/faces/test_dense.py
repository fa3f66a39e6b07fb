from __future__ import annotations

import numpy as np
import pytest
from face_clips import Person, film

from lipwright.faces.dense import FaceFollower
from lipwright.faces.intervals import faces_of
from lipwright.faces.scan import scan
from lipwright.faces.types import Box, FaceSample, IdentifiedFace
from lipwright.faces.whereabouts import Whereabouts


def face_at(x, y, start_ms, end_ms, size=60, every=200):
    box = Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)
    samples = (FaceSample(t, box) for t in range(start_ms, end_ms, every))
    return IdentifiedFace("0", start_ms, end_ms, b"", tuple(samples))


def followed(landmarker, face, frames):
    follower = FaceFollower(landmarker, Whereabouts(face).at)
    found = [follower.add(frame) for frame in frames]
    return found, follower.finish()


def test_follows_every_frame_of_the_interval(landmarker):
    frames = list(film(40, [Person(8, 33, 120, 90, drift=2)]))
    (face,) = faces_of(scan(frames, landmarker))
    found, track = followed(landmarker, face, frames)
    assert [i for i, f in enumerate(found) if f is not None] == list(range(8, 33))
    assert track.frame_indices.tolist() == list(range(8, 33))
    assert track.times == pytest.approx(np.arange(8, 33) / 25)
    assert track.landmarks.shape == (25, 478, 3)
    assert track.pose.shape == (25, 3)
    assert track.quality.min() > 0.9
    middles = track.landmarks[:, :, 0].mean(1)
    assert middles == pytest.approx(120 + 2 * np.arange(8, 33), abs=8)
    # A steady hand: it moves like the person, frame by frame.
    assert np.abs(np.diff(middles) - 2).max() < 1.5


@pytest.mark.parametrize(("x", "other"), [(80, 240), (240, 80)])
def test_keeps_the_person_it_was_given(landmarker, x, other):
    people = [Person(5, 15, x, 90), Person(0, 99, other, 90, mirrored=True)]
    _, track = followed(landmarker, face_at(x, 90, 0, 800), film(20, people))
    assert track.frame_indices.tolist() == list(range(5, 15))
    assert np.abs(track.landmarks[:, :, 0].mean(1) - x).max() < 15


def test_finds_the_person_again_after_an_absence(landmarker):
    people = [Person(0, 9, 160, 90), Person(16, 25, 160, 90)]
    _, track = followed(landmarker, face_at(160, 90, 0, 1_000), film(25, people))
    assert track.frame_indices.tolist() == [*range(9), *range(16, 25)]


def test_a_cut_to_somebody_elsewhere_is_not_followed(landmarker):
    people = [Person(0, 12, 90, 90), Person(12, 99, 230, 90, mirrored=True)]
    _, track = followed(landmarker, face_at(90, 90, 0, 1_000), film(25, people, cuts=[12]))
    assert track.frame_indices.tolist() == list(range(12))


def test_who_stays_when_the_face_has_gone_elsewhere_is_let_go(landmarker):
    left, right = face_at(90, 90, 0, 480).samples, face_at(230, 90, 520, 1_000).samples
    face = IdentifiedFace("0", 0, 1_000, b"", left + right)
    _, track = followed(landmarker, face, film(25, [Person(0, 99, 90, 90)]))
    assert track.frame_indices.tolist()[:10] == list(range(10))
    assert track.frame_indices.max() <= 13


def test_outside_its_interval_the_face_is_left_alone(landmarker):
    _, track = followed(landmarker, face_at(160, 90, 200, 600), film(25, [Person(0, 99, 160, 90)]))
    assert track.frame_indices.tolist() == list(range(5, 15))


def test_no_samples_near_means_nobody_there(landmarker):
    face = face_at(160, 90, 0, 8_000, every=7_000)
    late = [f for f in film(60, [Person(0, 99, 160, 90)]) if f.time_ms >= 1_400]
    found, track = followed(landmarker, face, late)
    assert [f.index for f, seen in zip(late, found, strict=True) if seen] == [35, 36, 37]
    assert track.frame_indices.tolist() == [35, 36, 37]


def test_nobody_gives_an_empty_track(landmarker):
    found, track = followed(landmarker, face_at(160, 90, 0, 400), film(10))
    assert found == [None] * 10
    assert track.landmarks.shape == (0, 478, 3)
    assert track.pose.shape == (0, 3)
    assert track.quality.shape == (0,)
