from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from lipwright.api.native import events
from lipwright.jobs.values import Delivery, StoredVideo, TaskStatus

PATH = "/v1/lipwright/tasks"


@pytest.fixture
def running(api: Any, make_task: Callable[..., Any]) -> Any:
    task = make_task("t1", status=TaskStatus.PROCESSING)
    task = replace(task, progress=0.256, stage="render", eta_s=12.2, warnings=("it is dark",))
    api.service.tasks["default", "t1"] = task
    return task


def data_of(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    assert answer.json()["code"] == 0
    return answer.json()["data"]


class TestTask:
    def test_all_about_it(self, api: Any, running: Any) -> None:
        data = data_of(api.client.get(f"{PATH}/t1"))
        assert data["source"].pop()["url"].startswith(f"http://127.0.0.1:{api.port}/v1/files/")
        assert data == {
            "task_id": "t1",
            "external_task_id": "",
            "session_id": "",
            "kind": "advanced",
            "status": "processing",
            "message": "",
            "progress": 25,
            "stage": "render",
            "priority": "normal",
            "queue_position": None,
            "eta_seconds": 13,
            "warnings": ["it is dark"],
            "source": [],
            "results": [],
            "watermarked": [],
            "callback_url": "",
            "charged": "0.07",
            "created_at": 1_790_000_000_000,
            "updated_at": 1_790_000_000_005,
        }

    def test_the_vendors_query_has_the_same_as_extra_fields(self, api: Any, running: Any) -> None:
        data = data_of(api.get("advanced-lip-sync/t1"))
        assert (data["progress"], data["stage"], data["eta_seconds"]) == (25, "render", 13)
        assert data["warnings"] == ["it is dark"]
        assert data["queue_position"] is None

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("id", ["t9", "x" * 200, "a%00b"])
    def test_an_unknown_one(self, api: Any, method: str, id: str) -> None:
        path = f"{PATH}/{id}" + ("/cancel" if method == "POST" else "")
        answer = api.client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (400, 1201)
        assert answer.json()["reason"] == "unknown_task"

    def test_a_watermarked_result(self, api: Any, make_task: Callable[..., Any]) -> None:
        result = StoredVideo("r1", "accounts/a/result.mp4", 7000, 1_795_000_000_000)
        task = make_task("t2", status=TaskStatus.SUCCEED, result=result)
        marked = replace(result, key="accounts/a/result-watermarked.mp4")
        api.service.tasks["default", "t2"] = replace(task, watermark=True, watermarked=marked)
        own = data_of(api.client.get(f"{PATH}/t2"))
        assert (own["status"], own["progress"]) == ("succeeded", 100)
        [video] = data_of(api.get("advanced-lip-sync/t2"))["task_result"]["videos"]
        assert own["watermarked"][0]["url"] == video["watermark_url"] != video["url"]


class TestTasks:
    def test_newest_first_in_pages(self, api: Any, make_task: Callable[..., Any]) -> None:
        for id in ("t1", "t2", "t3"):
            api.service.tasks["default", id] = make_task(id)
        assert [task["task_id"] for task in data_of(api.client.get(PATH))] == ["t3", "t2", "t1"]
        second = data_of(api.client.get(PATH, params={"pageNum": 2, "pageSize": 2}))
        assert [task["task_id"] for task in second] == ["t1"]

    def test_what_came_to_nothing_cost_nothing(
        self, api: Any, make_task: Callable[..., Any]
    ) -> None:
        api.service.tasks["default", "t1"] = make_task("t1", status=TaskStatus.FAILED)
        [task] = data_of(api.client.get(PATH))
        assert task["charged"] == "0"

    def test_a_page_that_cannot_be(self, api: Any) -> None:
        answer = api.client.get(PATH, params={"pageNum": 0})
        assert (answer.status_code, answer.json()["field"]) == (400, "pageNum")


class TestCancel:
    def test_it_shows_as_failed_to_the_vendors_clients(self, api: Any, running: Any) -> None:
        data = data_of(api.client.post(f"{PATH}/t1/cancel"))
        assert (data["status"], data["message"]) == ("cancelled", "cancelled by its owner")
        assert data_of(api.client.post(f"{PATH}/t1/cancel"))["status"] == "cancelled"
        seen = data_of(api.get("advanced-lip-sync/t1"))
        assert (seen["task_status"], seen["task_status_msg"]) == (
            "failed",
            "cancelled by its owner",
        )

    def test_a_finished_task_says_so(self, api: Any, running: Any) -> None:
        api.service.tasks["default", "t1"] = replace(running, status=TaskStatus.SUCCEED)
        answer = api.client.post(f"{PATH}/t1/cancel")
        assert (answer.status_code, answer.json()["code"]) == (400, 1201)
        assert answer.json()["reason"] == "finished"
        assert "already succeeded" in answer.json()["message"]


def test_deliveries(api: Any, running: Any) -> None:
    api.service.sent = [
        Delivery("9", 1, "https://x/", TaskStatus.SUCCEED, "pending", 2, "HTTP 500", 7, 5, 6)
    ]
    assert data_of(api.client.get(f"{PATH}/t1/deliveries")) == [
        {
            "id": "9",
            "task_status": "succeeded",
            "status": "pending",
            "attempts": 2,
            "last_error": "HTTP 500",
            "next_attempt_at": 7,
            "created_at": 5,
            "updated_at": 6,
        }
    ]


def test_the_secret_of_callbacks(api: Any) -> None:
    path = "/v1/lipwright/webhook-secret"
    assert data_of(api.client.get(path)) == {"signing": 0}
    assert data_of(api.client.post(path))["secret"].startswith("whsec_")
    assert data_of(api.client.get(path)) == {"signing": 1}
    assert data_of(api.client.delete(path)) == {"signing": 0}


def read(lines: Iterator[str]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    event: dict[str, str] = {}
    for line in lines:
        if not line:
            found.append(event)
            event = {}
        else:
            name, _, value = line.partition(": ")
            event[name or "comment"] = value
    return found


class TestEvents:
    def test_changes_come_as_they_happen_and_the_stream_ends_with_the_task(
        self, api: Any, running: Any
    ) -> None:
        later = replace(running, progress=0.5)
        changes = [later, replace(later, status=TaskStatus.FAILED)]

        def work_on(lines: Iterator[str]) -> Iterator[str]:
            """Go on with the task whenever something was told of it."""
            for line in lines:
                yield line
                if line.startswith("data: ") and changes:
                    api.service.tasks["default", "t1"] = changes.pop(0)

        with api.client.stream("GET", f"{PATH}/t1/events") as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            got = read(work_on(answer.iter_lines()))
        assert got[0] == {"retry": "2000"}
        assert [event["event"] for event in got[1:]] == ["status", "progress", "status"]
        assert '"progress":25' in got[1]["data"]
        assert '"progress":50' in got[2]["data"]
        assert '"status":"failed"' in got[3]["data"]
        assert len({event["id"] for event in got[1:]}) == 3

    def test_a_reader_that_returns_gets_only_what_is_new(self, api: Any, running: Any) -> None:
        ended = replace(running, status=TaskStatus.FAILED)
        api.service.tasks["default", "t1"] = ended
        with api.client.stream("GET", f"{PATH}/t1/events") as answer:
            got = read(answer.iter_lines())
        last = got[-1]["id"]
        again = api.client.get(f"{PATH}/t1/events", headers={"Last-Event-ID": last})
        assert (again.status_code, again.content) == (204, b"")
        api.service.tasks["default", "t1"] = replace(ended, updated_at_ms=1_790_000_000_999)
        with api.client.stream(
            "GET", f"{PATH}/t1/events", headers={"Last-Event-ID": last}
        ) as answer:
            assert len(read(answer.iter_lines())) == 2

    def test_silence_is_broken_now_and_then(
        self, api: Any, running: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(events, "HEARTBEAT_S", 0.5)
        with api.client.stream("GET", f"{PATH}/t1/events") as answer:
            lines = answer.iter_lines()
            while next(lines) != ": still here":
                pass
        # The reader is gone: his place is free again.
        deadline = time.monotonic() + 60
        while api.app.state.readers:
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def test_it_does_not_hold_up_the_end_of_the_service(
        self, api: Any, running: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(events, "HEARTBEAT_S", 60.0)
        closing = api.app.state.context.closing
        try:
            with api.client.stream("GET", f"{PATH}/t1/events") as answer:
                lines = answer.iter_lines()
                while not next(lines).startswith("data: "):
                    pass
                closing.set()
                # The task does not end: without this the stream would go on.
                assert ": still here" not in "".join(lines)
        finally:
            closing.clear()

    def test_there_is_a_limit(self, api: Any, running: Any) -> None:
        api.app.state.readers = events.MOST_READERS
        answer = api.client.get(f"{PATH}/t1/events")
        api.app.state.readers = 0
        assert (answer.status_code, answer.json()["code"]) == (429, 1302)

    def test_an_unknown_task(self, api: Any) -> None:
        answer = api.client.get(f"{PATH}/t9/events")
        assert (answer.status_code, answer.json()["reason"]) == (400, "unknown_task")
