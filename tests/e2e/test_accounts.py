"""Who may see what, and for how long."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from e2e_clips import refusal, times


def test_a_session_ends(start: Callable[..., Any], made: dict[str, str]) -> None:
    service = start("--no-worker", session_hours=str(1 / 3600))
    session_id = service.identify(made["clip.mp4"])["session_id"]
    time.sleep(1.1)
    choice = {"face_id": "0", "sound_file": made["line.wav"], **times()}
    body = {"session_id": session_id, "face_choose": [choice]}
    message = refusal(service.post("advanced-lip-sync", body))
    assert message.startswith("session_id: ")
    assert "expired" in message
    service.stop()


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
