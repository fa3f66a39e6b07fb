from __future__ import annotations

import json
import threading
import time
from typing import Any

import httpx
import pytest

from lipwright.api import idempotency
from lipwright.errors import FailedError
from lipwright.store.accounts import LimitReachedError

VIDEO = {"video_url": "https://example.com/clip.mp4"}
LINE = {
    "face_id": "0",
    "sound_file": "https://example.com/line.wav",
    "sound_start_time": 0,
    "sound_end_time": 3000,
    "sound_insert_time": 0,
}
TASK = {"session_id": "1", "face_choose": [LINE]}
KEY = {"Idempotency-Key": "order-17"}


def data(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


@pytest.mark.parametrize(
    ("operation", "body", "done"),
    [("identify-face", VIDEO, "videos"), ("advanced-lip-sync", TASK, "created")],
)
class TestEachOperation:
    def test_the_same_request_again_is_answered_and_not_done(
        self, api: Any, operation: str, body: Any, done: str
    ) -> None:
        first = api.post(operation, body, headers=KEY)
        reordered = json.loads(json.dumps(body, sort_keys=True))
        again = [
            api.post(operation, body, headers=KEY),
            api.client.post(f"/v1/videos/{operation}", json=reordered, headers=KEY),
        ]
        for answer in again:
            assert answer.headers["Idempotency-Replayed"] == "true"
            assert (
                data(answer)["face_data" if "video_url" in body else "task_id"]
                == (data(first)["face_data" if "video_url" in body else "task_id"])
            )
        assert data(again[0]) == data(first)
        assert "Idempotency-Replayed" not in first.headers
        assert len(getattr(api.service, done)) == 1
        data(api.post(operation, body, headers={"Idempotency-Key": "order-18"}))
        data(api.post(operation, body))
        assert len(getattr(api.service, done)) == 3

    def test_another_request_under_the_key_is_refused(
        self, api: Any, operation: str, body: Any, done: str
    ) -> None:
        data(api.post(operation, body, headers=KEY))
        answer = api.post(operation, {**body, "more": 1}, headers=KEY)
        told = answer.json()
        assert (answer.status_code, told["code"], told["reason"]) == (400, 1201, "reused")
        assert told["field"] == "Idempotency-Key"
        assert told["message"].startswith("Idempotency-Key: ")

    @pytest.mark.parametrize(
        "fault", [FailedError("x", "y"), LimitReachedError("no_balance", "no money")]
    )
    def test_a_failed_request_can_be_repeated(
        self, api: Any, operation: str, body: Any, done: str, fault: Exception
    ) -> None:
        api.service.fault = fault
        assert api.post(operation, body, headers=KEY).status_code in (429, 500)
        api.service.fault = None
        data(api.post(operation, body, headers=KEY))
        assert len(getattr(api.service, done)) == 1

    @pytest.mark.parametrize("key", ["", "x" * 256])
    def test_what_is_no_key(self, api: Any, operation: str, body: Any, done: str, key: str) -> None:
        answer = api.post(operation, body, headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json()["reason"]) == (400, "bad_key")


def test_one_key_does_not_stand_for_two_operations(api: Any) -> None:
    body = {**TASK, **VIDEO}
    data(api.post("identify-face", body, headers=KEY))
    assert api.post("advanced-lip-sync", body, headers=KEY).json()["reason"] == "reused"


def test_whoever_comes_second_waits_for_the_first(api: Any) -> None:
    api.service.may_identify.clear()
    answers: list[httpx.Response] = []

    def ask() -> None:
        with httpx.Client(base_url=api.client.base_url, trust_env=False, timeout=120) as client:
            answers.append(client.post("/klingai/v1/videos/identify-face", json=VIDEO, headers=KEY))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    patience = time.monotonic() + 60
    while not api.service.identifying:
        assert time.monotonic() < patience
        time.sleep(0.01)
    time.sleep(0.3)
    api.service.may_identify.set()
    for thread in threads:
        thread.join()
    assert len(api.service.videos) == 1
    assert len({json.dumps(data(answer)) for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 4


def test_nobody_waits_for_ever(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "WAIT_S", 0.3)
    api.service.claims["default", "order-17"] = (
        idempotency._fingerprint("identify-face", VIDEO),
        None,
    )
    answer = api.post("identify-face", VIDEO, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (429, 1302)
    assert answer.json()["reason"] == "still_running"
    assert int(answer.headers["Retry-After"]) >= 1
