from __future__ import annotations

import threading
import time
from typing import Any

from lipwright.api.ready import Checks


def test_what_lives_says_so_whatever_is_away(api: Any) -> None:
    api.service.fault = RuntimeError("the database is gone")
    assert api.client.get("/livez").json()["data"] == {"status": "ok"}


def test_ready(api: Any) -> None:
    answer = api.client.get("/readyz")
    assert (answer.status_code, answer.json()["data"]) == (200, {"status": "ready"})


def test_what_is_missing_is_named_but_not_where_it_is(api: Any) -> None:
    def away() -> None:
        raise OSError("s3://secret-bucket cannot be reached")

    api.service.needs = {"database": lambda: None, "storage": away, "models": away}
    answer = api.client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, 5001)
    expected = "Not ready: the storage does not answer, weights are missing"
    assert answer.json()["message"] == expected
    assert "secret" not in answer.text


def test_a_check_that_hangs_is_not_ready_and_not_started_twice() -> None:
    release = threading.Event()
    started: list[str] = []

    def hangs() -> None:
        started.append("once more")
        release.wait(300)

    def names_only_storage() -> bool:
        # A machine that is busy may take longer over a check that is well, too.
        return checks.failing({"storage": hangs, "database": lambda: None}) == ["storage"]

    checks = Checks(answer_s=0.2)
    patient = time.monotonic() + 120
    try:
        for _ in range(2):
            while not names_only_storage():
                assert time.monotonic() < patient
        assert len(started) == 1
    finally:
        release.set()
    while checks.failing({"storage": lambda: None}):
        assert time.monotonic() < patient
        time.sleep(0.01)
