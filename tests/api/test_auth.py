from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from lipwright.api.auth import is_loopback
from lipwright.store.keys import Scope

VIDEO = {"video_url": "https://example.com/clip.mp4"}


def refused(answer: httpx.Response, status: int, code: int) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert "data" not in body
    message: str = body["message"]
    return message


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("LocalHost.", True),
        ("app.localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.2", False),
        ("localhost.evil.test", False),
        ("evil.test", False),
        ("", False),
    ],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


class TestWithoutKeys:
    def test_everybody_on_this_machine_is_the_default_account(self, api: Any) -> None:
        assert api.post("identify-face", VIDEO).status_code == 200
        headers = {"Authorization": "Bearer whatever"}
        assert api.post("identify-face", VIDEO, headers=headers).status_code == 200
        assert [account for account, _ in api.service.videos] == ["default", "default"]

    @pytest.mark.parametrize(
        "host", ["evil.test", "evil.test:8000", "127.0.0.1.evil.test", "[", ""]
    )
    def test_a_rebound_name_is_kept_out(self, api: Any, host: str) -> None:
        answer = api.post("identify-face", VIDEO, headers={"Host": host})
        assert "Host header" in refused(answer, 403, 1103)
        assert api.service.videos == []

    @pytest.mark.parametrize("origin", ["https://evil.test", "http://127.0.0.1.evil.test", "null"])
    def test_a_web_page_from_elsewhere_is_kept_out(self, api: Any, origin: str) -> None:
        answer = api.post("identify-face", VIDEO, headers={"Origin": origin})
        assert "Origin header" in refused(answer, 403, 1103)
        answer = api.client.post("/v1/files", content=b"x", headers={"Origin": origin})
        refused(answer, 403, 1103)
        assert (api.service.videos, api.service.uploads) == ([], [])

    @pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
    def test_this_machines_own_names_come_in(self, api: Any, name: str) -> None:
        headers = {"Host": f"{name}:{api.port}", "Origin": f"http://{name}:3000"}
        assert api.post("identify-face", VIDEO, headers=headers).status_code == 200

    def test_the_public_name_comes_in(self, start: Callable[..., Any]) -> None:
        api = start(public_url="https://lips.example")
        headers = {"Host": "lips.example", "Origin": "https://lips.example"}
        assert api.post("identify-face", VIDEO, headers=headers).status_code == 200
        refused(api.post("identify-face", VIDEO, headers={"Host": "evil.test"}), 403, 1103)


@pytest.mark.parametrize("beyond_loopback", [False, True])
class TestWithKeys:
    """Keys are needed once there is one, and on any address but loopback from the start."""

    @pytest.fixture
    def guarded(self, start: Callable[..., Any], beyond_loopback: bool) -> Any:
        api = start(host="0.0.0.0" if beyond_loopback else "127.0.0.1")
        api.service.keys = {"sk-good": "alice", "sk-other": "bob"}
        return api

    @pytest.mark.parametrize(
        ("header", "code"),
        [
            (None, 1001),
            ("", 1001),
            ("Bearer", 1002),
            ("sk-good", 1002),
            ("Basic c2stZ29vZDo=", 1002),
            ("Bearer sk-wrong", 1002),
            ("Bearer sk-good extra", 1002),
            ("Bearer a.b.c", 1002),
            ("Bearer ..", 1002),
            ("Bearer unproven", 1000),
            ("Bearer early", 1003),
            ("Bearer late", 1004),
        ],
    )
    def test_without_a_good_key(self, guarded: Any, header: str | None, code: int) -> None:
        headers = {} if header is None else {"Authorization": header}
        for answer in (
            guarded.post("identify-face", VIDEO, headers=headers),
            guarded.post("advanced-lip-sync", {}, headers=headers),
            guarded.get("advanced-lip-sync/t1", headers=headers),
            guarded.client.post("/v1/files", content=b"x", headers=headers),
        ):
            refused(answer, 401, code)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert (guarded.service.videos, guarded.service.uploads) == ([], [])

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER "])
    def test_with_a_good_key(self, guarded: Any, scheme: str) -> None:
        headers = {"Authorization": f"{scheme} sk-good", "Host": "any.example"}
        assert guarded.post("identify-face", VIDEO, headers=headers).status_code == 200
        assert guarded.service.videos[0][0] == "alice"

    def test_a_key_may_do_what_its_scopes_say(self, guarded: Any, make_task: Any) -> None:
        guarded.service.tasks["alice", "t1"] = make_task("t1", "alice")
        guarded.service.scopes = (Scope.READ,)
        headers = {"Authorization": "Bearer sk-good"}
        assert guarded.get("advanced-lip-sync/t1", headers=headers).status_code == 200
        answer = guarded.post("identify-face", VIDEO, headers=headers)
        assert "scope write" in refused(answer, 403, 1103)
        assert answer.json()["reason"] == "scope"
        refused(guarded.client.post("/v1/files", content=b"x", headers=headers), 403, 1103)
        assert guarded.service.calls == []

    def test_queries_count_against_no_rate(self, guarded: Any, make_task: Any) -> None:
        guarded.service.tasks["alice", "t1"] = make_task("t1", "alice")
        headers = {"Authorization": "Bearer sk-good"}
        guarded.get("advanced-lip-sync/t1", headers=headers)
        assert guarded.service.calls == []
        guarded.post("identify-face", VIDEO, headers=headers)
        assert guarded.service.calls == ["alice"]

    def test_another_accounts_task_is_unknown(self, guarded: Any, make_task: Any) -> None:
        guarded.service.tasks["alice", "t1"] = make_task("t1", "alice")
        answer = guarded.get("advanced-lip-sync/t1", headers={"Authorization": "Bearer sk-good"})
        assert answer.status_code == 200
        answer = guarded.get("advanced-lip-sync/t1", headers={"Authorization": "Bearer sk-other"})
        assert refused(answer, 400, 1201) == "Task not found by id/external id: t1"

    def test_links_health_and_pages_need_no_key(self, guarded: Any) -> None:
        for path in ("/v1/files/good/x.mp4", "/healthz", "/docs", "/openapi.json"):
            assert guarded.client.get(path).status_code == 200

    @pytest.mark.parametrize("host", ["[", "a b", "evil/..", "x" * 5000, "ü", "a:b:c", "@"])
    def test_a_host_header_of_nonsense_does_no_harm(self, guarded: Any, host: str) -> None:
        headers = {"Authorization": "Bearer sk-good", "Host": host.encode("latin-1")}
        assert guarded.client.get("/nope", headers=headers).json()["code"] == 1203
        answer = guarded.post("identify-face", VIDEO, headers=headers)
        image = answer.json()["data"]["face_data"][0]["face_image"]
        assert image.startswith(f"http://127.0.0.1:{guarded.port}/v1/files/")

    def test_a_refused_upload_is_told_so(self, guarded: Any) -> None:
        answer = guarded.client.post("/v1/files", content=(b"x" * 100_000 for _ in range(100)))
        refused(answer, 401, 1001)


def test_on_another_address_a_key_is_needed_before_one_exists(start: Callable[..., Any]) -> None:
    refused(start(host="0.0.0.0").post("identify-face", VIDEO), 401, 1001)


def test_the_first_key_closes_the_open_door_at_once(api: Any) -> None:
    assert api.post("identify-face", VIDEO).status_code == 200
    api.service.keys = {"sk-good": "alice"}
    refused(api.post("identify-face", VIDEO), 401, 1001)
