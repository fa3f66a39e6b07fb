"""A small set of weights, a web server that has it and a wheel that has it."""

from __future__ import annotations

import hashlib
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from lipwright.models.catalogue import Source, WebSource, WeightFile, Weights, WheelSource


def some_bytes(seed: int, size: int) -> bytes:
    return np.random.default_rng(seed).bytes(size)


CONTENTS = {"small.json": some_bytes(1, 1_000), "large.bin": some_bytes(2, 1_000_000)}

WHEEL = WheelSource("lipwright-test-weights", "1.2.3", "test_weights/model")


@pytest.fixture
def contents() -> dict[str, bytes]:
    return dict(CONTENTS)


@pytest.fixture
def make_weights() -> Callable[..., Weights]:
    def make(*sources: Source, single: bool = False) -> Weights:
        files = [
            WeightFile(name, hashlib.sha256(content).hexdigest(), len(content))
            for name, content in CONTENTS.items()
        ]
        chosen = tuple(files[1:] if single else files)
        return Weights("test_set", "for tests", "MIT", chosen, sources, single)

    return make


@dataclass
class Web:
    """A web server: what it has, how it behaves, and what it was asked."""

    base_url: str
    files: dict[str, bytes] = field(default_factory=lambda: dict(CONTENTS))
    ranges: bool = True
    stop_after: int | None = None
    delay_s: float = 0.0
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    @property
    def source(self) -> WebSource:
        return WebSource(self.base_url)


@pytest.fixture
def web() -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            name = self.path.strip("/")
            state.requests.append((name, asked))
            if name not in state.files:
                self.send_error(404)
                return
            content = state.files[name]
            start = int(asked.removeprefix("bytes=").rstrip("-")) if asked and state.ranges else 0
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            body = (
                content[start:] if state.stop_after is None else content[start:][: state.stop_after]
            )
            for at in range(0, len(body), 65_536):
                self.wfile.write(body[at : at + 65_536])
                time.sleep(state.delay_s)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            pass  # A client that was killed on purpose.

    server = Server(("127.0.0.1", 0), Handler)
    state = Web(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def make_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[str, bytes]], Path]:
    """Put a wheel where pip finds it, and nothing else is found."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")

    def make(files: dict[str, bytes]) -> Path:
        wheel = index / "lipwright_test_weights-1.2.3-py3-none-any.whl"
        info = "lipwright_test_weights-1.2.3.dist-info"
        with zipfile.ZipFile(wheel, "w") as zipped:
            zipped.writestr(
                f"{info}/METADATA",
                "Metadata-Version: 2.1\nName: lipwright-test-weights\nVersion: 1.2.3\n",
            )
            zipped.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            zipped.writestr(f"{info}/RECORD", "")
            for name, content in files.items():
                zipped.writestr(f"{WHEEL.folder}/{name}", content)
        return wheel

    return make


@pytest.fixture
def wheel_source(make_wheel: Callable[[dict[str, bytes]], Path]) -> WheelSource:
    make_wheel(CONTENTS)
    return WHEEL


@pytest.fixture
def empty_index(make_wheel: object) -> WheelSource:
    """An index that does not have the wheel."""
    return WHEEL
