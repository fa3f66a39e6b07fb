from __future__ import annotations

import hashlib
import http.client
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

CLIP = bytes(range(256)) * 4000


def refused(answer: httpx.Response, status: int, code: int) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert set(body) - {"field"} == {"code", "message", "request_id", "reason"}
    message: str = body["message"]
    return message


def left_over(api: Any) -> list[Any]:
    return list(api.service.temp.iterdir())


class TestUpload:
    def kept(self, api: Any, answer: httpx.Response, name: str, content: bytes = CLIP) -> None:
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert set(body) == {"code", "message", "request_id", "data"}
        data = body["data"]
        assert set(data) == {"file_id", "url", "file_name", "size", "expires_at"}
        assert data["file_id"] == "u1"
        assert data["url"].startswith(f"http://127.0.0.1:{api.port}/v1/files/")
        assert data["url"].endswith(f"/{name}")
        assert (data["file_name"], data["size"]) == (name, len(content))
        digest = hashlib.sha256(content).hexdigest()
        assert api.service.uploads[-1] == ("default", name, len(content), digest)
        assert left_over(api) == []

    def test_a_form(self, api: Any) -> None:
        files = {"file": ("../my clip.mp4", CLIP, "video/mp4")}
        self.kept(api, api.client.post("/v1/files", files=files), "my_clip.mp4")

    def test_a_form_with_other_fields(self, api: Any) -> None:
        answer = api.client.post("/v1/files", data={"note": "x"}, files={"anything": ("a", CLIP)})
        self.kept(api, answer, "a")

    def test_a_raw_body_with_a_name(self, api: Any) -> None:
        answer = api.client.post("/v1/files?file_name=a/line.wav", content=CLIP)
        self.kept(api, answer, "line.wav")

    @pytest.mark.parametrize(
        ("media_type", "name"),
        [
            ("video/mp4", "file.mp4"),
            ("video/quicktime", "file.mov"),
            ("audio/mpeg", "file.mp3"),
            ("audio/x-wav; rate=44100", "file.wav"),
            ("audio/x-m4a", "file.m4a"),
            ("audio/aac", "file.aac"),
            ("text/html", "file"),
        ],
    )
    def test_a_raw_body_without_a_name(self, api: Any, media_type: str, name: str) -> None:
        headers = {"Content-Type": media_type}
        self.kept(api, api.client.post("/v1/files", content=CLIP, headers=headers), name)

    def test_a_chunked_raw_body(self, api: Any) -> None:
        pieces = (CLIP[at : at + 5000] for at in range(0, len(CLIP), 5000))
        self.kept(api, api.client.post("/v1/files?file_name=c.mp4", content=pieces), "c.mp4")

    @pytest.mark.parametrize("form", [False, True])
    def test_an_empty_file(self, api: Any, form: bool) -> None:
        what: Any = {"files": {"file": ("a.mp4", b"")}} if form else {"content": b""}
        assert refused(api.client.post("/v1/files", **what), 400, 1201) == "file: must not be empty"
        assert (api.service.uploads, left_over(api)) == ([], [])

    def test_a_form_without_a_file(self, api: Any) -> None:
        answer = api.client.post("/v1/files", files={"note": (None, "x")})
        assert refused(answer, 400, 1201) == "file: the form holds no file"

    @pytest.mark.parametrize(
        ("content_type", "content"),
        [
            ("multipart/form-data", b"x"),
            ("multipart/form-data; boundary=XX", b"no form"),
            (
                "multipart/form-data; boundary=XX",
                b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nbroken off',
            ),
        ],
    )
    def test_a_broken_form(self, api: Any, content_type: str, content: bytes) -> None:
        headers = {"Content-Type": content_type}
        answer = api.client.post("/v1/files", content=content, headers=headers)
        refused(answer, 400, 1200)
        assert (api.service.uploads, left_over(api)) == ([], [])

    def test_an_announced_length_over_the_limit_is_refused_unread(
        self, api: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lipwright.api.unread.MAX_DROPPING_S", 60.0)
        # By hand: the bytes are announced and never come.
        connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=120)
        connection.putrequest("POST", "/v1/files")
        connection.putheader("Content-Length", "100000001")
        connection.endheaders()
        began = time.monotonic()
        answer = connection.getresponse()
        assert answer.status == 400
        assert b"must be at most 100 MB" in answer.read()
        assert time.monotonic() - began < 40
        connection.close()

    @pytest.mark.parametrize("form", [False, True])
    def test_an_unannounced_one_is_refused_while_it_comes(
        self, api: Any, monkeypatch: pytest.MonkeyPatch, form: bool
    ) -> None:
        monkeypatch.setattr("lipwright.api.files.MAX_FILE_BYTES", 1_000_000)
        sent = 0

        def endless() -> Iterator[bytes]:
            nonlocal sent
            if form:
                yield b'--XX\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
            for _ in range(1000):
                sent += 100_000
                yield b"x" * 100_000

        headers = {"Content-Type": "multipart/form-data; boundary=XX"} if form else {}
        answer = api.client.post("/v1/files", content=endless(), headers=headers)
        assert refused(answer, 400, 1201) == "file: must be at most 1 MB"
        assert (api.service.uploads, left_over(api)) == ([], [])

    def test_a_caller_who_hangs_up_leaves_nothing(self, api: Any) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=120)
        connection.putrequest("POST", "/v1/files")
        connection.putheader("Content-Length", "1000000")
        connection.endheaders()
        connection.send(b"x" * 10_000)
        deadline = time.monotonic() + 120
        while not left_over(api) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert left_over(api)
        connection.close()
        while left_over(api) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert (api.service.uploads, left_over(api)) == ([], [])


class TestDownload:
    def test_the_whole_file(self, api: Any) -> None:
        content = api.service.files["good"].content
        answer = api.client.get("/v1/files/good/my%20clip.mp4")
        assert (answer.status_code, answer.content) == (200, content)
        headers = answer.headers
        assert headers["Content-Type"] == "video/mp4"
        assert headers["Content-Length"] == str(len(content))
        assert headers["Accept-Ranges"] == "bytes"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]
        assert headers["Content-Disposition"] == 'inline; filename="my_clip.mp4"'
        assert headers["ETag"] == api.service.files["good"].etag
        assert headers["X-Request-Id"]

    @pytest.mark.parametrize(
        ("asked", "start", "end"),
        [
            ("bytes=0-0", 0, 1),
            ("bytes=5000-5999", 5000, 6000),
            ("bytes=10000-", 10000, 10240),
            ("bytes=-240", 10000, 10240),
            ("bytes=10000-99999", 10000, 10240),
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_a_part(self, api: Any, asked: str, start: int, end: int, method: str) -> None:
        answer = api.client.request(method, "/v1/files/good/c.mp4", headers={"Range": asked})
        assert answer.status_code == 206
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/10240"
        assert answer.headers["Content-Length"] == str(end - start)
        whole = api.service.files["good"].content
        assert answer.content == (whole[start:end] if method == "GET" else b"")

    def test_head(self, api: Any) -> None:
        answer = api.client.head("/v1/files/good/c.mp4")
        assert answer.status_code == 200
        assert answer.headers["Content-Length"] == "10240"
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.content == b""

    @pytest.mark.parametrize("asked", ["bytes=10240-", "bytes=-0", "bytes=20000-30000"])
    def test_a_part_outside(self, api: Any, asked: str) -> None:
        answer = api.client.get("/v1/files/good/c.mp4", headers={"Range": asked})
        refused(answer, 416, 1201)
        assert answer.headers["Content-Range"] == "bytes */10240"

    @pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=x", "pages=1-2"])
    def test_other_ranges_get_the_whole(self, api: Any, asked: str) -> None:
        answer = api.client.get("/v1/files/good/c.mp4", headers={"Range": asked})
        assert (answer.status_code, len(answer.content)) == (200, 10240)

    def test_if_range(self, api: Any) -> None:
        etag = api.service.files["good"].etag
        for tag, status in ((etag, 206), ('"old"', 200)):
            headers = {"Range": "bytes=0-9", "If-Range": tag}
            answer = api.client.get("/v1/files/good/c.mp4", headers=headers)
            assert answer.status_code == status

    def test_if_none_match(self, api: Any) -> None:
        etag = api.service.files["good"].etag
        answer = api.client.get("/v1/files/good/c.mp4", headers={"If-None-Match": etag})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == etag

    @pytest.mark.parametrize(
        "path", ["/v1/files/forged/c.mp4", "/v1/files/good", "/v1/files/good/a/b", "/v1/files//c"]
    )
    def test_no_such_file(self, api: Any, path: str) -> None:
        refused(api.client.get(path), 404, 1203)

    def test_the_name_may_be_anything(self, api: Any) -> None:
        answer = api.client.get("/v1/files/good/x%0d%0aSet-Cookie:%20a=b%22.html")
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
        assert answer.headers["Content-Type"] == "video/mp4"

    @pytest.mark.parametrize(
        ("media_type", "shown"),
        [
            ("audio/mpeg", "audio/mpeg"),
            ("image/jpeg", "image/jpeg"),
            ("text/html", "application/octet-stream"),
            ("image/svg+xml", "application/octet-stream"),
            ("application/javascript", "application/octet-stream"),
        ],
    )
    def test_only_media_is_shown_as_what_it_is(self, api: Any, media_type: str, shown: str) -> None:
        api.service.files["good"].media_type = media_type
        assert api.client.get("/v1/files/good/c").headers["Content-Type"] == shown

    def test_an_empty_file(self, api: Any) -> None:
        file = api.service.files["good"]
        api.service.files["empty"] = type(file)(b"", "application/octet-stream")
        answer = api.client.get("/v1/files/empty/x")
        assert (answer.status_code, answer.content) == (200, b"")
