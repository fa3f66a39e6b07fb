"""Lines that cannot be said, against the real service: refused soon, named, and gone."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from e2e_clips import LINE_MS, kept, refusal, times


@pytest.fixture(scope="module")
def session(front: Any, made: dict[str, str]) -> Any:
    return front.identify(made["clip.mp4"])


@pytest.fixture(scope="module")
def order(session: Any, made: dict[str, str]) -> Callable[..., dict[str, Any]]:
    """Make a good order with some of its line's fields changed."""

    def make(**changes: Any) -> dict[str, Any]:
        choice = {"face_id": "0", "sound_file": made["line.wav"], **times(), **changes}
        return {"session_id": session["session_id"], "face_choose": [choice]}

    return make


LINES: list[tuple[str, dict[str, Any], str, str]] = [
    ("an unknown face", {"face_id": "7"}, "face_id", "7"),
    ("an unknown face as a number", {"face_id": 7}, "face_id", "7"),
    ("no Base64", {"sound_file": "ß not base64 !"}, "sound_file", "Base64"),
    ("an empty data URI", {"sound_file": "data:audio/wav;base64,"}, "sound_file", ""),
    ("Base64 of a text", {"sound_file": base64.b64encode(b"text" * 99).decode()}, "sound_file", ""),
    ("an ogg file", {"sound_file": "@song.ogg"}, "sound_file", "mp3, wav, m4a or aac"),
    ("a suffix that lies", {"sound_file": "@liar.mp3"}, "sound_file", "mp3, wav, m4a or aac"),
    ("a video", {"sound_file": "@clip.mp4"}, "sound_file", ""),
    ("a text", {"sound_file": "@text.mp4"}, "sound_file", ""),
    ("over 5 MB", {"sound_file": "@large.wav"}, "sound_file", "at most 5 MB"),
    (
        "over 5 MB as Base64",
        {"sound_file": base64.b64encode(bytes(5_000_001)).decode()},
        "sound_file",
        "at most 5 MB",
    ),
    ("a missing file", {"sound_file": "@/missing.wav"}, "sound_file", "HTTP 404"),
    ("a private network", {"sound_file": "http://10.0.0.1/a.wav"}, "sound_file", "private network"),
    ("another scheme", {"sound_file": "ftp://127.0.0.1/a.wav"}, "sound_file", "http and https"),
    ("a closed port", {"sound_file": "http://127.0.0.1:1/a.wav"}, "sound_file", "no connection"),
    ("a short crop", times(0, 1999), "sound_end_time", "2000 ms"),
    ("a crop from behind", times(3000, 1000), "sound_end_time", ""),
    ("a short sound", {"sound_file": "@short.wav", **times(0, 1500)}, "sound_end_time", "2000 ms"),
    ("a long crop", {"sound_file": "@long.wav", **times(0, 60_001)}, "sound_end_time", "60000 ms"),
    ("a crop before the start", times(-1, 3000), "sound_start_time", "at least 0"),
    ("a crop past the end", times(0, LINE_MS + 101), "sound_end_time", str(LINE_MS)),
    ("an insert before the start", times(insert=-1), "sound_insert_time", "at least 0"),
    ("an insert past the end", times(insert=6001), "sound_insert_time", "6000"),
    ("an end past the video's end", times(insert=2200), "sound_insert_time", "6000"),
    ("a loud line", {"sound_volume": 2.1}, "sound_volume", "0 to 2"),
    ("a negative volume", {"sound_volume": -1}, "sound_volume", "0 to 2"),
    ("a loud original", {"original_audio_volume": 3}, "original_audio_volume", "0 to 2"),
]


class TestLines:
    @pytest.mark.usefixtures("nothing_stays")
    @pytest.mark.parametrize(("what", "changes", "field", "words"), LINES)
    def test_what_cannot_be_said(
        self,
        front: Any,
        web: Any,
        order: Callable[..., dict[str, Any]],
        made: dict[str, str],
        what: str,
        changes: dict[str, Any],
        field: str,
        words: str,
    ) -> None:
        sound = changes.get("sound_file", "")
        if sound.startswith("@"):
            changes = {**changes, "sound_file": made.get(sound[1:], web.url + sound[1:])}
        began = time.monotonic()
        message = refusal(front.post("advanced-lip-sync", order(**changes)))
        assert time.monotonic() - began < 60
        assert message.startswith(f"face_choose[0].{field}: "), message
        assert words in message

    @pytest.mark.usefixtures("nothing_stays")
    def test_a_face_twice_at_once(self, front: Any, order: Callable[..., dict[str, Any]]) -> None:
        body = order()
        body["face_choose"] *= 2
        message = refusal(front.post("advanced-lip-sync", body))
        assert message.startswith("face_choose[1].sound_insert_time: face 0 already speaks")

    @pytest.mark.usefixtures("nothing_stays")
    def test_nobody_speaks(self, front: Any, order: Callable[..., dict[str, Any]]) -> None:
        message = refusal(front.post("advanced-lip-sync", {**order(), "face_choose": []}))
        assert message.startswith("face_choose: ")

    @pytest.mark.usefixtures("nothing_stays")
    @pytest.mark.parametrize("session_id", ["nope", "850508686686064678", 7, "x\0", "'; drop"])
    def test_an_unknown_session(
        self, front: Any, order: Callable[..., dict[str, Any]], session_id: Any
    ) -> None:
        message = refusal(front.post("advanced-lip-sync", {**order(), "session_id": session_id}))
        assert message.startswith("session_id: ")

    @pytest.mark.parametrize("format", ["line.mp3", "line.wav", "line.m4a", "line.aac"])
    @pytest.mark.parametrize("way", ["url", "base64", "data", "upload"])
    def test_every_good_sound_in_every_way(
        self,
        front: Any,
        web: Any,
        order: Callable[..., dict[str, Any]],
        made: dict[str, str],
        format: str,
        way: str,
    ) -> None:
        path = web.folder / format
        sound = {
            "url": lambda: made[format],
            "base64": lambda: base64.b64encode(path.read_bytes()).decode(),
            "data": lambda: f"data:audio/x;base64,{base64.b64encode(path.read_bytes()).decode()}",
            "upload": lambda: front.upload(path),
        }[way]()
        task = front.create(order(sound_file=sound, **times(0, 3900)))
        assert task["task_status"] == "submitted"

    def test_an_end_up_to_100_ms_too_late_is_clamped(
        self, front: Any, order: Callable[..., dict[str, Any]]
    ) -> None:
        front.create(order(**times(0, LINE_MS + 100)))

    def test_an_external_id_counts_once(
        self, front: Any, order: Callable[..., dict[str, Any]]
    ) -> None:
        body = {**order(), "external_task_id": "order 66"}
        task = front.create(body)
        before = kept(front)
        answer = front.post("advanced-lip-sync", body)
        assert refusal(answer) == "External_task_id order 66 already exists"
        assert kept(front) == before
        assert front.query("order 66")["task_id"] == task["task_id"]


@pytest.mark.parametrize("id", ["nope", "850508686686064678", "a b", "%27", "%00"])
def test_an_unknown_task(front: Any, id: str) -> None:
    answer = front.client.get(f"/klingai/v1/videos/advanced-lip-sync/{id}")
    assert refusal(answer).startswith("Task not found by id/external id: ")


@pytest.fixture(scope="module")
def partial(
    front: Any, web: Any, clip: Path, tmp_path_factory: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    path = tmp_path_factory.mktemp("partial") / "partial.mp4"
    with av.open(str(clip)) as source, av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width = stream.height = 720
        stream.pix_fmt = "yuv420p"
        for index, frame in enumerate(source.decode(video=0)):
            picture = frame.to_ndarray(format="rgb24")
            if index >= 75:
                picture[:] = 90
            made = av.VideoFrame.from_ndarray(picture, format="rgb24")
            container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    identified = front.identify(web.put("partial.mp4", path.read_bytes()))
    [face] = identified["face_data"]
    return identified, face


class TestPartOfAFace:
    """A face that is there for a part of the video only."""

    def test_its_interval(self, partial: tuple[dict[str, Any], dict[str, Any]]) -> None:
        face = partial[1]
        assert face["start_time"] == 0
        assert 3000 <= face["end_time"] <= 3080

    @pytest.mark.parametrize(("insert", "enough"), [(1900, False), (1100, False), (900, True)])
    def test_the_line_must_overlap_it_by_2_s(
        self,
        front: Any,
        partial: tuple[dict[str, Any], dict[str, Any]],
        made: dict[str, str],
        insert: int,
        enough: bool,
    ) -> None:
        identified, face = partial
        choice = {
            "face_id": face["face_id"],
            "sound_file": made["line.wav"],
            **times(insert=insert),
        }
        body = {"session_id": identified["session_id"], "face_choose": [choice]}
        answer = front.post("advanced-lip-sync", body)
        if enough:
            assert answer.status_code == 200
        else:
            message = refusal(answer)
            assert message.startswith("face_choose[0].sound_insert_time: ")
            assert "2000 ms" in message


def test_a_sound_that_comes_too_slowly_is_accepted_and_fails_later(
    service: Any, web: Any, made: dict[str, str]
) -> None:
    asked = []

    def slow(handler: Any) -> None:
        """Answer who asks again; who asks first gives up."""
        asked.append(handler.path)
        if len(asked) == 1:
            handler.connection.settimeout(300)
            handler.rfile.read(1)
            return
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext")

    web.answers["/slow.wav"] = slow
    session = service.identify(made["clip.mp4"])
    choice = {"face_id": "0", "sound_file": f"{web.url}/slow.wav", **times()}
    began = time.monotonic()
    task = service.create({"session_id": session["session_id"], "face_choose": [choice]})
    assert time.monotonic() - began < 60
    state = service.wait(task["task_id"], "failed", "succeed")
    assert state["task_status"] == "failed"
    assert state["task_status_msg"]
    assert state["task_result"] == {"videos": []}
