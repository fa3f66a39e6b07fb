from __future__ import annotations

import pytest

from lipwright.jobs.links import file_path, token_in


def test_a_path_holds_its_token_and_a_quoted_name() -> None:
    path = file_path("tok-en", "my clip.mp4")
    assert path == "/v1/files/tok-en/my%20clip.mp4"
    assert token_in(f"https://dub.example/{path}") == "tok-en"
    assert token_in(f"http://10.0.0.1:8000/behind/a/proxy{path}?download=1") == "tok-en"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/video.mp4",
        "https://example.com/v1/files/only-a-token",
        "https://example.com/v1/files//name.mp4",
        "https://example.com/v1/files/token/name/more.mp4",
        "ftp://example.com/v1/files/token/name.mp4",
        "http://[broken/v1/files/token/name.mp4",
    ],
)
def test_other_urls_have_no_token(url: str) -> None:
    assert token_in(url) is None
