"""Two people in one picture, three lines in one task: watched, called back, marked, cancelled."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from e2e_clips import RATE, SIDE, make_pair, times
from standardwebhooks import Webhook

from lipwright.media.decode import VideoReader

MOUTH = np.s_[240:390, 160:350]
"""Where the mouth is in each half of the picture, chin and drift included."""

LEFT, RIGHT = [(300, 2400), (3400, 5500)], [(1700, 3900)]
"""When each of them speaks, in ms: together from 1.7 s and from 3.4 s."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two astronauts side by side for 6 s; 1024x512."""
    path = tmp_path_factory.mktemp("pair") / "pair.mp4"
    make_pair(path)
    return path


@pytest.fixture(scope="module")
def hooks() -> Iterator[Any]:
    """A receiver of callbacks."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    class Server(http.server.ThreadingHTTPServer):
        got: list[tuple[dict[str, str], bytes]]

    server = Server(("127.0.0.1", 0), Handler)
    server.got = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def sides(service: Any, pair: Path) -> dict[str, Any]:
    """A session of the clip: its id and the ids of the left and the right face."""
    found = service.identify(service.upload(pair))
    assert len(found["face_data"]) == 2
    columns = {}
    for face in found["face_data"]:
        assert face["end_time"] - face["start_time"] > 5500
        columns[face["face_id"]] = face
    ids = sorted(columns, key=int)
    return {"session_id": found["session_id"], "ids": ids}


def choices(left: str, right: str, sound: str) -> list[dict[str, Any]]:
    return [
        {
            "face_id": face_id,
            "sound_file": sound,
            **times(100, 100 + end - start, start),
        }
        for face_id, spans in ((left, LEFT), (right, RIGHT))
        for start, end in spans
    ]


@contextmanager
def unhurried(service: Any) -> Iterator[None]:
    """Have renders rest after every bit of work, so that whoever watches sees them at it."""
    over = threading.Event()

    worked: dict[int, float] = {}

    def pace() -> None:
        while not over.wait(0.05):
            with suppress(psutil.Error):
                for process in service.renders():
                    so_far = sum(process.cpu_times()[:2])
                    if so_far < worked.get(process.pid, 0.0) + 0.3:
                        continue
                    process.suspend()
                    over.wait(0.3)
                    process.resume()
                    worked[process.pid] = so_far

    thread = threading.Thread(target=pace)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def done(service: Any, sides: Any, web: Any, made: dict[str, str], hooks: Any) -> dict[str, Any]:
    """The task, done, watched from beginning to end."""
    secret = service.client.post("/v1/lipwright/webhook-secret").json()["data"]["secret"]
    task = service.create(
        {
            "session_id": sides["session_id"],
            "face_choose": choices(*sides["ids"], made["line.wav"]),
            "callback_url": f"http://127.0.0.1:{hooks.server_address[1]}/hook",
            "watermark_info": {"enabled": True},
        }
    )
    events = []
    path = f"/v1/lipwright/tasks/{task['task_id']}/events"
    with unhurried(service), service.client.stream("GET", path, timeout=900) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                events.append(json.loads(line.removeprefix("data: ")))
    seen = service.query(task["task_id"])
    assert seen["task_status"] == "succeed", seen
    [video] = seen["task_result"]["videos"]
    return {"task": seen, "events": events, "video": video, "secret": secret}


def luma(path: Path) -> np.ndarray[Any, Any]:
    with VideoReader(path) as reader:
        return np.stack([frame.y.astype(np.int16) for frame in reader])


def test_only_the_mouths_that_speak_move(done: dict[str, Any], pair: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.mp4"
    result.write_bytes(httpx.get(done["video"]["url"], trust_env=False, timeout=300).content)
    before, after = luma(pair), luma(result)
    assert len(before) == len(after)
    change = np.abs(before - after)
    at = np.arange(len(before)) * 1000 / RATE
    halves = (change[:, :, :SIDE], change[:, :, SIDE:])
    # Which id is left is for the service to choose; which face speaks when is not.
    moved = [half[(slice(None), *MOUTH)].mean((1, 2)) for half in halves]

    def speaks(spans: list[tuple[int, int]], margin: int) -> Any:
        return np.any([(at >= a + margin) & (at < b - margin) for a, b in spans], axis=0)

    alone = speaks(LEFT, 200) & ~speaks(RIGHT, -100)
    first = 0 if moved[0][alone].mean() > moved[1][alone].mean() else 1
    for half, spans in ((moved[first], LEFT), (moved[1 - first], RIGHT)):
        loud, quiet = half[speaks(spans, 200)], half[~speaks(spans, -100)]
        assert len(quiet) > 20
        assert quiet.max() < 1.5  # coding noise
        assert loud.mean() > 2.5 * quiet.mean()
    both = speaks(LEFT, 100) & speaks(RIGHT, 100)
    assert both.sum() >= 4
    assert min(half[both].mean() for half in moved) > 1.5 * max(
        half[~(speaks(LEFT, -100) | speaks(RIGHT, -100))].mean() for half in moved
    )


def test_progress_was_told_as_it_happened(done: dict[str, Any]) -> None:
    events = done["events"]
    assert events[0]["status"] in ("submitted", "processing")
    assert events[-1]["status"] == "succeeded"
    percents = [event["progress"] for event in events]
    assert percents == sorted(percents)
    assert len(set(percents)) > 3
    assert percents[-1] == 100
    assert {event["stage"] for event in events} >= {"track", "render", "done"}
    late = [event for event in events if 50 < event["progress"] < 100]
    assert late
    assert all(event["eta_seconds"] is not None for event in late)


def test_the_callbacks_verify_and_end_with_the_result(
    service: Any, done: dict[str, Any], hooks: Any
) -> None:
    deadline = time.monotonic() + 180
    while len(hooks.got) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    told = [Webhook(done["secret"]).verify(body, headers) for headers, body in hooks.got[:3]]
    assert [message["task_status"] for message in told] == ["submitted", "processing", "succeed"]
    last = told[-1]
    assert last["task_id"] == done["task"]["task_id"]
    assert last["task_result"]["videos"][0]["id"] == done["video"]["id"]
    link = last["task_result"]["videos"][0]["url"]
    assert httpx.get(link, trust_env=False, timeout=300).status_code == 200
    path = f"/v1/lipwright/tasks/{last['task_id']}/deliveries"

    def deliveries() -> list[str]:
        return [delivery["status"] for delivery in service.client.get(path).json()["data"]]

    # The receiver knows of it before the service has written that down.
    while deliveries() != ["delivered"] * 3:
        assert time.monotonic() < deadline, deliveries()
        time.sleep(0.05)


def test_the_watermarked_copy_differs_in_a_corner(done: dict[str, Any], tmp_path: Path) -> None:
    assert done["task"]["watermark_info"] == {"enabled": True}
    paths = tmp_path / "plain.mp4", tmp_path / "marked.mp4"
    for path, url in zip(
        paths, (done["video"]["url"], done["video"]["watermark_url"]), strict=True
    ):
        path.write_bytes(httpx.get(url, trust_env=False, timeout=300).content)
    change = np.abs(luma(paths[0]) - luma(paths[1])).mean(0)
    assert change[470:500, 800:1000].mean() > 8
    assert change[:256].mean() < 2


def test_a_cancelled_render_dies_at_once(
    service: Any, sides: Any, made: dict[str, str], done: dict[str, Any]
) -> None:
    task = service.create(
        {
            "session_id": sides["session_id"],
            "face_choose": choices(*sides["ids"], made["line.wav"])[:1],
        }
    )
    id = task["task_id"]
    # It cannot get done before it is cancelled.
    renders = service.hold_render()
    began = time.monotonic()
    answer = service.client.post(f"/v1/lipwright/tasks/{id}/cancel")
    assert answer.json()["data"]["status"] == "cancelled"
    while any(process.is_running() for process in renders):
        # A second, where nothing else is going on; a test must not depend on that.
        assert time.monotonic() - began < 180
        time.sleep(0.02)
    print(f"cancelled in {time.monotonic() - began:.2f} s")
    seen = service.query(id)
    assert (seen["task_status"], seen["task_status_msg"]) == ("failed", "cancelled by its owner")


def test_a_result_is_identified_by_its_id_and_the_older_call_dubs_it(
    service: Any, done: dict[str, Any], made: dict[str, str]
) -> None:
    answer = service.post("identify-face", {"video_url": "", "video_id": done["video"]["id"]})
    assert len(answer.json()["data"]["face_data"]) == 2
    asked = {
        "input": {
            "video_id": done["video"]["id"],
            "mode": "audio2video",
            "audio_type": "url",
            "audio_url": made["line.wav"],
        }
    }
    answer = service.post("lip-sync", asked)
    id = answer.json()["data"]["task_id"]
    deadline = time.monotonic() + 1800
    percents = []
    while True:
        seen = service.client.get(f"/klingai/v1/videos/lip-sync/{id}").json()["data"]
        percents.append(seen["progress"])
        if seen["task_status"] not in ("submitted", "processing"):
            break
        assert time.monotonic() < deadline
        time.sleep(0.3)
    assert seen["task_status"] == "succeed", seen
    assert percents == sorted(percents)
    assert float(Fraction(seen["task_result"]["videos"][0]["duration"])) == pytest.approx(
        6, abs=0.1
    )
