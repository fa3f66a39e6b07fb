"""Requests that no client would send, through a raw socket where a client would refuse to."""

from __future__ import annotations

import base64
import json
import random
import re
import socket
import string
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest

from lipwright.api.reasons import REASONS

IDENTIFY = "/v1/videos/identify-face"
CREATE = "/v1/videos/advanced-lip-sync"
GOOD_CODES = {400, 401, 403, 404, 405, 411, 413, 414, 416, 429, 431, 501, 505}


def documented(answer: httpx.Response) -> str:
    """Check that an answer is a refusal of ours; return its reason."""
    body = answer.json()
    assert 400 <= answer.status_code < 500, body
    assert body["code"] in range(1000, 1400)
    assert body["reason"] in REASONS
    assert body["request_id"] == answer.headers["X-Request-Id"]
    return str(body["reason"])


def post(target: Any, path: str, content: Any, **headers: str) -> httpx.Response:
    answer: httpx.Response = target.client.post(path, content=content, headers=headers)
    return answer


def nested(opening: str, closing: str, depth: int) -> bytes:
    return (opening * depth + closing * depth).encode()


def bodies() -> Iterator[tuple[str, bytes]]:
    yield "nothing", b""
    yield "space", b" " * 10_000
    yield "deep lists", nested("[", "]", 30_000)
    yield "deep objects", nested('{"a":', "}", 10_000)
    yield "unclosed", b'{"video_url":' * 4000
    yield "deep in a field", b'{"video_url":' + nested("[", "]", 20_000) + b"}"
    yield "many keys", json.dumps({str(number): 0 for number in range(5000)}).encode()
    yield "same keys", b"{" + b",".join([b'"video_url":"http://a/"'] * 2000) + b', "video_url":3}'
    yield "huge number", b'{"video_url":' + b"9" * 50_000 + b"}"
    yield "huge exponent", b'{"video_url":1e999999999}'
    yield "not a number", b'{"video_url":NaN}'
    yield "endless", b'{"video_url":-Infinity}'
    yield "lone surrogate", b'{"video_url":"\\ud800"}'
    yield "nul", b'{"video_url":"http://a/\\u0000"}'
    yield "raw nul", b'{"video_url":"http://a/\0"}'
    yield "broken text", b'{"video_url":"\xff\xfe"}'
    yield "utf-16", '{"video_url":"http://a/"}'.encode("utf-16")
    yield "utf-32", '{"video_url":"http://a/"}'.encode("utf-32")
    yield "marked utf-8", b"\xef\xbb\xbf" + b'{"video_url":3}'
    yield "latin", '{"video_url":"é"}'.encode("latin-1")
    yield "two values", b'{"video_url":"http://a/"}{"video_url":"http://b/"}'
    yield "comment", b'{"video_url":"http://a/"}//'
    yield "single quotes", b"{'video_url':'http://a/'}"
    yield "null", b"null"
    yield "text", b'"video_url"'
    yield "list of it", b'[{"video_url":"http://a/"}]'
    yield "prototype", b'{"__proto__":{"video_url":"http://a/"},"constructor":1}'
    yield "pickle", b"\x80\x04\x95" + bytes(200)
    yield "xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>'
    yield "form", b"video_url=http%3A%2F%2Fa%2F"
    yield "long url", b'{"video_url":"http://a/' + b"a" * 60_000 + b'"}'
    yield "template", b'{"video_url":"http://{{7*7}}/${jndi:ldap://a}"}'
    yield "object url", b'{"video_url":{"$gt":""}}'
    yield "lines in url", b'{"video_url":"http://127.0.0.1/\\r\\nX-Evil: 1"}'


@pytest.mark.parametrize("path", [IDENTIFY, CREATE])
def test_bodies(target: Any, path: str) -> None:
    cases = dict(bodies())
    for name, body in cases.items():
        began = time.monotonic()
        answer = post(target, path, body, **{"Content-Type": "application/json"})
        assert documented(answer), name
        assert time.monotonic() - began < 80, name
    target.count("bodies", len(cases))
    target.lives()


@pytest.mark.parametrize(
    "charset", ["utf-16", "utf-7", "latin-1", "nonsense", "x" * 2000, '"', "utf-8; charset=utf-16"]
)
def test_charsets_are_not_listened_to(target: Any, charset: str) -> None:
    answer = post(
        target,
        IDENTIFY,
        b'{"video_url":3}',
        **{"Content-Type": f"application/json; charset={charset}"},
    )
    assert documented(answer) == "wrong_type"
    target.count("charsets", 1)


def test_a_hundred_megabytes_of_base64_are_refused_while_they_come(
    target: Any, session_id: str
) -> None:
    block = base64.b64encode(bytes(750_000))
    read = 0

    def body() -> Iterator[bytes]:
        nonlocal read
        yield f'{{"session_id":"{session_id}","face_choose":[{{"sound_file":"'.encode()
        for _ in range(100):
            read += len(block)
            yield block
        yield b'"}]}'

    assert documented(post(target, CREATE, body())) == "too_large"
    # Announced, it is refused before any of it is needed.
    answer = raw(
        target, f"POST {CREATE} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000000\r\n\r\n{{"
    )
    assert answer.startswith(b"HTTP/1.1 400")
    target.count("large", 2)
    target.lives()


def line(**changes: Any) -> dict[str, Any]:
    return {
        "face_id": "0",
        "sound_file": "http://127.0.0.1:1/a.wav",
        "sound_start_time": 0,
        "sound_end_time": 3000,
        "sound_insert_time": 0,
        **changes,
    }


def lines() -> Iterator[tuple[str, Any]]:
    for name in ("sound_start_time", "sound_end_time", "sound_insert_time"):
        for value in (
            -1, -(2**63), 2**63, 2**200, 1.5, 1e300, "1e3", "0x10", "١٢", "", " ", [], {}, True,
            "9" * 400,
        ):  # fmt: skip
            yield f"{name}={value!r}"[:60], [line(**{name: value})]
    for value in (-0.1, 2.01, 1e308, -1e308, "nan", "inf", "1e400", True, [], "2" * 500):
        yield f"volume={value!r}"[:60], [line(sound_volume=value)]
    for value in ("../0", "0\0", "x" * 1000, "٠", -1, 0.0, None, [], "0'; drop table faces"):
        yield f"face={value!r}"[:60], [line(face_id=value)]
    for value in (
        "data:audio/wav;base64," + "A" * 8_000_000,
        "data:,",
        "data:audio/wav,plain",
        "data:" + ";" * 50_000,
        "A" * 7_000_000,
        "====",
        "//etc/passwd",
        "file:///etc/passwd",
        "\u202ehttp://a",
        "http://127.0.0.1:99999/",
        "http://[::ffff:169.254.169.254]/",
        "http://0x7f.1:1/a.wav",
        "http://2130706433:1/",
        "gopher://127.0.0.1/",
        "/v1/files/../../etc/passwd",
        "/v1/files/AAAA/x.wav",
    ):
        yield f"sound={value[:40]!r}", [line(sound_file=value)]
    yield "no lines", []
    yield "many lines", [line()] * 33
    yield "the same twice", [line(), line()]
    yield "an object", line()
    yield "text", "0"
    yield "lists", [[]] * 5


def test_lines(target: Any, session_id: str) -> None:
    cases = list(lines())
    for name, chosen in cases:
        body = {"session_id": session_id, "face_choose": chosen}
        assert documented(target.client.post(CREATE, json=body)), name
    target.count("lines", len(cases))
    assert target.rows("tasks") == len(target.column("select id from tasks"))
    target.lives()


STRANGE_IDS = [
    "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%00", "a%00b", "%ff%fe", "%0d%0aX-Evil:1", "*", "%",
    "%zz", "'%20or%201=1--", "x" * 3000, "%F0%9F%98%80", "null", "-1", "1e9", "{id}", "$ne",
    "%E2%80%AE", "..%5c..", "con", ".git", "%25252e",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["id", "session", "external"])
def test_strange_ids(target: Any, kind: str) -> None:
    for id in STRANGE_IDS:
        if kind == "id":
            answer = target.client.get(f"{CREATE}/{id}")
        elif kind == "session":
            body = {"session_id": id, "face_choose": [line()]}
            answer = target.client.post(CREATE, json=body)
        else:
            body = {"session_id": "1", "face_choose": [line()], "external_task_id": id}
            answer = target.client.post(CREATE, json=body)
        # Dots are paths to a client: what is left of them is another route.
        if answer.status_code != 200:
            assert documented(answer), id
        else:
            assert kind == "id"
    target.count("ids", len(STRANGE_IDS))
    target.lives()


NAMES = [
    "../../../etc/passwd", "..\\..\\evil.mp4", "/etc/cron.d/evil", "C:\\evil.mp4", "a/b/c.mp4", ".",
    "..", "", " ", "\0.mp4", "a\r\nX-Evil: 1.mp4", "x" * 5000 + ".mp4", "é\u202e4pm.exe", "con.mp4",
    "a.mp4:stream", "|id", "$(id).mp4", "`id`.mp4", "-rf", "\ud83d\ude00.mp4", "%2e%2e%2f.mp4",
    "<script>.html", "a.mp4/", "NUL", "~root", "a;b.mp4", '"; filename="b.mp4',
]  # fmt: skip


@pytest.mark.parametrize("how", ["query", "form"])
def test_names_of_uploads(target: Any, how: str) -> None:
    uploads = target.rows("uploads")
    kept = 0
    for name in NAMES:
        safe = name.encode("utf-16", "surrogatepass").decode("utf-16")
        if how == "query":
            answer = post(target, f"/v1/files?file_name={quote(safe)}", b"content")
        else:
            answer = target.client.post("/v1/files", files={"file": (safe, b"content")})
        if answer.status_code != 200:
            assert documented(answer), name
            continue
        kept += 1
        data = answer.json()["data"]
        assert re.fullmatch(r"[^/\\\x00-\x1f\x7f]{1,100}", data["file_name"]), name
        fetched = target.client.get(data["url"])
        assert (fetched.status_code, fetched.content) == (200, b"content"), name
        assert "X-Evil" not in fetched.headers
    assert kept >= len(NAMES) // 2
    assert target.rows("uploads") - uploads == kept
    assert all(key.startswith("accounts/default/") for key in target.files())
    data = target.service.data_dir
    evil = {path.relative_to(data.parent) for path in data.parent.rglob("*evil*")}
    home = Path(data.name) / "objects" / "accounts" / "default" / "uploads"
    assert {path.parents[1] for path in evil} <= {home}
    target.count("names", len(NAMES))
    target.lives()


def test_tampered_links(target: Any, tmp_path: Path) -> None:
    answer = target.client.post("/v1/files", files={"file": ("a.mp4", b"secret")})
    url = urlsplit(answer.json()["data"]["url"]).path
    token = url.split("/")[3]
    chance = random.Random(5)
    alphabet = string.ascii_letters + string.digits + "-_"
    bad = set()
    for at in range(len(token) - 1):  # the last letter may carry bits that mean nothing
        other = chance.choice([letter for letter in alphabet if letter != token[at]])
        bad.add(token[:at] + other + token[at + 1 :])
    bad |= {token[:cut] for cut in range(1, len(token) - 1, 3)}
    bad |= {
        token + "A", token + "=", "A" + token, token * 2, token[::-1], token.swapcase(), "=" * 10,
        "%3D" * 5, token.replace(token[0], "%00"), token + "%0a", "é", "%ff", "A" * 10_000, "..",
        "*", "null", token[:21] + token[:21], "%2e%2e%2f" + token,
    }  # fmt: skip
    for forged in bad:
        answer = target.client.get(f"/v1/files/{forged}/a.mp4")
        if answer.status_code == 200:  # the same bytes, written in another way
            assert answer.content == b"secret"
            assert forged.rstrip("=").rstrip("%0a") == token, forged
        else:
            assert answer.status_code in (404, 307), forged
            assert documented(answer), forged
        body = {"video_url": f"{target.service.url}/v1/files/{forged}/a.mp4"}
        if forged in sorted(bad)[:25]:
            documented(target.client.post(IDENTIFY, json=body))
    target.count("links", len(bad))
    target.lives()


RANGES = [
    "bytes=-", "bytes=5-2", "bytes=0-0,-1", "bytes=" + "0-," * 5000, "bytes=9" + "9" * 300 + "-",
    "items=0-1", "bytes", "bytes=a-b", "bytes=-99999999999999999999", "bytes=0x0-5", "bytes=١-٢",
    "bytes=\t0-1", "bytes=0-18446744073709551616",
]  # fmt: skip


def test_ranges(target: Any) -> None:
    url = target.client.post("/v1/files", content=b"0123456789").json()["data"]["url"]
    for asked in RANGES:
        answer = target.client.get(url, headers={"Range": asked.encode()})
        assert answer.status_code in (200, 206, 416), asked
        if answer.status_code != 416:
            assert answer.content in b"0123456789"
    target.count("ranges", len(RANGES))


def raw(target: Any, text: str | bytes, *more: bytes, wait_s: float = 60) -> bytes:
    """Send bytes as they are; return all that comes back until the other side stops."""
    content = text.encode("latin-1") if isinstance(text, str) else text
    address = urlsplit(target.service.url)
    received = b""
    with socket.create_connection((address.hostname, address.port), timeout=wait_s) as line:
        try:
            for piece in (content, *more):
                line.sendall(piece)
            line.settimeout(wait_s)
            while block := line.recv(65536):
                received += block
                head, _, body = received.partition(b"\r\n\r\n")
                length = re.search(rb"content-length: (\d+)", head.lower())
                if length and len(body) >= int(length[1]):
                    break
        except (ConnectionError, TimeoutError):
            return received
    return received


def wire() -> Iterator[tuple[str, bytes]]:
    host = b"Host: 127.0.0.1\r\n"
    begin = f"POST {IDENTIFY} HTTP/1.1\r\n".encode() + host
    body = b'{"video_url":3}'
    yield "two lengths", begin + b"Content-Length: 15\r\nContent-Length: 3\r\n\r\n" + body
    yield "same length twice", begin + b"Content-Length: 15\r\nContent-Length: 15\r\n\r\n" + body
    yield (
        "length and chunks",
        (
            begin
            + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n"
            + body
            + b"\r\n0\r\n\r\n"
        ),
    )
    yield "chunked twice", begin + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"
    yield "chunked and more", begin + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"
    yield "unknown coding", begin + b"Transfer-Encoding: zstd\r\n\r\n"
    chunks = begin + b"Transfer-Encoding: chunked\r\n\r\n"
    yield "chunk too short", chunks + b"3\r\n" + body + b"\r\n0\r\n\r\n"
    yield "chunk of nonsense", chunks + b"zz\r\n" + body + b"\r\n0\r\n\r\n"
    yield "negative chunk", chunks + b"-1\r\n" + body + b"\r\n0\r\n\r\n"
    yield "chunk of everything", chunks + b"ffffffffffffffff\r\n" + body + b"\r\n0\r\n\r\n"
    yield "chunk with a long note", chunks + b"f;" + b"a" * 200_000 + b"\r\n" + body
    yield "long trailer", chunks + b"0\r\nX: " + b"a" * 200_000 + b"\r\n\r\n"
    for length in (b"-1", b"+15", b"1e1", b"0x0f", b"9" * 40, b"", b"15, 15", b"\xb2", b"15 15"):
        yield f"length {length!r}", begin + b"Content-Length: " + length + b"\r\n\r\n" + body
    yield "huge header", begin + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n"
    yield "many headers", begin + b"".join(b"X-%d: 1\r\n" % n for n in range(20_000)) + b"\r\n"
    yield "nul in a header", begin + b"X: a\0b\r\nContent-Length: 0\r\n\r\n"
    yield "name with space", begin + b"X : a\r\nContent-Length: 0\r\n\r\n"
    yield "folded", begin + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n"
    yield "bare newline", begin.replace(b"\r\n", b"\n") + b"Content-Length: 0\n\n"
    yield "bare return", begin + b"X: a\rY: b\r\nContent-Length: 0\r\n\r\n"
    yield "no host", f"POST {IDENTIFY} HTTP/1.1\r\nContent-Length: 0\r\n\r\n".encode()
    yield "two hosts", begin + host + b"Content-Length: 0\r\n\r\n"
    yield "strange host", begin.replace(b"127.0.0.1", b"a'b\xff") + b"Content-Length: 0\r\n\r\n"
    yield "whole url", begin.replace(b"POST /", b"POST http://evil/") + b"Content-Length: 0\r\n\r\n"
    yield "long path", b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + host + b"\r\n"
    yield "path of dots", b"GET " + b"/.." * 20_000 + b" HTTP/1.1\r\n" + host + b"\r\n"
    yield "path of bytes", b"GET /\xff\xfe\x01 HTTP/1.1\r\n" + host + b"\r\n"
    yield "no path", b"GET  HTTP/1.1\r\n" + host + b"\r\n"
    yield "star", b"OPTIONS * HTTP/1.1\r\n" + host + b"\r\n"
    yield "connect", b"CONNECT evil:443 HTTP/1.1\r\n" + host + b"\r\n"
    yield "strange method", b"GE\0T / HTTP/1.1\r\n" + host + b"\r\n"
    yield "long method", b"A" * 100_000 + b" / HTTP/1.1\r\n" + host + b"\r\n"
    yield "old", b"GET /healthz\r\n\r\n"
    yield "future", b"GET /healthz HTTP/9.9\r\n" + host + b"\r\n"
    yield "http/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(40)
    yield "tls", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + bytes(200)
    yield "noise", random.Random(1).randbytes(5000)
    yield "nothing", b"\r\n" * 1000
    none = b"Content-Length: 0\r\n\r\n"
    yield "upgrade", begin + b"Upgrade: websocket\r\nConnection: upgrade\r\n" + none
    yield "expectation", begin + b"Expect: the-unexpected\r\nContent-Length: 15\r\n\r\n" + body
    yield "two requests", (begin + b"Content-Length: 15\r\n\r\n" + body) * 2
    smuggled = b"GET /v1/videos/smuggled HTTP/1.1\r\n" + host + b"\r\n"
    disguised = b"Content-Length: 0\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n"
    yield "smuggled", begin + disguised + smuggled
    yield (
        "credentials of bytes",
        begin + b"Authorization: Bearer \xff\xfe\r\n" + none,
    )
    yield "long credentials", begin + b"Authorization: Bearer " + b"a.b.c" * 9000 + b"\r\n\r\n"


def test_the_wire(target: Any) -> None:
    cases = dict(wire())
    for name, content in cases.items():
        # A body that never ends is waited for: half of the line is closed by the client's patience.
        answer = raw(target, content, wait_s=1.5)
        if answer:
            status = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
            assert status is not None, (name, answer[:100])
            assert int(status[1]) in GOOD_CODES or name in (
                "future", "old", "folded", "two hosts", "no host", "star", "bare newline",
            ), (name, answer[:300])  # fmt: skip
            assert not int(status[1]) >= 500 or int(status[1]) in (501, 505), name
    target.count("wire", len(cases))
    target.lives()


def test_a_request_that_never_ends_keeps_nobody_else_waiting(target: Any) -> None:
    address = urlsplit(target.service.url)
    begun = b"POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n"
    lines = [socket.create_connection((address.hostname, address.port)) for _ in range(100)]
    try:
        for one in lines:
            one.sendall(begun + b"a" * 100)
        began = time.monotonic()
        target.lives()
        assert documented(post(target, IDENTIFY, b"{"))
        assert time.monotonic() - began < 40
    finally:
        for one in lines:
            one.close()
    target.count("wire", len(lines))
    assert target.leftovers() == []


FORMS = [
    b"--x\r\n\r\n\r\n--x--",
    b"--x\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n" + b"a" * 100,
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
    + b"a" * 100_000
    + b'"\r\n\r\na\r\n--x--',
    b"--x\r\n" + b"X: a\r\n" * 10_000 + b"\r\na\r\n--x--",
    b"--x\r\nContent-Disposition: " + b"a;" * 20_000 + b"\r\n\r\na\r\n--x--",
    b"--x" * 20_000,
    b"--x--",
    b"--x\r\nContent-Disposition: form-data; name=file\r\n\r\nno name\r\n--x--",
    b"\xff" * 1000,
]


def test_forms(target: Any) -> None:
    uploads = target.rows("uploads")
    kept = 0
    for form in FORMS:
        for content_type in ("multipart/form-data; boundary=x", "multipart/mixed; boundary=x"):
            answer = post(target, "/v1/files", form, **{"Content-Type": content_type})
            kept += answer.status_code == 200
            if answer.status_code != 200:
                documented(answer)
    for boundary in (
        "",
        "; boundary=",
        "; boundary=" + "x" * 5000,
        '; boundary="',
        "; boundary=\xff",
    ):
        header = {"Content-Type": f"multipart/form-data; boundary{boundary}".encode("latin-1")}
        answer = target.client.post("/v1/files", content=b"--x--", headers=header)
        assert documented(answer)
    assert target.rows("uploads") - uploads == kept
    target.count("forms", 2 * len(FORMS) + 5)
    target.lives()
