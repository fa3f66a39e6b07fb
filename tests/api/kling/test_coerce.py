from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from lipwright.api.kling.coerce import Id, Milliseconds, Text, Volume, without_absent


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        (Milliseconds, 0, 0),
        (Milliseconds, 2000, 2000),
        (Milliseconds, -5, -5),
        (Milliseconds, 2000.0, 2000),
        (Milliseconds, "2000", 2000),
        (Milliseconds, " 2000 ", 2000),
        (Milliseconds, "2000.0", 2000),
        (Milliseconds, "-1", -1),
        (Milliseconds, "+7", 7),
        (Volume, 1, 1.0),
        (Volume, 0.5, 0.5),
        (Volume, "1.5", 1.5),
        (Volume, ".5", 0.5),
        (Volume, "1e-1", 0.1),
        (Id, 0, "0"),
        (Id, "0", "0"),
        (Id, " a ", "a"),
        (Id, 850508686686064678, "850508686686064678"),
        (Text, " http://x ", "http://x"),
    ],
)
def test_loose_values_are_read(kind: Any, sent: Any, read: Any) -> None:
    value = TypeAdapter(kind).validate_python(sent)
    assert value == read
    assert type(value) is type(read)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        *[
            (Milliseconds, bad)
            for bad in (1.5, "1.5", "2s", "", "0x10", "1_000", "٣", True, [], {})
        ],
        *[(Milliseconds, bad) for bad in (10**16, -(10**16), float("inf"), "9" * 40, "nan", None)],
        *[
            (Volume, bad)
            for bad in ("loud", "", True, [], {}, "inf", "nan", "0x1", 2**60, None, -0.1, 2.01)
        ],
        *[(Id, bad) for bad in (1.0, True, [], {}, "a\x00b", "a\nb", "x" * 129, "\u202ex", None)],
        *[(Text, bad) for bad in (1, True, [], {}, None)],
    ],
)
def test_other_values_are_refused(kind: Any, sent: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(sent)


def test_null_and_empty_text_count_as_absent() -> None:
    sent = {"a": "", "b": None, "c": " \t", "d": 0, "e": False, "f": [], "g": "x"}
    assert without_absent(sent) == {"d": 0, "e": False, "f": [], "g": "x"}
    assert without_absent([1]) == [1]
