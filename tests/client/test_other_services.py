"""What differs with a service that is not lipwright's: answers as Kling and its resellers give
them, and connections that break."""

from __future__ import annotations

import base64
import io
import json
import socket
import wave
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jwt
import pytest
from scripted_service import ScriptedService, hangs_up, says

from lipwright.client import (
    ApiError,
    AuthenticationError,
    BalanceError,
    BusyError,
    ConnectionFailedError,
    Face,
    ForbiddenError,
    Line,
    NotFoundError,
    NotOfferedError,
    RefusedError,
    Retries,
    ServiceError,
    Status,
    TaskFailedError,
    UnusableError,
)

CREATED = {"task_id": "887", "task_status": "submitted", "created_at": 1, "updated_at": 1}


def data(value: Any, **more: Any) -> bytes:
    envelope = {"code": 0, "message": "SUCCEED", "request_id": "r", "data": value, **more}
    return json.dumps(envelope).encode()


def refusal(code: int, message: str = "no") -> bytes:
    return json.dumps({"code": code, "message": message, "request_id": "r"}).encode()


def state(status: str, **more: Any) -> bytes:
    return data({**CREATED, "task_status": status, "task_status_msg": "", **more})


def wav(seconds: float) -> bytes:
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(round(16000 * seconds)))
    return written.getvalue()


@pytest.fixture
def kling(scripted: ScriptedService, connect: Callable[..., Any]) -> Any:
    return connect(
        f"{scripted.url}/klingai", access_key="ak", secret_key="sk" * 16, service="kling"
    )


def test_the_whole_way_without_uploads_or_events(
    kling: Any, scripted: ScriptedService, tmp_path: Path
) -> None:
    face = {"face_id": "0", "face_image": None, "start_time": 40, "end_time": 5000}
    result = {"id": "9", "url": f"{scripted.url}/v.mp4", "duration": "7.041"}
    parent = {"id": "8", "url": "https://cdn.example/p.mp4", "duration": "7"}
    scripted.script = [
        says(200, data({"session_id": 850508686686064678, "face_data": [face]})),
        says(200, data({**CREATED, "task_info": {"external_task_id": "mine"}})),
        says(200, state("submitted")),
        says(200, state("processing", task_info={"parent_video": parent})),
        says(
            200,
            state("succeed", task_result={"videos": [result]}, final_unit_deduction="0.5"),
        ),
        says(200, b"a video"),
    ]
    session = kling.identify_face("https://cdn.example/v.mp4")
    assert (session.id, session.faces[0].image_url) == ("850508686686064678", "")
    line = Line(session.faces[0], wav(2.5), original_volume=0)
    task = kling.create(session, line, external_task_id="mine", watermark=True)
    seen: list[Status] = []
    done = kling.wait(task, poll_s=(0.01, 0.02), progress=lambda one: seen.append(one.status))
    assert seen == ["submitted", "processing", "succeeded"]
    assert (done.videos[0].duration_ms, done.charged) == (7041, Decimal("0.5"))
    assert kling.download(done, tmp_path / "v.mp4").read_bytes() == b"a video"

    paths = [seen.path for seen in scripted.seen]
    assert paths[:2] == [
        "/klingai/v1/videos/identify-face",
        "/klingai/v1/videos/advanced-lip-sync",
    ]
    assert paths[2:] == ["/klingai/v1/videos/advanced-lip-sync/887"] * 3 + ["/v.mp4"]
    body = json.loads(scripted.seen[1].body)
    assert body == {
        "session_id": "850508686686064678",
        "face_choose": [
            {
                "face_id": "0",
                "sound_file": base64.b64encode(wav(2.5)).decode(),
                "sound_start_time": 0,
                "sound_end_time": 2500,
                "sound_insert_time": 40,
                "sound_volume": 1.0,
                "original_audio_volume": 0,
            }
        ],
        "external_task_id": "mine",
        "watermark_info": {"enabled": True},
    }
    token = scripted.seen[1].headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, "sk" * 16, algorithms=["HS256"])
    assert claims["iss"] == "ak"
    assert claims["exp"] - claims["nbf"] == 1805
    # The key goes to the service, and not to wherever its links lead.
    assert "authorization" not in scripted.seen[-1].headers
    assert "idempotency-key" not in scripted.seen[1].headers


def test_what_only_lipwright_offers_is_not_asked_of_others(
    kling: Any, scripted: ScriptedService, tmp_path: Path
) -> None:
    local = tmp_path / "v.mp4"
    local.write_bytes(b"video")
    line = Line("0", b"sound", end_ms=2500)
    for ask in (
        lambda: kling.upload(local),
        lambda: kling.identify_face(local),
        lambda: kling.cancel("887"),
        lambda: kling.new_callback_secret(),
        lambda: kling.create("1", line, fit="trim"),
        lambda: kling.create("1", line, consent=True),
        lambda: kling.create("1", line, idempotency_key="k"),
        lambda: kling.create("1", Line("0", b"sound", end_ms=2500, transcript="Hello.")),
    ):
        with pytest.raises(NotOfferedError):
            ask()
    with pytest.raises(UnusableError, match="end_ms"):
        kling.create("1", Line("0", b"sound"))
    assert scripted.seen == []


def test_a_service_is_asked_once_what_it_is(
    scripted: ScriptedService, connect: Callable[..., Any]
) -> None:
    scripted.script = [says(404, b"<h1>none</h1>"), says(200, data(CREATED))]
    client = connect(f"{scripted.url}/kling", "sk-1")
    line = Line(Face("0", "", 0, 9), "https://cdn.example/a.mp3", end_ms=2500)
    client.create("1", line)
    client.create("1", line)
    first, *others = scripted.seen
    assert (first.path, "authorization" in first.headers) == ("/healthz", False)
    assert [seen.headers["authorization"] for seen in others] == ["Bearer sk-1"] * 2
    assert all("idempotency-key" not in seen.headers for seen in others)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, refusal(1002, "Authorization is invalid"), AuthenticationError, 1002),
        (429, refusal(1102, "Account balance not enough"), BalanceError, 1102),
        (403, refusal(1103), ForbiddenError, 1103),
        (400, refusal(1201, "Task not found by id/external id: 1"), NotFoundError, 1201),
        (400, refusal(1201, "mode value 'std' is invalid"), RefusedError, 1201),
        (200, refusal(1301, "risk control"), RefusedError, 1301),
        (404, b"<html>nothing</html>", NotFoundError, 0),
        (200, b"<html>a login page</html>", ServiceError, 0),
        (200, b"", ServiceError, 0),
        (
            401,
            b'{"error":{"err_code":10001,"message":"Invalid API Key","type":"unauthorized"}}',
            AuthenticationError,
            10001,
        ),
    ],
)
@pytest.mark.parametrize("connect", ["blocking"], indirect=True)
def test_errors_in_every_service_s_shape(
    kling: Any,
    scripted: ScriptedService,
    status: int,
    body: bytes,
    kind: type[ApiError],
    code: int,
) -> None:
    scripted.script = [says(status, body)]
    with pytest.raises(ApiError) as caught:
        kling.query("1")
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert len(scripted.seen) == 1


def test_a_look_is_repeated_a_create_is_not(kling: Any, scripted: ScriptedService) -> None:
    scripted.script = [hangs_up, says(503, b""), says(200, state("processing"))]
    assert kling.query("1").status is Status.PROCESSING
    for reply in (hangs_up, says(503, refusal(5001)), says(504, b"")):
        scripted.seen.clear()
        scripted.script = [reply]
        with pytest.raises((ConnectionFailedError, ServiceError)) as caught:
            kling.create("1", Line("0", b"sound", end_ms=2500))
        assert len(scripted.seen) == 1
        if isinstance(caught.value, ConnectionFailedError):
            assert caught.value.sent


def test_a_create_that_was_refused_for_coming_too_soon_is_repeated(
    kling: Any, scripted: ScriptedService
) -> None:
    scripted.script = [
        says(429, refusal(1303, "parallel task over resource pack limit")),
        says(200, refusal(1302)),
        says(200, data(CREATED)),
    ]
    assert kling.create("1", Line("0", b"sound", end_ms=2500)).id == "887"
    scripted.seen.clear()
    scripted.script = [says(429, refusal(1303))]
    with pytest.raises(BusyError):
        kling.create("1", Line("0", b"sound", end_ms=2500))
    assert len(scripted.seen) == 3


def test_a_long_wait_is_left_to_the_caller(
    scripted: ScriptedService, connect: Callable[..., Any]
) -> None:
    scripted.script = [says(429, refusal(1302), Retry_After="3600")]
    client = connect(scripted.url, service="kling", retries=Retries(patience_s=5))
    with pytest.raises(BusyError) as caught:
        client.query("1")
    assert caught.value.retry_after_s == 3600
    assert len(scripted.seen) == 1


def test_a_create_that_never_left_is_sent_again(connect: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = connect(f"http://127.0.0.1:{port}", service="kling")
    with pytest.raises(ConnectionFailedError) as caught:
        client.create("1", Line("0", b"sound", end_ms=2500))
    assert not caught.value.sent


def test_lipwright_s_create_is_repeated_under_one_key(
    scripted: ScriptedService, connect: Callable[..., Any]
) -> None:
    scripted.script = [hangs_up, says(500, refusal(5000)), says(200, data(CREATED))]
    client = connect(scripted.url, service="lipwright")
    assert client.create("1", Line("0", b"sound")).id == "887"
    keys = {seen.headers["idempotency-key"] for seen in scripted.seen}
    assert (len(keys), len(scripted.seen)) == (1, 3)
    [choice] = json.loads(scripted.seen[0].body)["face_choose"]
    assert (choice["fit"], choice["sound_end_time"]) == ("trim", 60_000)


def test_a_failed_task_of_kling_s(kling: Any, scripted: ScriptedService) -> None:
    scripted.script = [says(200, state("failed", task_status_msg="there is no human in the video"))]
    with pytest.raises(TaskFailedError, match="there is no human"):
        kling.wait("887")


def test_a_broken_download_goes_on_where_it_broke(
    kling: Any, scripted: ScriptedService, tmp_path: Path
) -> None:
    whole = bytes(range(256)) * 4000
    half = len(whole) // 2
    scripted.script = [
        says(200, whole[:half], len(whole), ETag='"one"', Accept_Ranges="bytes"),
        says(206, whole[half:], ETag='"one"', Content_Range=f"bytes {half}-/{len(whole)}"),
    ]
    moved: list[tuple[int, int]] = []
    url = f"{scripted.url}/v.mp4"
    path = kling.download(url, tmp_path / "v.mp4", progress=lambda *sizes: moved.append(sizes))
    assert path.read_bytes() == whole
    assert (scripted.seen[1].headers["range"], scripted.seen[1].headers["if-range"]) == (
        f"bytes={half}-",
        '"one"',
    )
    assert moved[-1] == (len(whole), len(whole))


def test_a_file_that_changed_meanwhile_is_fetched_anew(
    kling: Any, scripted: ScriptedService, tmp_path: Path
) -> None:
    scripted.script = [
        says(200, b"old" * 10, 300, ETag='"one"'),
        says(200, b"a new one", ETag='"two"'),
    ]
    path = kling.download(f"{scripted.url}/v.mp4", tmp_path / "v.mp4")
    assert path.read_bytes() == b"a new one"


def test_a_download_that_does_not_end_leaves_nothing(
    kling: Any, scripted: ScriptedService, tmp_path: Path
) -> None:
    target = tmp_path / "v.mp4"
    target.write_bytes(b"before")
    scripted.script = [says(200, b"", 300)]
    with pytest.raises(ConnectionFailedError):
        kling.download(f"{scripted.url}/v.mp4", target)
    assert [file.name for file in tmp_path.iterdir()] == ["v.mp4"]
    assert target.read_bytes() == b"before"
