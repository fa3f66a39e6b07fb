"""What a service survives: being killed in the middle, being told to stop, being in the way."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import httpx
from e2e_clips import LINE_MS, refusal, times


def charges(data_dir: Path) -> list[tuple[str, int]]:
    """Return the ledger: what was charged for, and how much in micro-PTC."""
    connection = sqlite3.connect(data_dir / "lipwright.db")
    rows = connection.execute("select kind, amount_micro_ptc from ledger order by kind").fetchall()
    connection.close()
    return rows


def test_a_task_survives_kill_9_of_everything_and_is_charged_once(
    start: Callable[..., Any], clip: Path, line: Path
) -> None:
    first = start()
    session = first.identify(first.upload(clip))
    choice = {"face_id": "0", "sound_file": first.upload(line), **times()}
    task = first.create({"session_id": session["session_id"], "face_choose": [choice]})
    id = task["task_id"]
    first.wait(id, "processing")
    first.hold_render(after_s=1.0)
    family = first.family()
    assert len(family) >= 3  # the service, its worker, the render
    first.kill()
    assert not any(process.is_running() for process in family)

    second = start(data_dir=first.data_dir)
    state = second.query(id)
    assert state["task_status"] == "processing"
    assert state["task_result"] == {"videos": []}
    state = second.wait(id, "succeed", "failed")
    assert state["task_status"] == "succeed", state["task_status_msg"]
    assert state["created_at"] == task["created_at"]
    [video] = state["task_result"]["videos"]
    content = httpx.get(video["url"], trust_env=False, timeout=300).content
    path = first.data_dir.with_suffix(".mp4")
    path.write_bytes(content)
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 150
    assert charges(first.data_dir) == [("identify", -7_000), ("lipsync", -70_000)]
    assert second.stop() == 0


def test_told_to_stop_it_ends_in_order_and_hands_its_task_on(
    start: Callable[..., Any], clip: Path, line: Path
) -> None:
    first = start()
    session = first.identify(first.upload(clip))
    choice = {"face_id": "0", "sound_file": first.upload(line), **times()}
    body = {"session_id": session["session_id"], "face_choose": [choice]}
    id = first.create(body)["task_id"]
    first.wait(id, "processing")
    first.hold_render()
    family = first.family()
    assert first.stop() == 0
    assert not any(process.is_running() for process in family)
    assert first.said == [
        f"lipwright is ready on {first.url}",
        f"Open it in a browser for the studio: {first.url}/",
    ]

    second = start("--no-worker", data_dir=first.data_dir)
    assert second.query(id)["task_status"] in {"submitted", "processing"}
    assert second.stop() == 0


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "lipwright", "serve", "--port", str(port)]
        ended = subprocess.run(
            [*command, "--data-dir", str(tmp_path / "data")],
            capture_output=True,
            text=True,
            timeout=300,
            cwd=tmp_path,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stdout == ""
    [complaint] = ended.stderr.splitlines()
    assert f"cannot listen on 127.0.0.1:{port}" in complaint


def test_beyond_loopback_it_says_how_to_make_a_key(start: Callable[..., Any]) -> None:
    service = start("--no-worker", "--host", "0.0.0.0")
    refusal(service.post("identify-face", {}), 401, 1001)
    deadline = time.monotonic() + 120
    while len(service.said) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "lipwright keys create" in service.said[-1]
    assert service.stop() == 0


def test_the_line_is_as_long_as_the_tests_think(line: Path) -> None:
    with av.open(str(line)) as container:
        assert container.duration is not None
        assert container.duration // 1000 == LINE_MS
