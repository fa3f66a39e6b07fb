from __future__ import annotations

import pytest

from lipwright.cli.line_option import SpokenBy, read_line


@pytest.mark.parametrize(
    ("text", "face", "speech", "at_ms"),
    [
        ("0:a.wav@500", "0", "a.wav", 500),
        ("12:dir/a b.wav@0", "12", "dir/a b.wav", 0),
        ("a.wav", None, "a.wav", None),
        ("a.wav@500", None, "a.wav", 500),
        ("1:a.wav", "1", "a.wav", None),
        ("-", None, "-", None),
        ("0:-@250", "0", "-", 250),
        # A drive is no face, with or without one before it.
        (r"C:\takes\a.wav@500", None, r"C:\takes\a.wav", 500),
        (r"1:C:\takes\a.wav@500", "1", r"C:\takes\a.wav", 500),
        (r"1:C:/takes/a.wav", "1", "C:/takes/a.wav", None),
        # Colons and @ that belong to the name.
        ("noon 12:30.wav", None, "noon 12:30.wav", None),
        ("0:noon 12:30.wav@7", "0", "noon 12:30.wav", 7),
        ("me@home.wav", None, "me@home.wav", None),
        ("me@home.wav@40", None, "me@home.wav", 40),
        # What would be misread, written out or quoted.
        (":0:take.wav", None, "0:take.wav", None),
        ("take@100@", None, "take@100", None),
        ("take@100@5", None, "take@100", 5),
        ('0:"take@100"', "0", "take@100", None),
        ('"0:take@100"@9', None, "0:take@100", 9),
        ('"a.wav"@', None, "a.wav", None),
    ],
)
def test_reads(text: str, face: str | None, speech: str, at_ms: int | None) -> None:
    assert read_line(text) == SpokenBy(speech, face, at_ms)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names no sound"),
        ("0:", "names no sound"),
        ("0:@500", "names no sound"),
        ('0:""@5', "names no sound"),
        ('0:"a.wav@5', "not closed"),
        ('0:"a.wav"b@5', "only @MS"),
    ],
)
def test_refuses(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_line(text)
