from __future__ import annotations

from collections.abc import Callable
from typing import Any

PATH = "/v1/lipwright/about"


def test_what_the_server_allows_and_asks_for(api: Any) -> None:
    data = api.client.get(PATH).json()["data"]
    assert data["account"] == "default"
    assert data["limits"] == {
        "max_video_bytes": 100_000_000,
        "min_video_ms": 2000,
        "max_video_ms": 60_000,
        "min_side": 512,
        "max_side": 2160,
        "max_speech_bytes": 5_000_000,
        "min_speech_ms": 2000,
        "max_speech_ms": 60_000,
        "min_overlap_ms": 2000,
        "max_lines": 32,
    }
    assert data["prices"] == {"identify": "0.007", "lipsync": "0.07"}
    assert "mesh" in data["engines"]
    assert data["require_consent"] is False


def test_it_tells_whether_a_key_is_needed_and_good(api: Any) -> None:
    api.service.keys["lw_good"] = "acme"
    without = api.client.get(PATH)
    assert (without.status_code, without.json()["reason"]) == (401, "no_credentials")
    wrong = api.client.get(PATH, headers={"Authorization": "Bearer lw_bad"})
    assert (wrong.status_code, wrong.json()["reason"]) == (401, "bad_credentials")
    good = api.client.get(PATH, headers={"Authorization": "Bearer lw_good"})
    assert good.json()["data"]["account"] == "acme"


def test_it_tells_of_consent(start: Callable[..., Any]) -> None:
    api = start(require_consent=True)
    assert api.client.get(PATH).json()["data"]["require_consent"] is True
