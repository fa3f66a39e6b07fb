from __future__ import annotations

import uuid
from typing import Any

import pytest


def refused(answer: Any, status: int, code: int) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert set(body) - {"field"} == {"code", "message", "request_id", "reason"}
    assert body["request_id"] == answer.headers["X-Request-Id"]
    uuid.UUID(body["request_id"])
    message: str = body["message"]
    return message


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/klingai",
        "/klingai/v1/videos",
        "/klingai/v1/videos/identify-face/",
        "/klingai/v1/videos/advanced-lip-sync/",
        "/klingai/v1/videos/advanced-lip-sync/a/b",
        "/KlingAI/v1/videos/advanced-lip-sync/t1",
        "/proxy/v1/videos/identify-face",
        "/v1/account/costs",
        "/v1/files/",
        "/v1//files",
        "/..%2f..%2fetc/passwd",
        "/redoc",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_route(api: Any, method: str, path: str) -> None:
    refused(api.client.request(method, path), 404, 1203)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "/klingai/v1/videos/identify-face", "POST"),
        ("GET", "/v1/videos/Identify-Face", "POST"),
        ("PUT", "/v1/videos/advanced-lip-sync", "POST"),
        ("POST", "/account/costs", "GET"),
        ("POST", "/kling/v1/videos/advanced-lip-sync/t1", "GET"),
        ("DELETE", "/kling/v1/videos/advanced-lip-sync/t1", "GET"),
        ("GET", "/v1/files", "POST"),
        ("POST", "/healthz", "GET"),
        ("TRACE", "/v1/files", "POST"),
    ],
)
def test_a_wrong_method(api: Any, method: str, path: str, allow: str) -> None:
    answer = api.client.request(method, path)
    assert refused(answer, 404, 1202).startswith(f"{method} is not a method of ")
    assert allow in answer.headers["Allow"]


def test_every_request_has_an_id_of_its_own(api: Any) -> None:
    answers = [api.client.get("/healthz", headers={"X-Request-Id": "mine"}) for _ in range(3)]
    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == 3
    assert "mine" not in ids
    assert uuid.UUID(api.client.get("/docs").headers["X-Request-Id"])


def test_answers_are_not_cached(api: Any) -> None:
    assert api.client.get("/healthz").headers["Cache-Control"] == "no-store"
    assert api.client.get("/nope").headers["Cache-Control"] == "no-store"
