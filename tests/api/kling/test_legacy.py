from __future__ import annotations

from typing import Any

import pytest

from lipwright.jobs.values import LegacyRequest, OwnVideo
from lipwright.speech.synthesis import SpeechText

PREFIXES = ["", "/klingai", "/kling", "/proxy/kling"]
CLIP = "https://example.com/a.mp4"


def body(**changes: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "video_id": "",
        "video_url": CLIP,
        "mode": "audio2video",
        "audio_type": "url",
        "audio_url": "https://example.com/a.mp3",
        "audio_file": "",
    }
    return {"input": {**fields, **changes}, "callback_url": ""}


@pytest.mark.parametrize("prefix", PREFIXES)
def test_create_query_and_list(api: Any, prefix: str) -> None:
    path = f"{prefix}/v1/videos/lip-sync"
    answer = api.client.post(path, json=body())
    assert answer.status_code == 200, answer.text
    made = answer.json()["data"]
    assert (made["task_id"], made["task_status"]) == ("l1", "submitted")
    assert {"created_at", "updated_at"} < set(made)
    seen = api.client.get(f"{path}/l1").json()["data"]
    assert (seen["task_id"], seen["task_result"]) == ("l1", {"videos": []})
    listed = api.client.get(path, params={"pageNum": 1, "pageSize": 5}).json()["data"]
    assert [task["task_id"] for task in listed] == ["l1"]
    assert api.get("advanced-lip-sync").json()["data"] == []
    assert api.service.pages[0] == (0, 5)
    [asked] = api.service.legacy
    assert asked == LegacyRequest(CLIP, "https://example.com/a.mp3")


def test_sounds_as_base64_and_videos_by_id(api: Any) -> None:
    asked = body(video_id="123", video_url="", audio_type="file", audio_file="Zm9v")
    assert api.post("lip-sync", asked).status_code == 200
    assert api.service.legacy == [LegacyRequest(OwnVideo("123"), "Zm9v")]


def test_text_goes_to_the_voice(api: Any) -> None:
    asked = body(mode="text2video", text="你好", voice_id="ai_kaiya", voice_speed="1.5")
    assert api.post("lip-sync", asked).status_code == 200
    assert api.service.legacy[0].text == SpeechText("你好", "ai_kaiya", "zh", 1.5)


def test_options(api: Any) -> None:
    asked = body() | {
        "callback_url": "https://example.com/hook",
        "watermark_info": {"enabled": True},
        "external_task_id": "mine",
    }
    made = api.post("lip-sync", asked).json()["data"]
    assert made["task_info"] == {"external_task_id": "mine"}
    [options] = api.service.options
    assert options.watermark
    assert options.callback.url == "https://example.com/hook"
    assert options.callback.base == f"http://127.0.0.1:{api.port}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"video_id": "1"}, "input.video_id: must be empty if video_url is given"),
        ({"video_url": ""}, "input.video_url: is required"),
        ({"mode": "sing"}, "input.mode: must be audio2video or text2video"),
        ({"mode": ""}, "input.mode: is required"),
        ({"audio_type": "tape"}, "input.audio_type: must be file or url"),
        ({"audio_url": ""}, "input.audio_url: is required with the audio_type url"),
        ({"audio_type": "file"}, "input.audio_file: is required with the audio_type file"),
        ({"mode": "text2video"}, "input.text: is required in the mode text2video"),
        (
            {"mode": "text2video", "text": "a", "voice_speed": 3},
            "input.voice_speed: must be 0.8 to 2",
        ),
    ],
)
def test_what_is_refused(api: Any, changes: dict[str, Any], message: str) -> None:
    answer = api.post("lip-sync", body(**changes))
    assert (answer.status_code, answer.json()["code"]) == (400, 1201)
    assert answer.json()["message"] == message
    assert api.service.legacy == []


def test_an_advanced_task_is_not_found_here(api: Any, make_task: Any) -> None:
    api.service.tasks["default", "t1"] = make_task("t1")
    answer = api.get("lip-sync/t1")
    assert answer.json()["message"] == "Task not found by id/external id: t1"


class TestBesideIdentifyAndCreate:
    def test_identify_by_id(self, api: Any) -> None:
        answer = api.post("identify-face", {"video_url": "", "video_id": 123})
        assert answer.status_code == 200
        assert api.service.videos == [("default", "OwnVideo(id='123')")]

    def test_exactly_one(self, api: Any) -> None:
        for asked, message in (
            ({"video_url": CLIP, "video_id": "1"}, "video_id: must be empty if video_url is given"),
            ({"video_url": "", "video_id": ""}, "video_url: is required"),
        ):
            answer = api.post("identify-face", asked)
            assert (answer.status_code, answer.json()["code"]) == (400, 1201)
            assert answer.json()["message"] == message

    def test_lines_take_the_requests_fit_or_their_own(self, api: Any) -> None:
        times = {"sound_start_time": 0, "sound_end_time": 2500, "sound_insert_time": 0}
        lines = [
            {"face_id": "0", "sound_file": "Zm9v", **times},
            {"face_id": "0", "sound_file": "Zm9v", "fit": "PAD", "transcript": "Hi.", **times},
        ]
        asked = {"session_id": "1", "face_choose": lines, "fit": "trim", "engine": "mesh"}
        assert api.post("advanced-lip-sync", asked).status_code == 200
        [(_, _, made, _)] = api.service.created
        assert [(line.fit, line.transcript) for line in made] == [("trim", ""), ("pad", "Hi.")]
        assert api.service.options[0].engine == "mesh"
        bad = api.post("advanced-lip-sync", asked | {"fit": "squeeze"})
        assert bad.json()["message"] == "fit: must be one of strict, trim, pad, loop_video"
