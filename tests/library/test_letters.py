from __future__ import annotations

import itertools
import string

import pytest

from lipwright.library.letters import sounds_of


@pytest.mark.parametrize(
    ("word", "visemes"),
    [
        ("fellow", "FF L"),
        ("Americans,", "RR kk nn SS"),
        ("the", "TH"),
        ("though", "TH"),
        ("through", "TH RR"),
        ("nation", "nn CH nn"),
        ("knight", "nn DD"),
        ("quick", "kk kk"),
        ("phone", "FF nn"),
        ("thumb", "TH"),
        ("bubble", "L"),
        ("make", "kk"),
        ("caf\u00e9", "kk FF"),
        ("B2B", ""),
        ("!?", ""),
        ("\u4f60\u597d", ""),
    ],
)
def test_reads_english(word: str, visemes: str) -> None:
    assert [sound.viseme for sound in sounds_of(word)] == visemes.split()


def test_sounds_are_in_order_and_inside_the_word() -> None:
    sounds = sounds_of("strengths")
    edges = [edge for sound in sounds for edge in (sound.start, sound.end)]
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == (0.0, pytest.approx(1.0))


def test_every_spelling_can_be_read() -> None:
    for letters in itertools.product(string.ascii_lowercase, repeat=3):
        sounds_of("".join(letters))
