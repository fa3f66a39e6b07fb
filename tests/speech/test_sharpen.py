from __future__ import annotations

import numpy as np

from lipwright.speech.activity import Span
from lipwright.speech.alignment import TimedWord
from lipwright.speech.closures import find_closures
from lipwright.speech.sharpen import Expected, expected_closures, match, placed_words, sharpen
from lipwright.speech.spelling import read_word

ALL = (Span(0.0, 4.0),)


def timed(text: str, start: float, end: float) -> TimedWord:
    return TimedWord(read_word(text), start, end)


def bumps(*peaks: tuple[float, float]) -> np.ndarray:
    """Probability curve of 4 s with a peak of given height at each time."""
    times = np.arange(200) / 50
    curve = np.full(200, 0.01)
    for time, height in peaks:
        curve = np.maximum(curve, height * np.exp(-0.5 * ((times - time) / 0.03) ** 2))
    return curve.astype(np.float32)


def closed_at(curve: np.ndarray) -> list[float]:
    return [closure.peak for closure in find_closures(curve)]


SENTENCE = (timed("ten", 0.5, 0.9), timed("robots", 0.9, 1.5), timed("sing", 1.5, 2.0))


def test_an_expected_closure_is_found_though_faint() -> None:
    curve = bumps((1.12, 0.3))
    assert closed_at(curve) == []
    assert closed_at(sharpen(curve, SENTENCE, ALL)) == [1.12]


def test_an_unexpected_one_must_be_plain() -> None:
    curve = bumps((0.7, 0.68), (1.12, 0.9), (1.8, 0.95))
    assert closed_at(curve) == [0.7, 1.12, 1.8]
    assert closed_at(sharpen(curve, SENTENCE, ALL)) == [1.12, 1.8]


def test_nothing_is_invented_without_a_sign_in_the_sound() -> None:
    assert closed_at(sharpen(bumps((1.12, 0.04)), SENTENCE, ALL)) == []
    assert closed_at(sharpen(bumps((2.9, 0.3)), SENTENCE, ALL)) == []


def test_one_expected_closure_raises_one_peak() -> None:
    curve = bumps((1.0, 0.3), (1.12, 0.45), (1.26, 0.3))
    assert closed_at(sharpen(curve, SENTENCE, ALL)) == [1.12]


def test_nothing_changes_where_nothing_is_known() -> None:
    curve = bumps((0.7, 0.68), (1.2, 0.68), (3.0, 0.68))
    assert (sharpen(curve, (), ALL) == curve).all()
    number = (timed("1984", 0.5, 1.9),)
    assert np.allclose(sharpen(curve, number, ALL), curve, atol=1e-4)
    assert closed_at(sharpen(curve, SENTENCE, ALL)) == [1.2, 3.0]
    assert len(sharpen(np.zeros(0, np.float32), SENTENCE, ALL)) == 0


def test_lips_may_touch_at_f_v_and_w() -> None:
    curve = bumps((1.2, 0.68))
    with_v = (timed("ten", 0.5, 0.9), timed("seven", 0.9, 1.5))
    assert closed_at(sharpen(curve, with_v, ALL)) == [1.2]
    without = (timed("ten", 0.5, 0.9), timed("garden", 0.9, 1.5))
    assert closed_at(sharpen(curve, without, ALL)) == []


def test_rest_is_not_taken_for_a_closure() -> None:
    """Lips rest together until 1.0 s; the m comes after."""
    curve = np.maximum(bumps((1.25, 0.4)), np.where(np.arange(200) < 48, 0.99, 0.01))
    words = (timed("tomorrow", 1.0, 1.6),)
    found = find_closures(sharpen(curve.astype(np.float32), words, (Span(1.0, 1.6),)))
    assert [closure.peak for closure in found][1:] == [1.24]


def test_two_that_meet_at_a_border_are_one() -> None:
    assert len(expected_closures((timed("stop", 0.0, 0.5), timed("by", 0.5, 0.8)))) == 1
    assert len(expected_closures((timed("some", 0.0, 0.5), timed("people", 0.5, 0.8)))) == 3


def test_silence_is_taken_out_of_words() -> None:
    words = (timed("Me", 0.0, 1.5), timed("too.", 1.5, 3.5))
    first, last = placed_words(words, (Span(1.1, 1.9), Span(3.0, 3.2)))
    assert (first.start, first.end) == (1.1, 1.5)
    assert (last.start, last.end) == (1.5, 1.9)
    (first, last) = placed_words(words, (Span(0.0, 4.0),))
    assert first.start > 0.9
    assert last.end < 2.5
    assert placed_words(words, ()) == []


def test_matching_keeps_order_and_takes_the_best() -> None:
    expected = (Expected(1.0, 0.1), Expected(1.2, 0.1))
    times = np.array([0.9, 1.05, 1.15, 1.3, 2.0])
    assert match(expected, times, np.array([2.0, -5.0, -5.0, 2.0, 9.0])) == [0, 3]
    assert match(expected, times, np.array([-5.0, 2.0, 2.0, -5.0, 9.0])) == [1, 2]
    assert match(expected, times, np.full(5, -5.0)) == []
    assert match(expected, np.zeros(0), np.zeros(0)) == []
    assert match((), times, np.zeros(5)) == []
