"""Following a face while it is identified comes to the same as following it afterwards."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from dubbing_clips import SMILE, SPOKEN, make_film
from face_clips import Person

from lipwright.dubbing.banks import FaceBanks
from lipwright.dubbing.dub import dub
from lipwright.dubbing.foresight import ForeseenBanks, Foresight
from lipwright.dubbing.identify import identify
from lipwright.dubbing.types import Line
from lipwright.render.engine import load_engine

ENGINE = "mesh"
PIECES = (0, 1, 2)
BIG, SMALL = 168, 84


def foresee(film, pieces=PIECES):
    foresight = Foresight(load_engine(ENGINE), lambda info: pieces)
    return identify(film, foresight=foresight), foresight


def arrays(known):
    """Everything that a piece holds, by name."""
    track = {name: getattr(known.track, name) for name in ("landmarks", "pose", "quality", "times")}
    return track | dict(load_engine(ENGINE).pack(known.observer))


@pytest.fixture(scope="module")
def film(folder):
    """Five seconds of a face: three pieces."""
    return make_film(folder / "foreseen.mp4", SMILE, count=125)


@pytest.fixture(scope="module")
def faces(film):
    return identify(film)


@pytest.fixture(scope="module")
def say(film, faces, folder):
    def say(name, banks=None, at_ms=600, identification=None):
        output = folder / f"foreseen-{name}.mp4"
        line = Line("0", SPOKEN, 100, 1_400, at_ms)
        done = dub(film, identification or faces, [line], output=output, banks=banks)
        return output.read_bytes(), done.frames_looked_at

    return say


def test_nothing_is_looked_at_again_and_the_result_is_the_same(film, faces, say, tmp_path):
    found, foresight = foresee(film)
    assert found == faces
    kept = FaceBanks(tmp_path / "banks", "0" * 64)
    said, looked_at = say("ahead", ForeseenBanks(foresight, ENGINE, kept))
    plain, looked_at_plain = say("plain")
    assert looked_at == 0 < looked_at_plain
    assert said == plain
    # What was foreseen is kept like what was looked at.
    again, looked_at = say("kept", kept)
    assert looked_at == 0
    assert again == plain


def test_what_was_not_foreseen_is_looked_at(film, say):
    _, foresight = foresee(film, pieces=[1])
    said, looked_at = say("part", ForeseenBanks(foresight, ENGINE, None))
    plain, looked_at_plain = say("whole")
    assert 0 < looked_at < looked_at_plain
    assert said == plain


def test_only_what_is_wanted_is_followed(film, faces):
    _, foresight = foresee(film, pieces=[1])
    found = foresight.take(faces.faces[0])
    assert list(found) == [1]
    times = found[1].track.times
    assert times[0] == 2.0
    assert times[-1] == pytest.approx(3.96)
    assert not foresight.take(faces.faces[0])  # handed over once


@pytest.mark.parametrize(
    "change",
    [
        lambda face: replace(face, start_ms=face.start_ms + 400),
        lambda face: replace(face, end_ms=face.end_ms - 400),
        lambda face: replace(
            face,
            samples=tuple(
                replace(one, box=replace(one.box, x0=one.box.x0 + 1)) for one in face.samples
            ),
        ),
    ],
)
def test_what_holds_for_another_face_is_not_taken(film, faces, change):
    _, foresight = foresee(film)
    other = change(faces.faces[0])
    assert len(foresight.take(other)) < len(PIECES)
    assert len(foresight.take(faces.faces[0])) > 0


def film_of(folder, name, *people, count=125):
    return make_film(folder / f"{name}.mp4", list(people), count=count, width=384)


CASTS = {
    # A face beside a much smaller one, which appears before or after it.
    "large": [Person(0, 10_000, 92, 96, side=BIG), Person(0, 10_000, 290, 96, side=SMALL)],
    "later": [Person(30, 10_000, 92, 96, side=BIG), Person(0, 10_000, 290, 96, side=SMALL)],
    # It comes late, it leaves early, it comes back.
    "late": [Person(37, 10_000, 92, 96, side=BIG)],
    "early": [Person(0, 70, 92, 96, side=BIG)],
    "back": [Person(0, 30, 92, 96, side=BIG), Person(80, 10_000, 92, 96, side=BIG)],
    "turns": [Person(0, 60, 92, 96, side=BIG), Person(60, 10_000, 290, 96, side=BIG)],
}


@pytest.mark.parametrize("name", CASTS)
def test_whoever_comes_and_goes_is_known_as_if_followed_afterwards(name, folder):
    film = film_of(folder, f"cast-{name}", *CASTS[name])
    plain = identify(film)
    found, foresight = foresee(film)
    assert found == plain
    taken = [(face, foresight.take(face)) for face in plain.faces]
    assert any(pieces for _, pieces in taken)
    for face, pieces in taken:
        for piece, known in pieces.items():
            expected = followed(film, face, piece)
            there = arrays(known)
            assert there.keys() == expected.keys()
            for key, array in expected.items():
                assert np.array_equal(there[key], array, equal_nan=True), (piece, key)


def followed(film, face, piece):
    from lipwright.dubbing.following import Wanted, follow
    from lipwright.faces.landmarker import FaceLandmarker
    from lipwright.media.decode import VideoReader
    from lipwright.models.store import require

    with VideoReader(film) as reader:
        wanted = [Wanted(face, piece, load_engine(ENGINE).observer())]
        landmarker = FaceLandmarker(require("face_landmarker"))
        ((_, known),) = follow(reader, wanted, landmarker, lambda frame: None)
    return arrays(known)


def test_of_two_alike_nobody_is_guessed(folder):
    pair = Person(0, 10_000, 92, 96, side=BIG), Person(0, 10_000, 280, 96, side=BIG)
    film = film_of(folder, "alike", *pair, count=60)
    found, foresight = foresee(film)
    assert found == identify(film)
    assert len(found.faces) == 2
    assert not any(foresight.take(face) for face in found.faces)
    assert not foresight.wants(50)


def test_what_would_take_too_much_memory_is_not_followed_ahead(faces):
    stamps = np.arange(100, dtype=np.int64) * 512
    wanted = []
    for width, height, rate in ((1920, 1080, 60), (3840, 2160, 25)):
        info = replace(
            faces.video, width=width, height=height, frame_rate=Fraction(rate), duration_ms=4_000
        )
        foresight = Foresight(load_engine(ENGINE), lambda info: PIECES)
        foresight.begin(info, stamps)
        wanted.append(foresight.wants(30))
    assert wanted == [True, False]


def test_nobody_at_all(empty):
    found, foresight = foresee(empty)
    assert found == identify(empty)
    assert not found.faces
    assert foresight.wants(3)
