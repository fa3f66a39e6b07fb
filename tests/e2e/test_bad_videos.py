"""Videos that cannot be used, against the real service: refused, named, and gone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from e2e_clips import refusal, times


def endless(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n")
    block = b"\0" * 1_000_000
    for _ in range(300):
        handler.wfile.write(block)


def announced(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000001\r\n\r\n")
    handler.connection.settimeout(300)
    handler.rfile.read(1)  # says nothing more until the service hangs up


def redirect(location: str) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        head = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        handler.wfile.write(head.encode())

    return answer


VIDEOS = [
    ("noise.mp4", r"mp4 or mov"),
    ("text.mp4", r"mp4 or mov"),
    ("page.mp4", r"mp4 or mov"),
    ("list.mp4", r"mp4 or mov"),
    ("cut.mp4", r"cut off"),
    ("empty.mp4", r"empty"),
    ("webm.mp4", r"container must be mp4 or mov"),
    ("avi.mp4", r"container must be mp4 or mov"),
    ("sound.mp4", r"no video stream|sound"),
    ("line.wav", r"sound|mp4 or mov"),
    ("short.mp4", r"at least 2000 ms.*1900"),
    ("long.mp4", r"at most 60000 ms.*61000"),
    ("narrow.mp4", r"512 to 2160.*510"),
    ("low.mp4", r"512 to 2160.*510"),
    ("wide.mp4", r"512 to 2160.*2162"),
    ("missing.mp4", r"HTTP 404"),
]


@pytest.mark.usefixtures("nothing_stays")
class TestVideos:
    @pytest.mark.parametrize(("name", "words"), VIDEOS)
    def test_files_that_are_no_usable_video(
        self, front: Any, web: Any, made: dict[str, str], name: str, words: str
    ) -> None:
        url = made.get(name, f"{web.url}/{name}")
        message = refusal(front.post("identify-face", {"video_url": url}))
        assert message.startswith("video_url: ")
        assert re.search(words, message), message
        assert str(front.data_dir) not in message

    @pytest.mark.parametrize("answer", [endless, announced])
    def test_over_100_mb_is_refused_while_it_comes(
        self, front: Any, web: Any, answer: Callable[[Any], None]
    ) -> None:
        web.answers["/huge.mp4"] = answer
        began = time.monotonic()
        message = refusal(front.post("identify-face", {"video_url": f"{web.url}/huge.mp4"}))
        assert message == "video_url: must be at most 100 MB"
        if answer is announced:
            assert time.monotonic() - began < 40

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("http://127.0.0.1:1/clip.mp4", "no connection"),
            ("http://nobody.invalid/clip.mp4", "host is unknown"),
            ("http://10.0.0.1/clip.mp4", "private network"),
            ("http://192.168.1.1/clip.mp4", "private network"),
            ("http://169.254.169.254/latest/meta-data/", "private network"),
            ("http://[::1]/clip.mp4", "private network"),
            ("http://[::ffff:10.0.0.1]/clip.mp4", "private network"),
            ("http://0.0.0.0/clip.mp4", "private network"),
            ("http://user:word@127.0.0.1/clip.mp4", "user name or password"),
            ("ftp://127.0.0.1/clip.mp4", "only http and https"),
            ("file:///etc/passwd", "only http and https"),
            ("/etc/passwd", "only http and https"),
            ("clip.mp4", "only http and https"),
            ("http://", "not valid"),
            ("http://[bad/", "not valid"),
        ],
    )
    def test_urls_that_are_not_fetched(self, front: Any, url: str, words: str) -> None:
        message = refusal(front.post("identify-face", {"video_url": url}))
        assert message.startswith("video_url: ")
        assert words in message

    @pytest.mark.parametrize(
        ("location", "words"),
        [
            ("http://10.0.0.1/clip.mp4", "private network"),
            ("http://[::1]/x", "private network"),
            ("file:///etc/passwd", "only http and https"),
            ("/loop.mp4", "redirects more than 5 times"),
        ],
    )
    def test_redirects_that_are_not_followed(
        self, front: Any, web: Any, location: str, words: str
    ) -> None:
        web.answers["/loop.mp4"] = redirect(location)
        message = refusal(front.post("identify-face", {"video_url": f"{web.url}/loop.mp4"}))
        assert words in message

    def test_a_forged_link_to_an_own_file(self, front: Any) -> None:
        url = f"{front.url}/v1/files/forged/clip.mp4"
        message = refusal(front.post("identify-face", {"video_url": url}))
        assert message == "video_url: the link to a file of this service is wrong or has expired"

    @pytest.mark.parametrize("body", [{}, {"video_url": ""}, {"video_url": 3}])
    def test_bodies_without_a_url(self, front: Any, body: Any) -> None:
        assert refusal(front.post("identify-face", body)).startswith("video_url: ")

    @pytest.mark.parametrize("path", ["identify-face", "advanced-lip-sync"])
    def test_what_is_not_json(self, front: Any, path: str) -> None:
        answer = front.client.post(f"/klingai/v1/videos/{path}", content=b"{not json")
        refusal(answer, code=1200)


def test_a_video_without_a_face_is_a_success(front: Any, made: dict[str, str]) -> None:
    identified = front.identify(made["faceless.mp4"])
    assert identified["face_data"] == []
    choice = {"face_id": "0", "sound_file": made["line.wav"], **times()}
    body = {"session_id": identified["session_id"], "face_choose": [choice]}
    message = refusal(front.post("advanced-lip-sync", body))
    assert message.startswith("face_choose[0].face_id: ")


@pytest.mark.usefixtures("nothing_stays")
def test_an_upload_over_100_mb_is_refused_while_it_comes(front: Any) -> None:
    pieces = (b"\0" * 1_000_000 for _ in range(110))
    answer = front.client.post("/v1/files?file_name=a.mp4", content=pieces)
    assert refusal(answer) == "file: must be at most 100 MB"
