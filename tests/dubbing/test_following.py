"""What is seen of a piece depends on the piece alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from dubbing_clips import GOOD, SIDE, SMILE
from face_clips import film

from lipwright.dubbing.following import Wanted, follow, frames_to_read, joined, shifted
from lipwright.faces.types import Box, FaceSample, IdentifiedFace

COUNT = 125
FACE = IdentifiedFace(
    "0",
    0,
    COUNT * 40,
    b"",
    tuple(FaceSample(time, Box(45, 40, 140, 150)) for time in range(0, COUNT * 40, 200)),
)


class Reader:
    """Five seconds of a face, read as `VideoReader` reads; remembers what was read."""

    info = replace(GOOD, width=SIDE, height=SIDE, duration_ms=COUNT * 40, frame_count=COUNT)

    def __init__(self, frames):
        self._frames = frames
        self.read = []

    def frames(self, start=None, end=None):
        for frame in self._frames:
            if start <= frame.time < end:
                self.read.append(frame.index)
                yield frame


class Witness:
    def __init__(self):
        self.seen = []

    def add(self, frame, face):
        self.seen.append(frame.index)


@pytest.fixture(scope="module")
def frames():
    return list(film(COUNT, SMILE, width=SIDE, height=SIDE))


@pytest.fixture(scope="module")
def look(frames, landmarker):
    """Follow pieces; give them by number, and the reader that was used."""

    def look(*pieces, face=FACE):
        reader, looked = Reader(frames), []
        wanted = [Wanted(face, piece, Witness()) for piece in pieces]
        followed = follow(reader, wanted, landmarker, lambda frame: looked.append(frame.index))
        found = {one.piece: known for one, known in followed}
        assert looked == reader.read
        assert abs(len(looked) - frames_to_read(wanted, reader.info)) <= 3
        return found, reader.read

    return look


@pytest.fixture(scope="module")
def whole(look):
    return look(0, 1, 2)


def test_every_frame_is_read_once_and_belongs_to_one_piece(whole):
    found, read = whole
    assert read == list(range(COUNT))
    for piece, (begin, end) in enumerate([(0, 50), (50, 100), (100, COUNT)]):
        assert found[piece].observer.seen == list(range(begin, end))
        assert found[piece].track.frame_indices.tolist() == list(range(begin, end))


def test_a_piece_is_the_same_alone(whole, look):
    found, read = look(1)
    assert read == list(range(46, 100))
    one, other = found[1].track, whole[0][1].track
    assert np.array_equal(one.landmarks, other.landmarks)
    assert np.array_equal(one.quality, other.quality)
    assert found[1].observer.seen == whole[0][1].observer.seen


def test_what_lies_between_is_not_read(look):
    _, read = look(2, 0)
    assert read == [*range(50), *range(96, COUNT)]


def test_a_face_is_not_looked_for_where_it_is_not(look):
    found, read = look(1, face=replace(FACE, start_ms=3_000, end_ms=3_400))
    assert read == list(range(73, 88))
    assert found[1].track.frame_indices.tolist() == list(range(75, 85))
    assert len(look(2, face=replace(FACE, end_ms=3_950))[0][2].track.times) == 0


def test_pieces_join_as_if_the_face_had_been_followed_without_a_break(whole, frames, landmarker):
    from lipwright.faces.dense import FaceFollower
    from lipwright.faces.whereabouts import Whereabouts

    follower = FaceFollower(landmarker, Whereabouts(FACE).at)
    for frame in frames:
        follower.add(frame)
    track, together = follower.finish(), joined([whole[0][piece].track for piece in range(3)])
    assert np.array_equal(together.frame_indices, track.frame_indices)
    assert np.array_equal(together.times, track.times)
    away = np.linalg.norm((together.landmarks - track.landmarks)[..., :2], axis=2).mean(1)
    eyes = np.linalg.norm(track.landmarks[0, 33, :2] - track.landmarks[0, 263, :2])
    assert away.max() < 0.004 * eyes


def test_a_repetition_shows_the_same_frames_later(whole):
    track = whole[0][2].track
    assert shifted(track, 0, Fraction(0)) is track
    later = shifted(track, COUNT, Fraction(5))
    assert later.frame_indices.tolist() == list(range(225, 250))
    assert later.times == pytest.approx(track.times + 5)
    assert later.frames_in_file.tolist() == track.frame_indices.tolist()
    both = joined([track, later])
    assert both.frames_in_file.tolist() == [*range(100, 125), *range(100, 125)]
    assert joined([track, track]).shown_frames is None
