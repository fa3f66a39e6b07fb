from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from workshop import make_video

from lipwright.errors import BadInputError
from lipwright.jobs.intake import Intake
from lipwright.jobs.links import file_path
from lipwright.jobs.service import LipsyncService
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.objects import ObjectStore
from lipwright.store.signing import Signer

KEY = "accounts/alice/uploads/1/clip.mp4"


@pytest.fixture
def objects() -> ObjectStore:
    objects = ObjectStore("memory:///")
    objects.put_bytes(KEY, b"0123456789")
    return objects


@pytest.fixture
def intake(settings: Settings, objects: ObjectStore) -> Intake:
    return Intake(settings, objects, Signer(b"secret"))


def link(key: str = KEY, secret: bytes = b"secret", life_ms: int = 3_600_000) -> str:
    token = Signer(secret).sign(key, now_ms() + life_ms)
    return "https://nowhere.invalid" + file_path(token, "clip.mp4")


def bring(intake: Intake, url: str, folder: Path, max_bytes: int = 100) -> bytes:
    path = folder / "file"
    intake.bring(url, path, max_bytes=max_bytes, timeout_s=60, field="video")
    return path.read_bytes()


def test_our_own_links_are_read_from_the_store(intake: Intake, tmp_path: Path) -> None:
    assert bring(intake, link(), tmp_path) == b"0123456789"


@pytest.mark.parametrize(
    ("url", "max_bytes", "reason"),
    [
        (link(), 9, "too_large"),
        (link("accounts/alice/uploads/1/gone.mp4"), 100, "expired_file"),
        ("file:///etc/passwd", 100, "bad_scheme"),
        ("/etc/passwd", 100, None),
        ("http://127.1.1.1:9/clip.mp4", 100, "unreachable"),
        ("http://10.1.1.1/clip.mp4", 100, "forbidden_address"),
        ("http://[broken/clip.mp4", 100, "bad_url"),
    ],
)
def test_what_cannot_be_had_is_refused(
    intake: Intake, tmp_path: Path, url: str, max_bytes: int, reason: str | None
) -> None:
    with pytest.raises(BadInputError) as caught:
        bring(intake, url, tmp_path, max_bytes)
    assert caught.value.field == "video"
    if reason is not None:
        assert caught.value.reason == reason
    assert list(tmp_path.glob("file*")) == []


@pytest.mark.parametrize("url", [link(secret=b"forged"), link(life_ms=-1)])
def test_links_that_are_not_valid_are_urls_like_any_other(
    intake: Intake, tmp_path: Path, url: str
) -> None:
    with pytest.raises(BadInputError) as caught:
        bring(intake, url, tmp_path)
    assert caught.value.reason == "unresolvable"


def test_a_video_that_has_not_changed_is_fetched_once_by_each_tenant(
    service: LipsyncService, tmp_path: Path
) -> None:
    """With a server that keeps to HTTP; it counts what it sends."""
    files = {"/a.mp4": make_video(tmp_path / "a.mp4").read_bytes()}
    sent: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files[self.path]
            etag = f'"{hashlib.sha256(body).hexdigest()}"'
            if self.headers.get("If-None-Match") == etag:
                self.send_response(304)
                self.send_header("ETag", etag)
                self.end_headers()
                return
            sent.append(self.path)
            self.send_response(200)
            self.send_header("ETag", etag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/a.mp4"
        first = service.identify("alice", url)
        assert service.identify("alice", url).video.key == first.video.key
        assert len(sent) == 1
        # Whether another tenant has it, nobody is told by a quick answer.
        service.identify("bob", url)
        assert len(sent) == 2
        files["/a.mp4"] = make_video(tmp_path / "a.mp4", "changed").read_bytes()
        changed = service.identify("alice", url)
        assert changed.video.key != first.video.key
        assert len(sent) == 3
        # What was kept is gone, whatever the note says: it is fetched again.
        service._open.stores.objects.delete(changed.video.key)
        assert service.identify("alice", url).video.key == changed.video.key
        assert len(sent) == 4
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
