"""The older lip-sync: nobody identified the video before."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from workshop import line, make_video, sound, wait_for, working

from lipwright.errors import BadInputError
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import (
    LegacyRequest,
    OwnVideo,
    Session,
    Task,
    TaskKind,
    TaskOptions,
    TaskStatus,
)
from lipwright.speech.synthesis import SpeechText
from lipwright.store.clock import now_ms
from lipwright.store.ledger import balance
from lipwright.store.tables import TaskRow, UploadRow


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "web"
    folder.mkdir()
    make_video(folder / "clip.mp4", "web")
    large = json.loads((folder / "clip.mp4").read_text())
    large["faces"][1] |= {"start_ms": 4500, "end_ms": 7000, "samples": [[0, 0, 0, 99, 99]]}
    (folder / "large.mp4").write_text(json.dumps(large))
    large["faces"] = []
    (folder / "empty.mp4").write_text(json.dumps(large))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def lines(service: LipsyncService, task: Task) -> list[dict[str, Any]]:
    with service._open.stores.database.read() as transaction:
        found: list[dict[str, Any]] = transaction.get_one(TaskRow, task.id).order["lines"]
    return found


def test_the_video_is_fetched_by_the_worker_and_the_face_found(
    service: LipsyncService, web: str
) -> None:
    url = f"{web}/clip.mp4"
    task = service.create_legacy("alice", LegacyRequest(url, sound(2500)), external_id="mine")
    assert (task.kind, task.parent.key, task.parent_url) == (TaskKind.LEGACY, "", url)
    with working(service.settings):
        done = wait_for(service, task)
    assert done.status is TaskStatus.SUCCEED
    assert done.parent.duration_ms == 7000
    assert done.parent.key.startswith("accounts/alice/inputs/")
    [said] = lines(service, task)
    assert (said["face_id"], said["insert_ms"], said["sound_end_ms"]) == ("0", 0, 2500)
    with service._open.stores.database.read() as transaction:
        assert balance(transaction, "alice") == -70_000
    assert service.find_task("alice", "mine", kind=TaskKind.LEGACY).id == task.id


def test_the_largest_face_says_it_from_its_start_and_it_is_cut(
    service: LipsyncService, web: str
) -> None:
    task = service.create_legacy("alice", LegacyRequest(f"{web}/large.mp4", sound(3100)))
    with working(service.settings):
        assert wait_for(service, task).status is TaskStatus.SUCCEED
    [said] = lines(service, task)
    assert (said["face_id"], said["insert_ms"]) == ("1", 4500)
    assert (said["sound_start_ms"], said["sound_end_ms"]) == (0, 2500)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("empty.mp4", "the video cannot be used: no face in it can be lip-synced"),
        ("gone.mp4", "the video cannot be used: the server answered with HTTP 404"),
    ],
)
def test_faults_of_the_video_show_in_the_task_and_cost_nothing(
    service: LipsyncService, web: str, name: str, words: str
) -> None:
    task = service.create_legacy("alice", LegacyRequest(f"{web}/{name}", sound(2500)))
    with working(service.settings):
        done = wait_for(service, task)
    assert (done.status, done.message) == (TaskStatus.FAILED, words)
    with service._open.stores.database.read() as transaction:
        assert balance(transaction, "alice") == 0


def test_a_slow_sound_and_an_own_video(
    service: LipsyncService, session: Session, slow_url: str
) -> None:
    request = LegacyRequest(OwnVideo(session.video.id), f"{slow_url}/good.wav")
    task = service.create_legacy("alice", request)
    with working(service.settings):
        assert wait_for(service, task).status is TaskStatus.SUCCEED
    [said] = lines(service, task)
    assert (said["face_id"], said["sound_end_ms"], said["sound_url"]) == ("0", 2500, None)


def test_what_can_be_known_at_once_is_refused_at_once(service: LipsyncService) -> None:
    for request, field, reason in (
        (LegacyRequest("http://10.0.0.1/a.mp4", sound(2500)), "video", "forbidden_address"),
        (LegacyRequest("ftp://example.com/a.mp4", sound(2500)), "video", "bad_scheme"),
        (LegacyRequest(OwnVideo("1"), sound(2500)), "video_id", "unknown_video"),
        (LegacyRequest("http://127.0.0.1:9/a.mp4", "?"), "speech", "not_base64"),
        (
            LegacyRequest("http://127.0.0.1:9/a.mp4", "", SpeechText("Hello.")),
            "text",
            "no_voice_engine",
        ),
    ):
        with pytest.raises(BadInputError) as caught:
            service.create_legacy("alice", request)
        assert (caught.value.field, caught.value.reason) == (field, reason)
    assert service.list_tasks("alice", offset=0, limit=9, kind=TaskKind.LEGACY) == []


class TestOwnVideos:
    def test_results_uploads_and_sources_can_be_identified(
        self, service: LipsyncService, session: Session, video: Path
    ) -> None:
        upload = service.upload("alice", "clip.mp4", video)
        for id in (upload.id, session.video.id):
            again = service.identify("alice", OwnVideo(id))
            assert (again.video.key, len(again.faces)) == (session.video.key, 2)
        with working(service.settings):
            task = wait_for(service, service.create("alice", session.id, [line()]))
        assert task.result is not None
        # The doubles' result is no video to their identification: it was found and looked at.
        with pytest.raises(BadInputError, match="it is not a video"):
            service.identify("alice", OwnVideo(task.result.id))

    def test_another_accounts_video_looks_unknown(
        self, service: LipsyncService, session: Session, video: Path
    ) -> None:
        upload = service.upload("alice", "clip.mp4", video)
        for id in (upload.id, session.video.id, "1"):
            with pytest.raises(BadInputError) as caught:
                service.identify("bob", OwnVideo(id))
            assert (caught.value.field, caught.value.reason) == ("video_id", "unknown_video")

    def test_an_expired_one_says_so(self, service: LipsyncService, video: Path) -> None:
        upload = service.upload("alice", "clip.mp4", video)
        with service._open.stores.database.write() as transaction:
            transaction.get_one(UploadRow, upload.id).expires_at_ms = now_ms() - 1
        with pytest.raises(BadInputError) as caught:
            service.identify("alice", OwnVideo(upload.id))
        assert caught.value.reason == "expired_video"


class TestSeveralLines:
    def test_one_face_says_two_things_one_after_the_other(
        self, service: LipsyncService, session: Session
    ) -> None:
        task = service.create(
            "alice", session.id, [line(insert_ms=3000), line(insert_ms=500, sound_end_ms=2500)]
        )
        assert [said["insert_ms"] for said in lines(service, task)] == [3000, 500]

    def test_two_faces_at_once_and_disagreeing_volumes(
        self, service: LipsyncService, web: str
    ) -> None:
        both = service.identify("alice", f"{web}/large.mp4")
        pair = [line(insert_ms=4500), line(insert_ms=4500, face_id="1")]
        with working(service.settings):
            done = wait_for(service, service.create("alice", both.id, pair))
        assert done.status is TaskStatus.SUCCEED
        with pytest.raises(BadInputError) as caught:
            service.create("alice", both.id, [pair[0], line(4500, "1", original_volume=0.5)])
        assert (caught.value.field, caught.value.reason) == ("original_volume", "conflicting")

    def test_an_unknown_engine(self, service: LipsyncService, session: Session) -> None:
        with pytest.raises(BadInputError, match="must be one of mesh") as caught:
            service.create("alice", session.id, [line()], options=TaskOptions(engine="neural"))
        assert caught.value.reason == "unknown_engine"
        task = service.create("alice", session.id, [line()], options=TaskOptions(engine="mesh"))
        assert task.status is TaskStatus.SUBMITTED
