from __future__ import annotations

import re
from typing import Any


def test_health(api: Any) -> None:
    body = api.client.get("/healthz").json()
    assert body["code"] == 0
    assert body["data"] == {"status": "ok", "workers": 2, "waiting": 3}


def test_health_without_a_database(api: Any) -> None:
    api.service.fault = RuntimeError("secret database address")
    answer = api.client.get("/healthz")
    assert (answer.status_code, answer.json()["code"]) == (503, 5001)
    assert "secret" not in answer.text


def test_the_documentation_is_whole_and_loads_nothing(api: Any) -> None:
    answer = api.client.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    for name in ("face_choose[].sound_insert_time", "data.task_result.videos[].url", "video_url"):
        assert f"<code>{name}</code>" in answer.text
    assert "/klingai/v1/videos/advanced-lip-sync/{id}" in answer.text
    assert not re.search(r"(src|href)=['\"]?(https?:)?//", answer.text)
    assert "<script" not in answer.text
