from __future__ import annotations

import time

import pytest

from lipwright.speech.spelling import LONGEST, read_transcript, read_word


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("papa", 2),
        ("bib.", 2),
        ("mum", 2),
        ("happy", 1),
        ("summer", 1),
        ("lamb", 1),
        ("climbing,", 1),
        ("number", 1),
        ("computer", 1),
        ("submit", 1),
        ("debt", 0),
        ("doubtful", 0),
        ("subtle", 0),
        ("subtitle", 1),
        ("obtain", 1),
        ("psychology", 0),
        ("pneumonia", 1),
        ("Pterodactyl", 0),
        ("mnemonic", 1),
        ("receipt", 0),
        ("phone", 0),
        ("photograph", 0),
        ("Philip", 1),
        ("shepherd", 1),
        ("uphill", 1),
        ("coup", 0),
        ("coupon", 1),
        ("corps", 0),
        ("queen", 0),
        ("I'm", 1),
        ("B", 1),
        ("P!", 1),
        ("a", 0),
        ("X", 0),
        ("BMW", 3),
        ("FBI", 1),
        ("résumé", 1),
    ],
)
def test_how_often_the_lips_meet(word: str, count: int) -> None:
    places = read_word(word).meetings
    assert places is not None
    assert len(places) == count
    assert list(places) == sorted(places)
    assert all(0.0 <= place <= 1.0 for place in places)


def test_where_the_lips_meet() -> None:
    first, last = read_word("bulb").meetings or ()
    assert first == 0.0
    assert last > 0.8
    (middle,) = read_word("robot").meetings or ()
    assert 0.4 < middle < 0.6


@pytest.mark.parametrize("word", ["1984", "3pm", "Москва", "日本"])
def test_spelling_does_not_tell(word: str) -> None:
    assert read_word(word).meetings is None


@pytest.mark.parametrize(("word", "count"), [("five", 2), ("quick", 1), ("one", 1), ("ten", 0)])
def test_where_the_lips_come_near(word: str, count: int) -> None:
    assert len(read_word(word).narrowings) == count


def test_capitals_throughout_are_words() -> None:
    words = read_transcript("PLEASE BRING THE MAP AND PBS")
    assert [len(word.meetings or ()) for word in words] == [1, 1, 0, 2, 0, 1]
    assert [len(word.meetings or ()) for word in read_transcript("the MAP of PBS")] == [0, 2, 0, 2]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "...!?",
        "12 34",
        "😀" * 25_000,
        "\x00\x07\x1b" * 5_000,
        "\ud800\udfff",
        "مرحبا بالعالم",
        "你好世界 ok",
        "Добрый день",
        "ba" * 50_000,
    ],
)
def test_no_english_no_words(text: str) -> None:
    assert read_transcript(text) == ()


def test_what_is_not_text_divides_words() -> None:
    words = read_transcript("\ufeffIt\u2019s\x00a 😀 b\u00adig—map\u3000😀")
    assert [word.text for word in words] == ["It's", "a", "b", "ig", "map"]


def test_only_so_much_is_read_and_quickly() -> None:
    assert len(read_transcript("be " * 100_000)) <= LONGEST / 3 + 1
    start = time.thread_time()  # of its own work, whatever else the machine does
    for hostile in ("\ufdfa " * 100_000, "e\u0301\u0302\u0303" * 100_000, "a" * 10_000_000):
        read_transcript(hostile)
    assert time.thread_time() - start < 20
