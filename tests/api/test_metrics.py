from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lipwright.jobs.pressure import OverloadedError

TOKEN = "a-long-token-for-the-watcher"


def values(text: str) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_fleet_is_told_as_prometheus_reads_it(api: Any) -> None:
    answer = api.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = values(answer.text)
    assert found["lipwright_queue_depth",] == 3
    assert found["lipwright_queue_items", "gpu", "waiting"] == 2
    assert found["lipwright_queue_oldest_seconds",] == 12.5
    assert found["lipwright_tasks", "succeed"] == 40
    assert found["lipwright_tasks_started_again",] == 1
    assert found["lipwright_workers",] == 2
    assert found["lipwright_leases", "sweep"] == 1
    assert found["lipwright_callbacks", "pending"] == 4
    assert found["lipwright_callbacks_oldest_seconds",] == 2
    assert found["lipwright_work_seconds_per_video_second",] == 1.5
    assert found["process_resident_memory_bytes",] > 1e6


def test_refusals_are_counted(api: Any) -> None:
    def refused() -> float:
        key = ("lipwright_overload_refusals_total", "queue_full")
        return values(api.client.get("/metrics").text).get(key, 0.0)

    before = refused()
    OverloadedError("queue_full", "full", 1.0)
    assert refused() == before + 1


def test_a_tenants_key_does_not_open_them(api: Any) -> None:
    api.service.keys = {"lw_alice": "alice"}
    answer = api.client.get("/metrics", headers={"Authorization": "Bearer lw_alice"})
    assert (answer.status_code, answer.json()["code"]) == (403, 1103)
    assert "lipwright_" not in answer.text


def test_beyond_loopback_they_are_shut(start: Callable[..., Any]) -> None:
    assert start(host="0.0.0.0").client.get("/metrics").status_code == 403


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Basic {TOKEN}", 401),
        ("", 401),
    ],
)
def test_the_token_opens_them(start: Callable[..., Any], sent: str, status: int) -> None:
    api = start(host="0.0.0.0", metrics_token=TOKEN)
    headers = {"Authorization": sent} if sent else {}
    answer = api.client.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert TOKEN not in answer.text


def test_a_page_from_elsewhere_is_kept_out(api: Any) -> None:
    assert api.client.get("/metrics", headers={"Host": "evil.example"}).status_code == 403


def test_a_database_that_is_away(api: Any) -> None:
    api.service.fault = RuntimeError("secret database address")
    answer = api.client.get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (503, 5001)
    assert "secret" not in answer.text


def test_an_overloaded_service_says_when_to_come_back(api: Any) -> None:
    api.service.fault = OverloadedError("queue_full", "Too many tasks wait already", 29.5)
    face = {"face_id": "0", "sound_file": "x", "sound_start_time": 0, "sound_end_time": 1}
    lines = [{**face, "sound_insert_time": 0}]
    answer = api.post("advanced-lip-sync", {"session_id": "1", "face_choose": lines})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert (answer.json()["code"], answer.json()["reason"]) == (5001, "queue_full")
