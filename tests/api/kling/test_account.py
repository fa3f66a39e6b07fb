from __future__ import annotations

from typing import Any

import pytest

from lipwright.store.accounts import LimitReachedError

VIDEO = {"video_url": "https://example.com/clip.mp4"}
PREFIXES = ["", "/klingai", "/kling", "/proxy/kling"]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_costs_are_wrapped_twice(api: Any, prefix: str) -> None:
    answer = api.client.get(f"{prefix}/account/costs?start_time=5&end_time=1900000000000")
    body = answer.json()
    assert (answer.status_code, body["code"], body["data"]["code"]) == (200, 0, 0)
    assert api.service.asked_costs == [("default", 5, 1_900_000_000_000)]
    [pack] = body["data"]["resource_pack_subscribe_infos"]
    assert (pack["total_quantity"], pack["remaining_quantity"]) == (10.0, 9.916)
    assert (pack["resource_pack_type"], pack["status"]) == ("decreasing_total", "online")
    assert body["data"]["costs"] == [
        {"kind": "identify", "count": 2, "quantity": "-0.014"},
        {"kind": "lipsync", "count": 1, "quantity": "-0.07"},
    ]


def test_packs_can_be_chosen_and_are_only_for_who_pays_before(api: Any) -> None:
    def packs(more: str = "") -> int:
        answer = api.client.get(f"/account/costs?start_time=0&end_time=1900000000000{more}")
        return len(answer.json()["data"]["resource_pack_subscribe_infos"])

    assert packs("&resource_pack_name=balance") == 1
    assert packs("&resource_pack_name=") == 1
    assert packs("&resource_pack_name=other") == 0
    api.service.prepaid = False
    assert packs() == 0


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("", "start_time", "missing"),
        ("start_time=1", "end_time", "missing"),
        ("start_time=x&end_time=2", "start_time", "wrong_type"),
        ("start_time=-1&end_time=2", "start_time", "out_of_range"),
        ("start_time=3&end_time=2", "end_time", "out_of_range"),
        ("start_time=3&end_time=99999999999999999999", "end_time", "out_of_range"),
    ],
)
def test_bad_times_are_named(api: Any, query: str, field: str, reason: str) -> None:
    answer = api.client.get(f"/account/costs?{query}")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, 1201)
    assert (body["field"], body["reason"]) == (field, reason)
    assert body["message"].startswith(f"{field}: ")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_operation_is_under_every_prefix(api: Any, prefix: str) -> None:
    videos = f"{prefix}/v1/videos"
    for path in ("identify-face", "Identify-Face"):
        assert api.client.post(f"{videos}/{path}", json=VIDEO).status_code == 200
    assert api.client.get(f"{videos}/advanced-lip-sync").json()["data"] == []
    assert api.client.get(f"{videos}/advanced-lip-sync/x").json()["reason"] == "unknown_task"
    assert api.client.post(f"{videos}/advanced-lip-sync", json={}).json()["code"] == 1201


@pytest.mark.parametrize(
    ("reason", "retry_s", "code", "retry_after"),
    [
        ("no_balance", None, 1102, None),
        ("rate", 2.1, 1302, "3"),
        ("rate", 0.001, 1302, "1"),
        ("no_slot", 5.0, 1303, "5"),
    ],
)
def test_limits_have_their_codes(
    api: Any, reason: str, retry_s: float | None, code: int, retry_after: str | None
) -> None:
    api.service.fault = LimitReachedError(reason, "so it is", retry_s)
    answer = api.post("identify-face", VIDEO)
    body = answer.json()
    assert (answer.status_code, body["code"], body["message"]) == (429, code, "so it is")
    assert body["reason"] == reason
    assert answer.headers.get("Retry-After") == retry_after


class TestLists:
    def test_pages_count_from_one(self, api: Any, make_task: Any) -> None:
        for number in range(3):
            id = f"t{number}"
            api.service.tasks["default", id] = make_task(id)
        tasks = api.get("advanced-lip-sync").json()["data"]
        assert [task["task_id"] for task in tasks] == ["t2", "t1", "t0"]
        assert tasks[0] == api.get("advanced-lip-sync/t2").json()["data"]
        page = api.get("advanced-lip-sync?pageNum=2&pageSize=2").json()["data"]
        assert [task["task_id"] for task in page] == ["t0"]
        api.get("advanced-lip-sync?pageNum=&pageSize=")
        api.get("advanced-lip-sync?pageNum=1000&pageSize=500")
        assert api.service.pages == [(0, 30), (2, 2), (0, 30), (499_500, 500)]

    @pytest.mark.parametrize(
        ("query", "field", "words"),
        [
            ("pageNum=0", "pageNum", "must be at least 1"),
            ("pageNum=1001", "pageNum", "must be at most 1000"),
            ("pageSize=0", "pageSize", "must be at least 1"),
            ("pageSize=501", "pageSize", "must be at most 500"),
            ("pageSize=many", "pageSize", "must be a whole number"),
            ("pageNum=1.5", "pageNum", "must be a whole number"),
        ],
    )
    def test_pages_that_cannot_be(self, api: Any, query: str, field: str, words: str) -> None:
        answer = api.get(f"advanced-lip-sync?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, 1201)
        assert answer.json()["message"] == f"{field}: {words}"


class TestDeductions:
    def test_of_an_identification(self, api: Any) -> None:
        found = api.post("identify-face", VIDEO).json()["data"]
        assert found["final_unit_deduction"] == "0.007"
        assert found["final_balance_deduction"] == {"quota": "0.007", "list_price": "0.007"}

    @pytest.mark.parametrize(
        ("status", "taken"),
        [("submitted", "0.07"), ("succeed", "0.07"), ("failed", "0"), ("cancelled", "0")],
    )
    def test_of_a_task(self, api: Any, make_task: Any, status: Any, taken: str) -> None:
        from lipwright.jobs.values import TaskStatus

        api.service.tasks["default", "t"] = make_task("t", status=TaskStatus(status))
        found = api.get("advanced-lip-sync/t").json()["data"]
        assert float(found["final_unit_deduction"]) == float(taken)
        assert found["final_balance_deduction"] == {"quota": taken, "list_price": "0.07"}
