from __future__ import annotations

import gc
import weakref
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from face_clips import Person, film, frame_of, placed, turned

from lipwright.faces.intervals import faces_of
from lipwright.faces.scan import FaceScan, looks, scan
from lipwright.media.decode import VideoReader

ALWAYS = 10_000
TWO_FACES = Path(__file__).parents[3] / "shared/media/silent/two_faces_gap_1280x720_25fps.mp4"


def bounds(sightings):
    return [(s.start_ms, s.end_ms) for s in sightings]


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [(0, ALWAYS, 30), (13, ALWAYS, 40), (1, ALWAYS, 26), (0, 27, 40), (17, 44, 60), (24, 50, 55)],
)
def test_bounds_are_exact_to_the_frame(landmarker, first, last, count):
    found = scan(film(count, [Person(first, last, 160, 90)]), landmarker)
    assert bounds(found) == [(40 * first, 40 * min(last, count))]


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30), Fraction(60)])
def test_bounds_are_exact_at_any_rate(landmarker, rate):
    found = scan(film(75, [Person(11, 67, 160, 90)], rate=rate), landmarker)
    assert bounds(found) == [(round(11 / rate * 1000), round(67 / rate * 1000))]


def test_a_face_that_appears_in_the_last_second_is_found(landmarker):
    assert bounds(scan(film(49, [Person(30, ALWAYS, 160, 90)]), landmarker)) == [(1200, 1960)]


def test_a_short_absence_is_seen(landmarker):
    people = [Person(0, 22, 160, 90), Person(40, 70, 160, 90)]
    assert bounds(scan(film(70, people), landmarker)) == [(0, 880), (1600, 2800)]


def test_two_faces_have_their_own_bounds(landmarker):
    people = [Person(0, ALWAYS, 80, 90), Person(21, 48, 240, 90, mirrored=True)]
    found = scan(film(60, people), landmarker)
    assert bounds(found) == [(0, 2400), (840, 1920)]
    for sighting, x in zip(found, (80, 240), strict=True):
        assert all(abs((s.box.x0 + s.box.x1) / 2 - x) < 20 for s in sighting.samples)


def test_a_cut_ends_one_face_and_begins_another(landmarker):
    people = [Person(0, 23, 100, 90), Person(23, ALWAYS, 220, 90, mirrored=True)]
    found = scan(film(50, people, cuts=[23]), landmarker)
    assert bounds(found) == [(0, 920), (920, 2000)]
    assert found[0].shot != found[1].shot


def test_a_cut_to_an_empty_room_ends_the_face(landmarker):
    found = scan(film(50, [Person(0, 23, 160, 90)], cuts=[23]), landmarker)
    assert bounds(found) == [(0, 920)]


def test_faces_too_small_or_too_far_turned_are_left_out(landmarker):
    assert scan(film(20, [Person(0, ALWAYS, 160, 90, side=64)]), landmarker) == []


@pytest.mark.parametrize("speed", [1.5, 3, 6])
def test_a_face_that_leaves_is_held_until_its_mouth_is_gone(landmarker, speed):
    places = (200 + speed * i for i in range(round(140 / speed)))
    frames = (frame_of(placed(turned(0.6, 0, x, 90), 320, 180), i) for i, x in enumerate(places))
    (face,) = faces_of(scan(frames, landmarker))
    # The mouth's corner is 12 pixels right of the portrait's centre; ends are late, never early.
    gone = 40 * (320 - 200 - 12) / speed
    assert face.start_ms == 0
    assert gone - 40 <= face.end_ms < gone + 6 * 40


def test_nobody_is_nobody(landmarker):
    assert scan(film(30), landmarker) == []
    assert scan([], landmarker) == []


def test_samples_are_where_the_face_is(landmarker, astronaut):
    (found,) = scan(film(60, [Person(5, ALWAYS, 100, 90, drift=2)]), landmarker)
    times = [s.time_ms for s in found.samples]
    assert times == sorted(set(times))
    assert times[0] == found.start_ms
    assert found.end_ms - times[-1] <= 240
    # Far enough apart to be few, close enough to tell where the face was in between.
    assert len(times) < 12
    assert max(np.diff(times)) <= 1_000
    for sample in found.samples:
        middle = (sample.box.x0 + sample.box.x1) / 2
        assert middle == pytest.approx(100 + 2 * sample.time_ms / 40, abs=10)


def test_the_portrait_is_of_the_best_moment(landmarker):
    sides = [72] * 15 + [150] * 15
    people = [Person(i, i + 1, 160, 90, side=side) for i, side in enumerate(sides)]
    found = scan(film(30, people), landmarker)
    assert bounds(found)[-1][1] == 1200
    picture = cv2.imdecode(np.frombuffer(found[-1].portrait, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[0] > 90


def test_memory_is_bounded(landmarker):
    """At 240 frames a second no more than a second's worth is ever held."""
    alive, most, seen = [], 0, FaceScan(landmarker)
    for frame in film(300, width=128, height=96, rate=Fraction(240)):
        alive = [ref for ref in alive if ref() is not None] + [weakref.ref(frame)]
        seen.add(frame)
        most = max(most, len(alive))
    del frame
    assert most <= 70
    seen.finish()
    del seen
    gc.collect()
    assert not any(ref() for ref in alive)


@pytest.mark.skipif(not TWO_FACES.exists(), reason="the shared clip of two faces is not here")
def test_the_real_clip_of_two_faces(landmarker):
    with VideoReader(TWO_FACES) as reader:
        faces = faces_of(scan(reader.frames(), landmarker))
    assert [f.face_id for f in faces] == ["0", "1", "2"]
    for face, (start, end) in zip(faces, [(0, 7000), (0, 2400), (4200, 7000)], strict=True):
        assert abs(face.start_ms - start) <= 80
        assert 0 <= face.end_ms - end <= 80  # may be late, never early


class Whole:
    """All frames of a film, for a scan that is given some of them."""

    def __init__(self, frames):
        self.frames = list(frames)
        self.asked = 0

    def time_before(self, index):
        return self.frames[index - 1].time

    def between(self, first, end):
        self.asked += end - first
        yield from self.frames[first:end]


CAST = {
    "throughout": ([Person(0, ALWAYS, 160, 90)], []),
    "comes and goes": ([Person(13, 62, 160, 90)], []),
    "two": ([Person(0, ALWAYS, 80, 90), Person(21, 48, 240, 90, mirrored=True)], []),
    "absent": ([Person(0, 22, 160, 90), Person(40, 70, 160, 90)], []),
    "a cut": ([Person(0, 37, 100, 90), Person(37, ALWAYS, 220, 90, mirrored=True)], [37]),
}


@pytest.mark.parametrize("keep", [2, 4])
@pytest.mark.parametrize("cast", CAST)
def test_leaving_frames_out_changes_nothing(landmarker, cast, keep):
    people, cuts = CAST[cast]
    whole = Whole(film(80, people, cuts=cuts))
    expected = scan(whole.frames, landmarker)
    needed = looks([frame.time_ms for frame in whole.frames])
    given = [f for f in whole.frames if f.index % keep == 0 or f.index in needed]
    found = scan(given, landmarker, whole)
    assert bounds(found) == bounds(expected)
    for one, other in zip(found, expected, strict=True):
        if not cuts:
            assert one.samples == other.samples
        assert one.portrait_score == pytest.approx(other.portrait_score, rel=0.1)
    if cast == "throughout":
        assert not whole.asked
    assert whole.asked < 80


def test_looks_are_about_twice_a_second_and_at_the_end():
    seen = looks([40 * i for i in range(60)])
    assert {0, 12, 25, 37, 50, 59} <= set(seen)
    assert len(seen) < 10
    assert looks([]) == []
    assert max(np.diff(looks([round(1000 / 240 * i) for i in range(500)]))) <= 120
    # A buffer of so many frames is all that is held, so a search must come.
    assert 64 in looks(list(range(100)))
