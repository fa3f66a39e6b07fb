"""The real service as a process of its own, and a small web server that callers' URLs point to."""

from __future__ import annotations

import http.server
import importlib.util
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from e2e_clips import kept, make_sound, make_video  # noqa: E402

REPO = HERE.parents[1]
LINE = REPO / "demo" / "line.wav"

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Service:
    """``lipwright serve`` on a free port."""

    def __init__(self, data_dir: Path, *options: str, **settings: str) -> None:
        self.data_dir = data_dir
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("LIPWRIGHT_")
        }
        for name in ("LIPWRIGHT_MODELS_DIR",):
            if name in os.environ:
                environment[name] = os.environ[name]
        environment |= {
            "LIPWRIGHT_FETCH_ALLOW": "127.0.0.0/8",
            "LIPWRIGHT_FETCH_WAIT_S": "1",
            **{f"LIPWRIGHT_{name.upper()}": value for name, value in settings.items()},
        }
        self.said: list[str] = []
        self.log = data_dir.with_suffix(".log").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "lipwright",
                "serve",
                "--port",
                "0",
                "--data-dir",
                str(data_dir),
                *options,
            ],
            cwd=data_dir.parent,  # no .env of the developer's
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self._wait_ready()
        self.client = httpx.Client(base_url=self.url, trust_env=False, timeout=600)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))

    def _wait_ready(self) -> str:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in self.said:
                if ready := re.fullmatch(r"lipwright is ready on (http://\S+)", line):
                    return ready[1]
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"not ready: {self.said} {Path(self.log.name).read_text()}")

    def post(self, operation: str, body: Any, **more: Any) -> httpx.Response:
        return self.client.post(f"/klingai/v1/videos/{operation}", json=body, **more)

    def query(self, id: str) -> Any:
        answer = self.client.get(f"/klingai/v1/videos/advanced-lip-sync/{id}")
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def wait(self, id: str, *statuses: str, within_s: float = 1800) -> Any:
        """Poll a task until it is in one of the statuses."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            task = self.query(id)
            if task["task_status"] in statuses:
                return task
            time.sleep(0.1)
        raise AssertionError(f"{task} {Path(self.log.name).read_text()[-4000:]}")

    def upload(self, path: Path) -> str:
        with path.open("rb") as file:
            answer = self.client.post("/v1/files", files={"file": (path.name, file)})
        assert answer.status_code == 200, answer.text
        url: str = answer.json()["data"]["url"]
        return url

    def identify(self, video_url: str) -> Any:
        answer = self.post("identify-face", {"video_url": video_url})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def create(self, body: Any) -> Any:
        answer = self.post("advanced-lip-sync", body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def family(self) -> list[psutil.Process]:
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    def renders(self) -> list[psutil.Process]:
        """Return the children of the worker."""
        return [
            child
            for process in self.family()
            if "worker_main" in str(process.cmdline())
            for child in process.children()
            if "child_main" in str(child.cmdline())
        ]

    def hold_render(self, after_s: float = 0.0) -> list[psutil.Process]:
        """Suspend the worker's child once it has worked so long: by itself it does not end."""
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            with suppress(psutil.Error):
                found = [one for one in self.renders() if one.cpu_times().user >= after_s]
                for process in found:
                    process.suspend()
                if found:
                    return found
            time.sleep(0.01)
        raise AssertionError("there was no render")

    def stop(self) -> int:
        """End it in good order and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(180)
        self._close()
        return code

    def kill(self) -> None:
        """Kill -9 the service with all its processes, at once."""
        with suppress(psutil.NoSuchProcess):
            family = self.family()
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.suspend()  # nobody gets to see that another one has died
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            psutil.wait_procs(family, timeout=120)
        self.process.wait(120)
        self._close()

    def _close(self) -> None:
        self._reader.join(120)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.log.close()
        if hasattr(self, "client"):
            self.client.close()


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Service]]:
    """Start services; those that still run at the end are stopped."""
    started: list[Service] = []

    def start_one(*options: str, data_dir: Path | None = None, **settings: str) -> Service:
        folder = data_dir or tmp_path_factory.mktemp("service") / "data"
        started.append(Service(folder, *options, **settings))
        return started[-1]

    yield start_one
    for service in started:
        if service.process.poll() is None:
            service.stop()


@pytest.fixture(scope="session")
def service(start: Callable[..., Service]) -> Service:
    """The whole service, worker included."""
    return start()


@pytest.fixture(scope="session")
def front(start: Callable[..., Service]) -> Service:
    """A service that accepts tasks and does none of them, and waits for sounds to look at them."""
    return start("--no-worker", fetch_wait_s="60")


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's clip: a portrait, 6 s, 720x720, 25 frames/s, with quiet room tone."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    spec = importlib.util.spec_from_file_location("make_clip", REPO / "demo" / "make_clip.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.make_clip(path)
    return path


@pytest.fixture(scope="session")
def line() -> Path:
    """Speech that we synthesised: 4051 ms, 16 kHz, one channel."""
    return LINE


class Web:
    """Serves a folder on loopback; a test may take over a path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, Answer] = {}
        web = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments, directory=str(folder))

            def do_GET(self) -> None:
                with suppress(ConnectionError):
                    web.answers.get(self.path, lambda _: super(Handler, self).do_GET())(self)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()

    def put(self, name: str, content: bytes) -> str:
        """Serve bytes under a name and return their URL."""
        (self.folder / name).write_bytes(content)
        return f"{self.url}/{name}"

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    served = Web(tmp_path_factory.mktemp("web"))
    yield served
    served.close()


@pytest.fixture
def nothing_stays(front: Any) -> Iterator[None]:
    """Compare what the service keeps before and after the test."""
    before = kept(front)
    yield
    assert kept(front) == before


@pytest.fixture(scope="session")
def made(
    tmp_path_factory: pytest.TempPathFactory, web: Web, clip: Path, line: Path
) -> dict[str, str]:
    """URLs of one file of each wrong sort."""
    folder = tmp_path_factory.mktemp("made")
    good = clip.read_bytes()
    sounds = {
        "long.wav": make_sound(folder / "long.wav", 62, "pcm_s16le"),
        "short.wav": make_sound(folder / "short.wav", 1.5, "pcm_s16le"),
        "song.ogg": make_sound(folder / "song.ogg", 4, "libopus", 48000),
        "liar.mp3": make_sound(folder / "liar.flac", 4, "flac"),
        "large.wav": make_sound(folder / "large.wav", 30, "pcm_s16le", 96000),
        "sound.mp4": make_sound(folder / "sound.mp4", 4, "aac", 48000),
        "line.mp3": make_sound(folder / "line.mp3", 4, "libmp3lame", 44100),
        "line.m4a": make_sound(folder / "line.m4a", 4, "aac", 48000),
        "line.aac": make_sound(folder / "line.aac", 4, "aac", 48000),
    }
    assert len(sounds["large.wav"]) > 5_000_000
    contents = {
        "clip.mp4": good,
        "noise.mp4": np.random.default_rng(1).bytes(50_000),
        "text.mp4": b"this is a text\n" * 500,
        "page.mp4": b"<!doctype html><title>Sign in</title>",
        "list.mp4": b"#EXTM3U\n#EXTINF:3,\nhttp://127.0.0.1:1/secret.ts\n",
        "cut.mp4": good[: len(good) // 2],
        "empty.mp4": b"",
        "webm.mp4": make_video(folder / "x", format="matroska"),
        "avi.mp4": make_video(folder / "y", format="avi"),
        "short.mp4": make_video(folder / "short.mp4", Fraction(19, 10)),
        "long.mp4": make_video(folder / "long.mp4", Fraction(61), rate=5),
        "narrow.mp4": make_video(folder / "narrow.mp4", size=(510, 600)),
        "low.mp4": make_video(folder / "low.mp4", size=(600, 510)),
        "wide.mp4": make_video(folder / "wide.mp4", size=(2162, 512)),
        "faceless.mp4": make_video(folder / "faceless.mp4"),
        "line.wav": line.read_bytes(),
        **sounds,
    }
    return {name: web.put(name, content) for name, content in contents.items()}
