from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipwright.api.file_names import MAX_CHARS, clean_name, inline_disposition


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("clip.mp4", "clip.mp4"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\windows\\clip.mov", "clip.mov"),
        ("../../x.mp4", "x.mp4"),
        ("..", "file"),
        ("", "file"),
        ("...mp4", "mp4"),
        (".hidden.wav", "hidden.wav"),
        ("my clip.mp4", "my_clip.mp4"),
        ("a\r\nSet-Cookie: x.mp4", "a__Set-Cookie__x.mp4"),
        ('a".mp4', "a_.mp4"),
        ("a\x00b.mp4", "a_b.mp4"),
        ("видео.mp4", "видео.mp4"),
        ("u\u0308.mp4", "ü.mp4"),
        ("\u202egpj.mp4", "gpj.mp4"),
        ("x" * 500 + ".mp4", "x" * (MAX_CHARS - 4) + ".mp4"),
        ("x" * 500, "x" * MAX_CHARS),
        ("/", "file"),
        ("a%2f..%2fb.mp4", "a_2f.._2fb.mp4"),
    ],
)
def test_names(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


@given(st.text())
def test_no_name_is_dangerous(name: str) -> None:
    kept = clean_name(name)
    assert 0 < len(kept) <= MAX_CHARS
    assert not set(kept) & set('/\\"\r\n\x00 <>:|?*%;')
    assert not kept.startswith(".")
    inline_disposition(name).encode("latin-1")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("clip.mp4", 'inline; filename="clip.mp4"'),
        ("ü.mp4", "inline; filename=\"_.mp4\"; filename*=UTF-8''%C3%BC.mp4"),
        ("it's.mp4", "inline; filename=\"it_s.mp4\"; filename*=UTF-8''it%27s.mp4"),
    ],
)
def test_dispositions(name: str, header: str) -> None:
    assert inline_disposition(name) == header
