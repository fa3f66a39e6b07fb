"""Who may see what, and for how long."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any

from e2e_clips import refusal, times


def test_a_session_ends(front: Any, made: dict[str, str]) -> None:
    session_id = front.identify(made["clip.mp4"])["session_id"]
    with closing(sqlite3.connect(front.data_dir / "lipwright.db")) as connection, connection:
        connection.execute("update sessions set expires_at_ms = 1 where id = ?", (session_id,))
    choice = {"face_id": "0", "sound_file": made["line.wav"], **times()}
    body = {"session_id": session_id, "face_choose": [choice]}
    message = refusal(front.post("advanced-lip-sync", body))
    assert message.startswith("session_id: ")
    assert "expired" in message


def test_one_account_knows_nothing_of_another(
    start: Callable[..., Any], made: dict[str, str]
) -> None:
    service = start("--no-worker")
    assert service.client.get("/healthz").status_code == 200
    keys = [make_key(service, account) for account in ("alice", "bob")]
    refusal(service.post("identify-face", {"video_url": made["clip.mp4"]}), 401, 1001)
    alice, bob = ({"Authorization": f"Bearer {key}"} for key in keys)
    answer = service.post("identify-face", {"video_url": made["clip.mp4"]}, headers=alice)
    choice = {"face_id": "0", "sound_file": made["line.wav"], **times()}
    body = {
        "session_id": answer.json()["data"]["session_id"],
        "face_choose": [choice],
        "external_task_id": "mine",
    }
    message = refusal(service.post("advanced-lip-sync", body, headers=bob))
    unknown = {**body, "session_id": "1" * 18}
    other = refusal(service.post("advanced-lip-sync", unknown, headers=bob))
    assert message == other.replace("1" * 18, body["session_id"])
    task = service.post("advanced-lip-sync", body, headers=alice).json()["data"]
    for id in (task["task_id"], "mine"):
        path = f"/klingai/v1/videos/advanced-lip-sync/{id}"
        assert service.client.get(path, headers=alice).status_code == 200
        words = f"Task not found by id/external id: {id}"
        assert refusal(service.client.get(path, headers=bob)) == words
    refusal(service.post("identify-face", {}, headers={"Authorization": "Bearer nope"}), 401, 1002)
    service.stop()


def make_key(service: Any, account: str) -> str:
    command = [sys.executable, "-m", "lipwright", "keys", "create", "--account", account]
    made = subprocess.run(
        [*command, "--data-dir", str(service.data_dir)],
        capture_output=True,
        text=True,
        check=True,
        cwd=service.data_dir.parent,
    )
    return made.stdout.strip()
