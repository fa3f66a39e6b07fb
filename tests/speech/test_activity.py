from __future__ import annotations

import numpy as np

from lipwright.speech.activity import Span, speech_spans

LOUD, ROOM = -25.0, -60.0


def spans_of(voice: list[tuple[float, int]], levels: list[tuple[float, int]]) -> tuple[Span, ...]:
    """Spans of curves given as (value, how many 20 ms)."""
    curves = [
        np.concatenate([np.full(count, value, np.float32) for value, count in runs])
        for runs in (voice, levels)
    ]
    return speech_spans(curves[0], curves[1], len(curves[0]) / 50.0)


def test_speech_between_silences() -> None:
    (span,) = spans_of([(0.02, 50), (0.98, 100), (0.02, 50)], [(ROOM, 50), (LOUD, 100), (ROOM, 50)])
    assert abs(span.start - 1.0) < 0.05
    assert abs(span.end - 3.0) < 0.05


def test_digital_silence() -> None:
    assert spans_of([(0.9, 100)], [(-120.0, 100)]) == ()


def test_what_does_not_sound_like_speech() -> None:
    assert spans_of([(0.1, 100)], [(LOUD, 100)]) == ()


def test_short_pauses_belong_to_speech_and_long_ones_do_not() -> None:
    short = spans_of([(0.99, 50), (0.01, 6), (0.99, 50)], [(LOUD, 50), (ROOM, 6), (LOUD, 50)])
    long = spans_of([(0.99, 50), (0.01, 25), (0.99, 50)], [(LOUD, 50), (ROOM, 25), (LOUD, 50)])
    assert len(short) == 1
    assert len(long) == 2


def test_room_noise_that_the_network_is_unsure_of_is_a_pause() -> None:
    voice = [(0.98, 50), (0.7, 40), (0.98, 50)]
    assert len(spans_of(voice, [(LOUD, 50), (-50.0, 40), (LOUD, 50)])) == 2
    assert len(spans_of(voice, [(LOUD, 50), (-32.0, 40), (LOUD, 50)])) == 1


def test_clicks_are_not_speech() -> None:
    assert spans_of([(0.0, 50), (0.99, 2), (0.0, 50)], [(ROOM, 50), (LOUD, 2), (ROOM, 50)]) == ()


def test_spans_stay_inside_the_sound() -> None:
    voice = np.full(51, 0.99, np.float32)
    (span,) = speech_spans(voice, np.full(51, LOUD, np.float32), 1.005)
    assert span == Span(0.0, 1.005)


def test_empty() -> None:
    assert speech_spans(np.zeros(0, np.float32), np.zeros(0, np.float32), 0.0) == ()
