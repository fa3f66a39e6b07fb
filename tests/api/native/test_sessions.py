from __future__ import annotations

from typing import Any

PATH = "/v1/lipwright/sessions"


def identified(api: Any) -> str:
    answer = api.post("identify-face", {"video_url": "https://example.com/a.mp4"})
    id: str = answer.json()["data"]["session_id"]
    return id


def test_the_faces_with_their_places(api: Any) -> None:
    id = identified(api)
    data = api.client.get(f"{PATH}/{id}").json()["data"]
    video = data["video"]
    assert (video["width"], video["height"], video["frame_rate"]) == (640, 512, 29.97)
    assert (video["duration_ms"], video["has_audio"]) == (7000, True)
    assert video["url"].startswith(f"http://127.0.0.1:{api.port}/v1/files/")
    assert [face["face_id"] for face in data["faces"]] == ["0", "1"]
    face = data["faces"][1]
    assert (face["start_time"], face["end_time"]) == (120, 2400)
    assert face["boxes"] == [
        {"time": 0, "x": 0.25, "y": 0.25, "width": 0.25, "height": 0.5},
        {"time": 500, "x": 0.275, "y": 0.25, "width": 0.25, "height": 0.5},
    ]


def test_portraits_are_those_of_the_identification(api: Any) -> None:
    answer = api.post("identify-face", {"video_url": "https://example.com/a.mp4"}).json()["data"]
    data = api.client.get(f"{PATH}/{answer['session_id']}").json()["data"]
    assert [face["image_url"] for face in data["faces"]] == [
        face["face_image"] for face in answer["face_data"]
    ]


def test_another_accounts_session_is_unknown(api: Any) -> None:
    id = identified(api)
    api.service.keys["lw_other"] = "other"
    answer = api.client.get(f"{PATH}/{id}", headers={"Authorization": "Bearer lw_other"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "unknown_session")


def test_nonsense_is_unknown(api: Any) -> None:
    answer = api.client.get(f"{PATH}/a%00b")
    assert (answer.status_code, answer.json()["reason"]) == (400, "unknown_session")
