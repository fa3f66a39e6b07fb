from __future__ import annotations

import pytest

from lipwright.api.ranges import Part, UnsatisfiableError, asked_part, is_unchanged

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", Part(0, 1)),
        ("bytes=0-99", Part(0, 100)),
        ("bytes=10-19", Part(10, 20)),
        ("bytes=90-", Part(90, 100)),
        ("bytes=90-1000", Part(90, 100)),
        ("bytes=-10", Part(90, 100)),
        ("bytes=-1000", Part(0, 100)),
        ("Bytes = 5-6", Part(5, 7)),
        (None, None),
        ("", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=9-5", None),
        ("bytes=+1-5", None),
        ("bytes=1.5-5", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=" + "9" * 30 + "-", None),
        ("bytes=٣-٤", None),
    ],
)
def test_the_part_of_100_bytes(header: str | None, part: Part | None) -> None:
    assert asked_part(header, None, 100, ETAG) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=5000-6000"])
def test_a_range_outside_the_file_is_unsatisfiable(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        asked_part(header, None, 100, ETAG)


def test_an_empty_file_has_no_part() -> None:
    with pytest.raises(UnsatisfiableError):
        asked_part("bytes=0-", None, 0, ETAG)
    with pytest.raises(UnsatisfiableError):
        asked_part("bytes=-5", None, 0, ETAG)


@pytest.mark.parametrize("if_range", ['"other"', 'W/"abc"', "Wed, 21 Oct 2015 07:28:00 GMT", ""])
def test_another_state_is_answered_whole(if_range: str) -> None:
    assert asked_part("bytes=0-9", if_range, 100, ETAG) is None


def test_the_same_state_is_answered_in_part() -> None:
    assert asked_part("bytes=0-9", ' "abc" ', 100, ETAG) == Part(0, 10)


@pytest.mark.parametrize(
    ("header", "unchanged"),
    [
        (None, False),
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", "abc"', True),
        ("*", True),
        ('"x"', False),
        ("abc", False),
    ],
)
def test_if_none_match(header: str | None, unchanged: bool) -> None:
    assert is_unchanged(header, ETAG) is unchanged
