from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest

from lipwright.errors import BadInputError
from lipwright.jobs.sounds import decode_sound, is_url

DATA = bytes(range(256)) * 3
RAW = b64encode(DATA).decode()


@pytest.mark.parametrize(
    "text",
    [
        RAW,
        RAW.rstrip("="),
        urlsafe_b64encode(DATA).decode(),
        "\n".join(RAW[at : at + 76] for at in range(0, len(RAW), 76)),
        f"data:audio/mpeg;base64,{RAW}",
        f"DATA:audio/wav;codecs=1;BASE64,{RAW}",
        "data:;base64," + RAW.replace("+", "%2B"),
    ],
)
def test_all_spellings_give_the_bytes(text: str) -> None:
    assert decode_sound(text, 1000) == DATA


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not base64!", "not_base64"),
        ("abcde", "not_base64"),
        ("hällo", "not_base64"),
        ("data:audio/mpeg", "not_base64"),
        ("data:audio/mpeg,abcd", "not_base64"),
        ("data:audio/mpeg;base64,", "empty"),
        (b64encode(bytes(1001)).decode(), "too_large"),
        (b64encode(bytes(5000)).decode(), "too_large"),
    ],
)
def test_what_is_wrong_is_named(text: str, reason: str) -> None:
    with pytest.raises(BadInputError) as caught:
        decode_sound(text, 1000)
    assert (caught.value.field, caught.value.reason) == ("speech", reason)


def test_urls_of_any_scheme_are_told_from_bytes() -> None:
    assert is_url("https://example.com/a.mp3")
    assert is_url("file:///etc/passwd")
    assert not is_url("data:audio/mpeg;base64,AAAA")
    assert not is_url(RAW)
