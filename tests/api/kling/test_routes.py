"""The three operations over the in-memory core: every shape, every refusal."""

from __future__ import annotations

import base64
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from lipwright.errors import BadInputError, FailedError
from lipwright.jobs.values import LineRequest, StoredVideo, TaskStatus

PREFIXES = ["/klingai/v1/videos", "/kling/v1/videos", "/proxy/kling/v1/videos", "/v1/videos"]
VIDEO = {"video_url": "https://example.com/clip.mp4"}


def line(**changes: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "face_id": "0",
        "sound_file": "https://example.com/line.wav",
        "sound_start_time": 0,
        "sound_end_time": 3000,
        "sound_insert_time": 1000,
    }
    entry.update(changes)
    return {key: value for key, value in entry.items() if value is not ...}


def order(*lines: Any, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"session_id": "s1", "face_choose": list(lines) or [line()]}
    body.update(changes)
    return {key: value for key, value in body.items() if value is not ...}


def data_of(answer: httpx.Response) -> Any:
    """Check the envelope of a success and return its data."""
    body = answer.json()
    assert answer.status_code == 200, body
    assert set(body) == {"code", "message", "request_id", "data"}
    assert body["code"] == 0
    assert body["message"] == "SUCCEED"
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert str(uuid.UUID(body["request_id"])) == body["request_id"]
    return body["data"]


def message_of(answer: httpx.Response, status: int = 400, code: int = 1201) -> str:
    """Check the envelope of a refusal and return its message."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert set(body) - {"field"} == {"code", "message", "request_id", "reason"}
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert str(uuid.UUID(body["request_id"])) == body["request_id"]
    message: str = body["message"]
    assert message
    return message


class TestIdentify:
    @pytest.mark.parametrize("prefix", PREFIXES)
    @pytest.mark.parametrize(
        "name", ["identify-face", "Identify-face", "Identify-Face", "IDENTIFY-FACE"]
    )
    def test_every_path_and_letter_case(self, api: Any, prefix: str, name: str) -> None:
        data = data_of(api.client.post(f"{prefix}/{name}", json=VIDEO))
        assert data["session_id"] == "850508686686064678"
        assert api.service.videos == [("default", "https://example.com/clip.mp4")]

    def test_the_answers_shape(self, api: Any) -> None:
        data = data_of(api.post("identify-face", VIDEO))
        assert set(data) == {
            "session_id",
            "face_data",
            "final_unit_deduction",
            "final_balance_deduction",
        }
        assert [set(face) for face in data["face_data"]] == [
            {"face_id", "face_image", "start_time", "end_time"}
        ] * 2
        first = data["face_data"][0]
        assert (first["face_id"], first["start_time"], first["end_time"]) == ("0", 0, 7000)
        assert first["face_image"].startswith(f"http://127.0.0.1:{api.port}/v1/files/")
        assert first["face_image"].endswith("/face_0.jpg")

    def test_no_face_is_a_success_with_an_empty_list(self, api: Any) -> None:
        api.service.faces = ()
        assert data_of(api.post("identify-face", VIDEO))["face_data"] == []

    def test_links_carry_the_public_address_if_there_is_one(
        self, start: Callable[..., Any]
    ) -> None:
        api = start(public_url="https://lips.example/api")
        image = data_of(api.post("identify-face", VIDEO))["face_data"][0]["face_image"]
        assert image.startswith("https://lips.example/api/v1/files/")

    def test_an_empty_video_id_beside_the_url_is_ignored(self, api: Any) -> None:
        data_of(api.post("identify-face", {**VIDEO, "video_id": ""}))

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({}, "video_url: is required"),
            ({"video_url": ""}, "video_url: is required"),
            ({"video_url": "  "}, "video_url: is required"),
            ({"video_url": None}, "video_url: is required"),
            ({"video_url": 5}, "video_url: must be a string"),
            ({"video_url": ["x"]}, "video_url: must be a string"),
        ],
    )
    def test_bad_bodies(self, api: Any, body: Any, message: str) -> None:
        assert message_of(api.post("identify-face", body)) == message
        assert api.service.videos == []

    def test_a_bad_video_names_the_field(self, api: Any) -> None:
        api.service.fault = BadInputError("video", "too_long", "61.0 s long, the limit is 60 s")
        message = message_of(api.post("identify-face", VIDEO))
        assert message == "video_url: 61.0 s long, the limit is 60 s"

    def test_only_so_many_run_at_the_same_time_and_the_loop_stays_free(
        self, start: Callable[..., Any]
    ) -> None:
        api = start(identify_concurrency=2)
        api.service.may_identify.clear()
        answers: list[httpx.Response] = []
        callers = [
            threading.Thread(target=lambda: answers.append(api.post("identify-face", VIDEO)))
            for _ in range(5)
        ]
        for caller in callers:
            caller.start()
        patience = time.monotonic() + 60
        while api.service.identifying < 2:
            assert time.monotonic() < patience
            time.sleep(0.01)
        # All that may run do, and do not end: a loop that waited for them would not answer.
        assert api.client.get("/healthz").status_code == 200
        time.sleep(0.1)
        api.service.may_identify.set()
        for caller in callers:
            caller.join()
        assert [answer.status_code for answer in answers] == [200] * 5
        assert api.service.most_identifying == 2


class TestCreate:
    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_the_answers_shape(self, api: Any, prefix: str) -> None:
        answer = api.client.post(
            f"{prefix}/advanced-lip-sync", json=order(external_task_id="mine-1")
        )
        data = data_of(answer)
        assert data == {
            "task_id": "t1",
            "task_info": {"external_task_id": "mine-1"},
            "task_status": "submitted",
            "created_at": 1_790_000_000_000,
            "updated_at": 1_790_000_000_000,
        }
        expected = LineRequest("0", "https://example.com/line.wav", 0, 3000, 1000, 1.0, 1.0)
        assert api.service.created == [("default", "s1", [expected], "mine-1")]

    @pytest.mark.parametrize("own", [..., "", None])
    def test_without_an_external_id(self, api: Any, own: Any) -> None:
        data = data_of(api.post("advanced-lip-sync", order(external_task_id=own)))
        assert data["task_info"] == {}
        assert api.service.created[0][3] is None

    def test_loose_values_are_understood(self, api: Any) -> None:
        body = order(
            line(
                face_id=0,
                sound_start_time="500",
                sound_end_time="3000.0",
                sound_insert_time=1000.0,
                sound_volume="1.5",
                original_audio_volume=0,
                audio_id="",
            ),
            external_task_id="",
            callback_url="",
            session_id=850508686686064678,
            watermark_info={"enabled": False},
        )
        data_of(api.post("advanced-lip-sync", body))
        expected = LineRequest("0", "https://example.com/line.wav", 500, 3000, 1000, 1.5, 0.0)
        assert api.service.created == [("default", "850508686686064678", [expected], None)]

    @pytest.mark.parametrize("value", ["", None, ...])
    def test_volumes_are_1_unless_said(self, api: Any, value: Any) -> None:
        body = order(line(sound_volume=value, original_audio_volume=value))
        data_of(api.post("advanced-lip-sync", body))
        made = api.service.created[0][2][0]
        assert (made.speech_volume, made.original_volume) == (1.0, 1.0)

    def test_several_faces_speak(self, api: Any) -> None:
        body = order(line(), line(face_id="1", sound_insert_time=120))
        data_of(api.post("advanced-lip-sync", body))
        assert [made.face_id for made in api.service.created[0][2]] == ["0", "1"]

    def test_5_mb_as_base64_fit(self, api: Any) -> None:
        sound = base64.b64encode(bytes(5_000_000)).decode()
        for sent in (sound, f"data:audio/wav;base64,{sound}"):
            data_of(api.post("advanced-lip-sync", order(line(sound_file=sent))))
            assert api.service.created[-1][2][0].sound == sent

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (order(session_id=...), "session_id: is required"),
            (order(session_id=""), "session_id: is required"),
            (order(session_id=None), "session_id: is required"),
            (order(session_id=1.5), "session_id: must be a string"),
            (order(session_id={}), "session_id: must be a string"),
            (
                order(session_id="a\x00"),
                "session_id: must be 1 to 128 printable characters",
            ),
            (order(face_choose=...), "face_choose: is required"),
            (order(face_choose=None), "face_choose: is required"),
            (order(face_choose=""), "face_choose: is required"),
            (order(face_choose="x"), "face_choose: must be an array"),
            (order(face_choose={}), "face_choose: must be an array"),
            (order("x"), "face_choose[0]: must be an object"),
            (order(line(), None), "face_choose[1]: must be an object"),
            (order(*[line()] * 33), "face_choose: must have at most 32 entries"),
            (order(line(face_id=...)), "face_choose[0].face_id: is required"),
            (order(line(face_id="")), "face_choose[0].face_id: is required"),
            (order(line(face_id=True)), "face_choose[0].face_id: must be a string"),
            (order(line(), line(face_id=...)), "face_choose[1].face_id: is required"),
            (order(line(sound_file=...)), "face_choose[0].sound_file: is required"),
            (order(line(sound_file="")), "face_choose[0].sound_file: is required"),
            (order(line(sound_file=7)), "face_choose[0].sound_file: must be a string"),
            (order(line(sound_start_time=...)), "face_choose[0].sound_start_time: is required"),
            (order(line(sound_end_time="")), "face_choose[0].sound_end_time: is required"),
            (order(line(sound_insert_time=None)), "face_choose[0].sound_insert_time: is required"),
            (
                order(line(sound_start_time="soon")),
                "face_choose[0].sound_start_time: must be a whole number of milliseconds",
            ),
            (
                order(line(sound_end_time=1.5)),
                "face_choose[0].sound_end_time: must be a whole number of milliseconds",
            ),
            (
                order(line(sound_insert_time=[1])),
                "face_choose[0].sound_insert_time: must be a whole number of milliseconds",
            ),
            (
                order(line(sound_volume=2.01)),
                "face_choose[0].sound_volume: must be 0 to 2",
            ),
            (
                order(line(sound_volume=-0.1)),
                "face_choose[0].sound_volume: must be 0 to 2",
            ),
            (
                order(line(original_audio_volume=3)),
                "face_choose[0].original_audio_volume: must be 0 to 2",
            ),
            (
                order(line(original_audio_volume="loud")),
                "face_choose[0].original_audio_volume: must be a number",
            ),
            (
                order(external_task_id="x" * 129),
                "external_task_id: must be 1 to 128 printable characters",
            ),
            (order(external_task_id=[]), "external_task_id: must be a string"),
        ],
    )
    def test_bad_bodies(self, api: Any, body: Any, message: str) -> None:
        assert message_of(api.post("advanced-lip-sync", body)) == message
        assert api.service.created == []

    @pytest.mark.parametrize(
        ("fault", "message"),
        [
            (
                BadInputError("session", "unknown_session", "no such session"),
                "session_id: no such session",
            ),
            (
                BadInputError("speech_end", "past_end", "9000 ms, the sound ends at 4000", index=1),
                "face_choose[1].sound_end_time: 9000 ms, the sound ends at 4000",
            ),
            (BadInputError("lines", "empty", "no line"), "face_choose: no line"),
        ],
    )
    def test_the_cores_refusals_in_kling_names(
        self, api: Any, fault: Exception, message: str
    ) -> None:
        api.service.fault = fault
        assert message_of(api.post("advanced-lip-sync", order())) == message

    def test_a_taken_external_id(self, api: Any) -> None:
        data_of(api.post("advanced-lip-sync", order(external_task_id="a/b")))
        answer = api.post("advanced-lip-sync", order(external_task_id="a/b"))
        assert message_of(answer) == "External_task_id a/b already exists"


class TestQuery:
    @pytest.mark.parametrize("prefix", PREFIXES)
    def test_before_it_is_done(self, api: Any, prefix: str) -> None:
        api.post("advanced-lip-sync", order(external_task_id="mine"))
        data = data_of(api.client.get(f"{prefix}/advanced-lip-sync/t1"))
        url = data["task_info"]["parent_video"].pop("url")
        assert url.startswith(f"http://127.0.0.1:{api.port}/v1/files/")
        assert url.endswith("/source.mov")
        assert data == {
            "task_id": "t1",
            "task_status": "submitted",
            "task_status_msg": "",
            "task_info": {
                "parent_video": {"id": "v1", "duration": "7.04"},
                "external_task_id": "mine",
            },
            "task_result": {"videos": []},
            "watermark_info": {"enabled": False},
            "progress": 0,
            "stage": "",
            "queue_position": None,
            "eta_seconds": None,
            "warnings": [],
            "final_unit_deduction": "0.07",
            "final_balance_deduction": {"quota": "0.07", "list_price": "0.07"},
            "created_at": 1_790_000_000_000,
            "updated_at": 1_790_000_000_005,
        }

    def test_by_the_external_id(self, api: Any) -> None:
        api.post("advanced-lip-sync", order(external_task_id="mine 1"))
        assert data_of(api.get("advanced-lip-sync/mine%201"))["task_id"] == "t1"

    def test_when_it_succeeded(self, api: Any, make_task: Callable[..., Any]) -> None:
        result = StoredVideo("r1", "accounts/a/result.mp4", 7000, 1_795_000_000_000)
        task = make_task("t9", status=TaskStatus.SUCCEED, result=result)
        api.service.tasks["default", "t9"] = task
        data = data_of(api.get("advanced-lip-sync/t9"))
        assert data["task_status"] == "succeed"
        assert set(data["task_info"]) == {"parent_video"}
        [video] = data["task_result"]["videos"]
        assert set(video) == {"id", "url", "duration"}
        assert (video["id"], video["duration"]) == ("r1", "7")
        assert "1795000000000/t9.mp4" in video["url"]

    def test_when_it_failed(self, api: Any, make_task: Callable[..., Any]) -> None:
        words = "the sound ended before its crop"
        api.service.tasks["default", "t9"] = make_task(
            "t9", status=TaskStatus.FAILED, message=words
        )
        data = data_of(api.get("advanced-lip-sync/t9"))
        assert (data["task_status"], data["task_status_msg"]) == ("failed", words)
        assert data["task_result"] == {"videos": []}

    @pytest.mark.parametrize("prefix", PREFIXES)
    @pytest.mark.parametrize(
        ("path", "id"), [("nope", "nope"), ("a%20b", "a b"), ("x%00y", "x\0y"), ("%ff", "\ufffd")]
    )
    def test_an_unknown_task(self, api: Any, prefix: str, path: str, id: str) -> None:
        answer = api.client.get(f"{prefix}/advanced-lip-sync/{path}")
        assert message_of(answer) == f"Task not found by id/external id: {id}"


class TestBodies:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"nonsense",
            b"{'video_url': 'x'}",
            b'{"video_url": NaN}',
            b"\xff\xfe",
            b'{"video_url": "\\ud800"}',
            b"[" * 5000,
            b'{"a":' * 5000,
            b"\x00",
        ],
    )
    @pytest.mark.parametrize("path", ["identify-face", "advanced-lip-sync"])
    def test_what_is_not_json(self, api: Any, content: bytes, path: str) -> None:
        answer = api.client.post(f"/v1/videos/{path}", content=content)
        assert message_of(answer, code=1200) == "The request body is not valid JSON"

    @pytest.mark.parametrize("content", [b"[]", b'"x"', b"5", b"null", b"true"])
    def test_json_that_is_no_object(self, api: Any, content: bytes) -> None:
        answer = api.client.post("/v1/videos/identify-face", content=content)
        assert message_of(answer, code=1200) == "The request body is not a JSON object"

    @pytest.mark.parametrize(
        "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", ""]
    )
    def test_the_content_type_does_not_matter(self, api: Any, content_type: str) -> None:
        answer = api.client.post(
            "/v1/videos/identify-face",
            content=b'{"video_url": "http://x.test/a.mp4"}',
            headers={"Content-Type": content_type},
        )
        data_of(answer)

    @pytest.mark.parametrize(
        ("path", "limit", "words"),
        [("identify-face", 64_000, "64 KB"), ("advanced-lip-sync", 14_000_000, "14 MB")],
    )
    @pytest.mark.parametrize("chunked", [False, True])
    def test_too_large_bodies(
        self, api: Any, path: str, limit: int, words: str, chunked: bool
    ) -> None:
        body = b'{"x": "' + b"x" * limit + b'"}'
        content = iter([body[:1000], body[1000:]]) if chunked else body
        answer = api.client.post(f"/v1/videos/{path}", content=content)
        assert message_of(answer) == f"request body: must be at most {words}"

    def test_the_refusal_reaches_a_caller_who_sends_on(self, api: Any) -> None:
        sent = 0

        def endless() -> Any:
            nonlocal sent
            for _ in range(400):
                sent += 100_000
                yield b"x" * 100_000

        answer = api.client.post("/v1/videos/identify-face", content=endless())
        assert message_of(answer) == "request body: must be at most 64 KB"


class TestOurFaults:
    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "identify-face", VIDEO),
            ("POST", "advanced-lip-sync", order()),
            ("GET", "advanced-lip-sync/t1", None),
        ],
    )
    @pytest.mark.parametrize(
        ("fault", "status", "code"),
        [
            (RuntimeError("secret /path/to/database"), 500, 5000),
            (FailedError("crashed", "secret child died"), 500, 5000),
            (FailedError("timed_out", "secret child took 120 s"), 504, 5002),
        ],
    )
    def test_nothing_of_our_inside_leaks(
        self,
        api: Any,
        method: str,
        path: str,
        body: Any,
        fault: Exception,
        status: int,
        code: int,
    ) -> None:
        api.service.fault = fault
        answer = api.client.request(method, f"/klingai/v1/videos/{path}", json=body)
        message_of(answer, status, code)
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text


class TestOwnLinks:
    def test_a_good_link_goes_on_to_the_core(self, api: Any) -> None:
        url = f"http://127.0.0.1:{api.port}/v1/files/good/clip.mp4"
        data_of(api.post("identify-face", {"video_url": url}))
        assert api.service.videos == [("default", url)]

    @pytest.mark.parametrize("public", ["", "https://lips.example/api"])
    def test_a_dead_link_is_called_by_its_name(
        self, start: Callable[..., Any], public: str
    ) -> None:
        api = start(public_url=public)
        url = f"{public or f'http://127.0.0.1:{api.port}'}/v1/files/expired/clip.mp4"
        words = "the link to a file of this service is wrong or has expired"
        answer = api.post("identify-face", {"video_url": url})
        assert message_of(answer) == f"video_url: {words}"
        answer = api.post("advanced-lip-sync", order(line(), line(face_id=1, sound_file=url)))
        assert message_of(answer) == f"face_choose[1].sound_file: {words}"
        assert (api.service.videos, api.service.created) == ([], [])

    @pytest.mark.parametrize(
        "url",
        [
            "https://elsewhere.example/v1/files/expired/clip.mp4",
            "http://[::1/v1/files/x/y",
            "ftp://x/v1/files/x/y",
        ],
    )
    def test_other_links_are_for_the_core_to_judge(self, api: Any, url: str) -> None:
        data_of(api.post("identify-face", {"video_url": url}))
