from __future__ import annotations

import pytest
from face_clips import Person, film

from lipwright.faces.intervals import MAX_GAP_MS, faces_of
from lipwright.faces.scan import Sighting, scan
from lipwright.faces.types import Box, FaceSample


def seen(start_ms, end_ms, *, x=200.0, side=100.0, shot=0, portrait=b"", score=0.0):
    box = Box(x - side / 2, 100, x + side / 2, 100 + side)
    samples = [FaceSample(start_ms, box), FaceSample(end_ms - 40, box)]
    return Sighting(shot, start_ms, end_ms, samples, portrait, score)


def spans(faces):
    return [(f.face_id, f.start_ms, f.end_ms) for f in faces]


@pytest.mark.parametrize(
    ("later", "joined"),
    [
        (seen(2_000, 4_000), True),
        (seen(1_040, 4_000), True),
        (seen(1_000 + MAX_GAP_MS, 4_000), True),
        (seen(1_001 + MAX_GAP_MS, 4_000), False),
        (seen(1_400, 4_000, shot=1), False),
        (seen(1_400, 4_000, x=290), True),
        (seen(1_400, 4_000, x=320), False),
        (seen(1_400, 4_000, side=150), True),
        (seen(1_400, 4_000, side=180), False),
        (seen(300, 4_000), False),  # at the same time and place: somebody else, or an error
    ],
)
def test_what_is_one_face(later, joined):
    found = spans(faces_of([seen(0, 1_000), later]))
    apart = [("0", 0, 1_000), ("1", later.start_ms, later.end_ms)]
    assert found == ([("0", 0, 4_000)] if joined else apart)


def test_joined_faces_keep_all_samples_and_the_better_portrait():
    first = seen(0, 1_000, portrait=b"good", score=2.0)
    second = seen(1_400, 3_000, portrait=b"poor", score=1.0)
    third = seen(3_200, 4_000, portrait=b"best", score=3.0)
    (face,) = faces_of([first, second, third])
    assert face.image_jpeg == b"best"
    assert [s.time_ms for s in face.samples] == [0, 960, 1_400, 2_960, 3_200, 3_960]
    (face,) = faces_of([seen(0, 1_000, portrait=b"good", score=2.0), second])
    assert face.image_jpeg == b"good"


def test_two_people_side_by_side_keep_apart():
    sightings = [seen(0, 1_000, x=100), seen(0, 900, x=400), seen(1_300, 2_500, x=400)]
    sightings.append(seen(1_500, 3_000, x=100))
    assert spans(faces_of(sightings)) == [("0", 0, 3_000), ("1", 0, 2_500)]


def test_short_faces_are_left_out_and_do_not_use_up_ids():
    sightings = [seen(0, 300), seen(1_500, 3_000, x=400), seen(5_000, 5_400)]
    assert spans(faces_of(sightings)) == [("0", 1_500, 3_000), ("1", 5_000, 5_400)]
    sightings = [seen(0, 1_960), seen(5_000, 7_000)]
    assert spans(faces_of(sightings, min_ms=2_000)) == [("0", 5_000, 7_000)]


def test_short_sightings_that_join_are_not_short():
    assert spans(faces_of([seen(0, 300), seen(600, 1_000)])) == [("0", 0, 1_000)]


def test_nothing_seen_is_nobody():
    assert faces_of([]) == []


def test_asking_twice_gives_the_same_answer():
    sightings = [seen(0, 1_000), seen(1_400, 3_000)]
    assert spans(faces_of(sightings)) == spans(faces_of(sightings))


@pytest.mark.parametrize(
    ("back", "wanted"),
    [(43, [("0", 0, 2_600)]), (48, [("0", 0, 800), ("1", 1_920, 2_600)])],
)
def test_absences_of_a_film(landmarker, back, wanted):
    people = [Person(0, 20, 160, 90), Person(back, 65, 160, 90)]
    assert spans(faces_of(scan(film(65, people), landmarker))) == wanted
