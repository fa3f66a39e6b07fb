from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from dubbing_clips import GOOD

from lipwright.dubbing import pieces as room
from lipwright.dubbing.looping import repeats_of
from lipwright.dubbing.pieces import (
    Part,
    Repeats,
    needed_parts,
    runs,
    seconds_of,
    with_run_up,
)
from lipwright.dubbing.types import Line
from lipwright.faces.types import Box, FaceSample, IdentifiedFace

ALWAYS = (0, 60_000)


@pytest.fixture
def no_more(monkeypatch):
    """Only what a line covers."""
    monkeypatch.setattr(room, "LEAST_PIECES", 0)


def face(start_ms, end_ms):
    return IdentifiedFace("0", start_ms, end_ms, b"", (FaceSample(start_ms, Box(0, 0, 9, 9)),))


def line(insert_ms, length_ms):
    return Line("0", Path("line.wav"), 0, length_ms, insert_ms)


def pieces(lines, interval=ALWAYS, repeats=None):
    return [(p.repeat, p.piece) for p in needed_parts(face(*interval), lines, repeats or Repeats())]


@pytest.mark.parametrize(
    ("insert_ms", "length_ms", "interval", "wanted"),
    [
        (500, 1_000, ALWAYS, [0]),
        (500, 1_001, ALWAYS, [0, 1]),
        (2_500, 1_000, ALWAYS, [1]),
        (2_499, 1_000, ALWAYS, [0, 1]),
        (30_000, 3_000, ALWAYS, [14, 15, 16]),
        (0, 60_000, (3_000, 5_000), [1, 2]),
        # The face ends with a frame that lasts into the next piece by less than a tenth.
        (0, 60_000, (100, 3_960), [0, 1, 2]),
        (0, 60_000, (100, 3_900), [0, 1]),
        (9_000, 1_000, (0, 5_000), []),
    ],
)
@pytest.mark.usefixtures("no_more")
def test_a_line_needs_itself_and_its_context(insert_ms, length_ms, interval, wanted):
    assert pieces([line(insert_ms, length_ms)], interval) == [(0, piece) for piece in wanted]


@pytest.mark.usefixtures("no_more")
def test_lines_share_pieces_and_leave_out_what_is_between():
    assert pieces([line(20_600, 500), line(600, 500), line(1_200, 400)]) == [
        (0, 0),
        (0, 1),
        (0, 10),
    ]


@pytest.mark.usefixtures("no_more")
def test_a_repeated_video_has_the_same_pieces_again():
    repeats = Repeats(Fraction(5), 3)
    assert pieces([line(4_500, 1_400)], (0, 5_000), repeats) == [(0, 2), (1, 0)]
    assert pieces([line(9_500, 3_400)], (0, 5_000), repeats) == [(1, 2), (2, 0), (2, 1)]
    # A face that is there for a part of it only.
    assert pieces([line(4_500, 9_400)], (2_200, 3_800), repeats) == [(1, 1), (2, 1)]


@pytest.mark.parametrize(
    ("lines", "interval", "wanted"),
    [
        ([line(500, 1_000)], ALWAYS, [0, 1, 2, 3, 4]),
        ([line(30_500, 500)], ALWAYS, [13, 14, 15, 16, 17]),
        ([line(30_500, 2_400)], ALWAYS, [13, 14, 15, 16, 17]),
        ([line(58_500, 1_000)], ALWAYS, [26, 27, 28, 29, 30]),
        ([line(2_500, 1_000)], (2_200, 5_000), [1, 2]),
        ([line(20_500, 1_000)], (19_000, 23_000), [9, 10, 11]),
        ([line(500, 1_000), line(30_500, 1_000)], ALWAYS, [0, 1, 14, 15, 16]),
        ([line(0, 20_000)], ALWAYS, list(range(11))),
        ([line(9_000, 1_000)], (0, 5_000), []),
    ],
)
def test_a_face_is_known_from_ten_seconds_if_there_are_so_many(lines, interval, wanted):
    assert pieces(lines, interval) == [(0, piece) for piece in wanted]


def test_what_else_is_known_of_a_repeated_video_is_not_known_twice():
    repeats = Repeats(Fraction(7), 3)
    assert pieces([line(7_500, 1_000)], (0, 7_000), repeats) == [(1, 0), (1, 1), (1, 2), (1, 3)]
    assert pieces([line(6_500, 1_000)], (0, 7_000), repeats) == [(0, 2), (0, 3), (1, 0), (1, 1)]


def test_videos_repeat_only_if_they_must():
    assert repeats_of(GOOD, GOOD.duration_ms) == Repeats()
    assert repeats_of(GOOD, GOOD.duration_ms + 1) == Repeats(Fraction(10), 2)


def test_folding_keeps_every_moment_once():
    repeats = Repeats(Fraction(7, 3), 4)
    found = list(repeats.folded(Fraction(1), Fraction(8)))
    assert [repeat for repeat, _, _ in found] == [0, 1, 2, 3]
    assert sum(end - begin for _, begin, end in found) == 7
    assert found[0][1:] == (1, Fraction(7, 3))
    assert found[-1][1:] == (0, 1)


def test_a_piece_is_looked_at_with_a_run_up_while_the_face_is_there():
    assert seconds_of(3) == (6, 8)
    assert with_run_up(3, face(*ALWAYS), GOOD) == (6 - Fraction(4, 25), 8)
    assert with_run_up(0, face(*ALWAYS), GOOD) == (0, 2)
    assert with_run_up(3, face(6_500, 7_000), GOOD) == (Fraction(64, 10), Fraction(71, 10))


def test_what_touches_is_read_in_one_go():
    assert runs([]) == []
    assert runs([(5, 6), (0, 2), (1, 3), (3, 4)]) == [(0, 4), (5, 6)]
    assert runs([(0, 9), (1, 2)]) == [(0, 9)]


def test_parts_are_in_the_order_of_time():
    assert sorted([Part(1, 0), Part(0, 2), Part(0, 1)]) == [Part(0, 1), Part(0, 2), Part(1, 0)]
