"""Both clients against the real service; only what renders is a double."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scripted_service import ScriptedService, says

from lipwright.client import (
    AuthenticationError,
    CallbackError,
    Face,
    Line,
    NotFoundError,
    RefusedError,
    Status,
    Task,
    TaskCancelledError,
    TaskFailedError,
    UnusableError,
    WaitTimeoutError,
    verify_callback,
)

Sound = Callable[[int], Path]

one_is_enough = pytest.mark.parametrize("connect", ["blocking"], indirect=True)
"""For what does not depend on how a request is sent."""


def test_a_local_file_is_uploaded_and_identified(client: Any, video: Path) -> None:
    gone: list[tuple[int, int]] = []
    session = client.identify_face(video, sent=lambda *moved: gone.append(moved))
    assert [(face.face_id, face.start_ms, face.end_ms) for face in session.faces] == [
        ("0", 0, 7000),
        ("1", 0, 1500),
    ]
    assert session.faces[0].image_url.startswith("http://127.0.0.1:")
    assert session.charged == Decimal("0.007")
    assert gone[-1] == (video.stat().st_size, video.stat().st_size)


@one_is_enough
def test_an_uploaded_file_can_be_named_by_url_or_id(client: Any, video: Path) -> None:
    kept = client.upload(video, name="mine &.mp4")
    assert (kept.name, kept.size) == ("mine__.mp4", video.stat().st_size)
    assert len(client.identify_face(kept.url).faces) == 2
    assert len(client.identify_face(video_id=kept.id).faces) == 2


@one_is_enough
def test_the_whole_way(client: Any, video: Path, speech: Sound, tmp_path: Path, hold: Path) -> None:
    session = client.identify_face(video)
    line = Line(session.faces[0], speech(3000), at_ms=500, end_ms=3000, transcript="Hello.")
    task = client.create(session, line, external_task_id=f"mine-{time.time_ns()}", watermark=False)
    assert not task.ended
    seen: list[Task] = []

    def look(task: Task) -> None:
        seen.append(task)
        if 0 < task.progress < 100:
            hold.unlink(missing_ok=True)

    # It is watched, not only looked up: there is no patience for a second look.
    done = client.wait(task, progress=look, timeout_s=170, poll_s=(180, 180))
    assert done.status is Status.SUCCEEDED
    assert done.warnings == ("dark",)
    assert done.charged == Decimal("0.07")
    assert done.videos[0].duration_ms == 7000
    assert done.source is not None
    assert done.source.duration_ms == 7000
    progresses = [one.progress for one in seen]
    assert progresses == sorted(progresses)
    assert any(0 < progress < 100 for progress in progresses)
    assert seen[-1].status is Status.SUCCEEDED
    assert client.query(task.id) == client.query(done.external_id)
    path = client.download(done, tmp_path)
    assert path == tmp_path / f"{done.id}.mp4"
    assert path.read_bytes() == b"a video in which face 0"
    assert [file.name for file in tmp_path.iterdir() if ".part" in file.name] == []


def test_all_in_one_call(client: Any, video: Path, speech: Sound, tmp_path: Path) -> None:
    seen: list[Task] = []
    path = client.dub(video, speech(2500), tmp_path / "out.mp4", progress=seen.append)
    assert path.read_bytes() == b"a video in which face 0"
    assert seen[-1].ended


@one_is_enough
def test_several_faces_several_lines(client: Any, video: Path, speech: Sound) -> None:
    session = client.identify_face(video)
    lines = [
        Line(0, speech(2100), at_ms=0),
        Line("0", b"2200", at_ms=2500, end_ms=2200, volume=0.5),
        Line(session.faces[0], speech(2300), at_ms=4700, fit="trim"),
    ]
    assert client.wait(client.create(session.id, lines)).status is Status.SUCCEEDED


@one_is_enough
def test_the_list_is_newest_first(client: Any, video: Path) -> None:
    session = client.identify_face(video)
    made = [client.create(session, Line("0", b"2500", at_ms=0)).id for _ in range(3)]
    assert [task.id for task in client.list_tasks(page_size=2)] == [made[2], made[1]]
    assert made[0] in [task.id for task in client.list_tasks(page=2, page_size=2)]


@one_is_enough
def test_a_failure_says_why(client: Any, video: Path) -> None:
    session = client.identify_face(video)
    with pytest.raises(TaskFailedError, match="the model is gone") as caught:
        client.wait(client.create(session, Line("0", b"5000", end_ms=5000)))
    assert caught.value.task.status is Status.FAILED
    assert caught.value.task.charged == 0


def test_cancelling_ends_the_wait(client: Any, video: Path, hold: Path) -> None:
    session = client.identify_face(video)
    task = client.create(session, Line("0", b"3000", end_ms=3000))
    threading.Timer(0.5, client.cancel, [task]).start()
    with pytest.raises(TaskCancelledError) as caught:
        client.wait(task, timeout_s=180)
    assert caught.value.task.status is Status.CANCELLED
    assert client.cancel(task.id).status is Status.CANCELLED  # twice is once
    assert client.query(task).status is Status.CANCELLED


@one_is_enough
def test_what_has_succeeded_cannot_be_cancelled(client: Any, video: Path) -> None:
    session = client.identify_face(video)
    task = client.wait(client.create(session, Line("0", b"2500", end_ms=2500)))
    with pytest.raises(RefusedError) as caught:
        client.cancel(task)
    assert caught.value.reason == "finished"


def test_a_wait_can_end_before_the_task(client: Any, video: Path, hold: Path) -> None:
    session = client.identify_face(video)
    task = client.create(session, Line("0", b"3000", end_ms=3000))
    # By itself the task would not end.
    with pytest.raises(WaitTimeoutError) as caught:
        client.wait(task, timeout_s=0.6)
    assert caught.value.task is not None
    assert not caught.value.task.ended
    client.cancel(task)


@one_is_enough
def test_the_same_key_makes_one_task(client: Any, video: Path) -> None:
    session = client.identify_face(video)
    key = f"key-{time.time_ns()}"
    line = Line("0", b"2500", end_ms=2500)
    first = client.create(session, line, idempotency_key=key)
    assert client.create(session, line, idempotency_key=key).id == first.id
    with pytest.raises(RefusedError) as caught:
        client.create(session, Line("0", b"2600", end_ms=2600), idempotency_key=key)
    assert caught.value.reason == "reused"
    assert client.create(session, line).id != first.id


def test_refusals_carry_what_the_service_says(client: Any, video: Path) -> None:
    session = client.identify_face(video)
    with pytest.raises(RefusedError) as caught:
        client.create(session, [Line("0", b"2500", end_ms=2500), Line("1", b"2500", end_ms=2500)])
    error = caught.value
    assert (error.code, error.http_status, error.reason) == (1201, 400, "too_little_overlap")
    assert error.field.startswith("face_choose[1]")
    assert len(error.request_id) == 36
    assert "overlap" in error.message
    for ask in (
        lambda: client.query("nobody/knows"),
        lambda: client.cancel("nobody"),
        lambda: client.create("nothing", Line("0", b"2500", end_ms=2500)),
        lambda: client.download(server_link(session.faces[0]), "x.jpg"),
    ):
        with pytest.raises(NotFoundError):
            ask()
    assert not Path("x.jpg").exists()


def server_link(face: Face) -> str:
    """A link that was changed."""
    head, _, name = face.image_url.rpartition("/")
    return f"{head[:-1]}/{name}"


def test_what_cannot_be_used_is_not_sent(
    client: Any, video: Path, tmp_path: Path, speech: Sound
) -> None:
    (tmp_path / "empty.mp4").touch()
    for ask in (
        lambda: client.identify_face(tmp_path / "none.mp4"),
        lambda: client.identify_face(tmp_path / "empty.mp4"),
        lambda: client.identify_face(video, video_id="1"),
        lambda: client.identify_face(),
        lambda: client.create("1", []),
        lambda: client.create("1", Line("0", b"")),
        lambda: client.create("1", Line("0", speech(2500), fit="strict")),
        lambda: client.create("1", Line("0", b"2500"), idempotency_key="zwölf"),
        lambda: client.query(""),
        lambda: client.download("ftp://127.0.0.1/x", tmp_path),
        lambda: client.download("http://127.0.0.1/x", tmp_path / "none" / "x"),
        lambda: client.dub(video, b"2500", tmp_path / "out.mp4", face="7"),
    ):
        with pytest.raises(UnusableError):
            ask()


@one_is_enough
def test_a_pair_of_keys_does_as_well_under_every_prefix(
    server: Any, client: Any, connect: Callable[..., Any], video: Path
) -> None:
    client.wait(client.create(client.identify_face(video), Line("0", b"2500", end_ms=2500)))
    for prefix in ("", "/", "/v1", "/klingai", "/proxy/kling/v1/"):
        paired = connect(
            server.url + prefix, access_key=server.access_key, secret_key=server.secret_key
        )
        assert paired.list_tasks(page_size=1)[0].videos[0].url.startswith(server.url)


def test_wrong_keys_are_refused(server: Any, connect: Callable[..., Any], video: Path) -> None:
    for keys in ({}, {"key": "lw_wrong"}, {"access_key": "a", "secret_key": "b"}):
        with pytest.raises(AuthenticationError) as caught:
            connect(server.url, **keys).list_tasks()
        assert 1000 <= caught.value.code <= 1004


@one_is_enough
def test_a_callback_is_verified(client: Any, scripted: ScriptedService, video: Path) -> None:
    secret = client.new_callback_secret()
    scripted.script = [says(200, b"")]
    session = client.identify_face(video)
    task = client.create(
        session, Line("0", b"2500", end_ms=2500), callback_url=f"{scripted.url}/told"
    )
    client.wait(task)
    deadline = time.monotonic() + 180
    while len(scripted.seen) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    callbacks = [verify_callback(seen.headers, seen.body, secret) for seen in scripted.seen]
    assert [one.task.status for one in callbacks] == ["submitted", "processing", "succeeded"]
    assert {one.task.id for one in callbacks} == {task.id}
    assert len({one.id for one in callbacks}) == 3
    with pytest.raises(CallbackError, match="not signed"):
        verify_callback(scripted.seen[0].headers, scripted.seen[1].body, secret)
