from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from workshop import line, make_video

from lipwright.errors import BadInputError
from lipwright.jobs.links import token_in
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import LineRequest, NotFoundError, Session, TaskOptions, TaskStatus
from lipwright.store.clock import now_ms
from lipwright.store.ledger import balance
from lipwright.store.tables import AccountRow, LedgerRow, SessionRow, TaskRow


def stored(service: LipsyncService) -> list[str]:
    folder = service._open.stores.objects.folder
    assert folder is not None
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def token(service: LipsyncService, key: str, expires_at_ms: int | None = None) -> str:
    found = token_in(service.link(key, expires_at_ms or now_ms() + 60_000))
    assert found is not None
    return found


def test_identify_keeps_faces_portraits_and_the_video(service: LipsyncService, video: Path) -> None:
    session = service.identify("alice", video)
    assert session.id.isdigit()
    assert len(session.id) >= 18
    assert [(face.face_id, face.start_ms, face.end_ms) for face in session.faces] == [
        ("0", 0, 7000),
        ("1", 0, 1500),
    ]
    assert session.video.duration_ms == 7000
    assert 23.9 * 3_600_000 < session.expires_at_ms - now_ms() <= 24 * 3_600_000
    portrait = service.open_file(token(service, session.faces[1].image_key))
    assert b"".join(portrait.stream()) == b"portrait 1 of a"
    assert portrait.media_type == "image/jpeg"
    kept = service.open_file(token(service, session.video.key))
    assert kept.size == video.stat().st_size
    assert b"".join(kept.stream(2, 9)) == video.read_bytes()[2:9]


def test_the_same_video_is_looked_at_once(
    service: LipsyncService, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = service.identify("alice", video)
    monkeypatch.setattr(
        service._open.identifier, "_find_faces", lambda path: pytest.fail("looked again")
    )
    second = service.identify("alice", video)
    assert second.id != first.id
    assert second.video.key == first.video.key
    assert len(second.faces) == 2


def test_identify_charges_and_a_bad_video_leaves_nothing(
    service: LipsyncService, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    with pytest.raises(BadInputError, match="it is not a video"):
        service.identify("alice", bad)
    assert stored(service) == []
    assert list(service.settings.temp_dir.rglob("video*")) == []
    service.identify("alice", make_video(tmp_path / "good.mp4"))
    with service._open.stores.database.read() as transaction:
        assert balance(transaction, "alice") == -7_000
        assert balance(transaction, "bob") == 0


def test_an_upload_is_taken_by_its_link_whatever_the_host(
    service: LipsyncService, video: Path
) -> None:
    upload = service.upload("alice", "../my clip?.MP4", video)
    assert upload.file_name == "my_clip_.MP4"
    link = service.link(upload.key, upload.expires_at_ms)
    session = service.identify("alice", "https://dub.example" + link)
    assert len(session.faces) == 2


def test_a_forged_or_expired_link_opens_nothing(service: LipsyncService, video: Path) -> None:
    upload = service.upload("alice", "clip.mp4", video)
    good = token(service, upload.key)
    assert service.open_file(good).size == upload.size_bytes
    for bad in (good[:-2] + "AA", token(service, upload.key, now_ms() - 1), "x", ""):
        with pytest.raises(NotFoundError):
            service.open_file(bad)
    with pytest.raises(NotFoundError):
        service.open_file(token(service, "accounts/alice/uploads/1/other.mp4"))


def test_create_answers_with_a_submitted_task_charged_once(
    service: LipsyncService, session: Session
) -> None:
    task = service.create("alice", session.id, [line()], external_id="mine")
    assert task.status is TaskStatus.SUBMITTED
    assert task.parent == session.video
    assert task.result is None
    assert service.find_task("alice", task.id) == task
    assert service.find_task("alice", "mine") == task
    with service._open.stores.database.read() as transaction:
        charges = transaction.scalars(select(LedgerRow).where(LedgerRow.kind == "lipsync")).all()
    assert [(row.reference, row.amount_micro_ptc) for row in charges] == [(task.id, -70_000)]
    assert service.health().waiting == 1


def test_another_accounts_things_look_unknown(service: LipsyncService, session: Session) -> None:
    task = service.create("alice", session.id, [line()], external_id="mine")
    for id in (task.id, "mine", "nothing"):
        with pytest.raises(NotFoundError):
            service.find_task("bob", id)
    with pytest.raises(BadInputError) as caught:
        service.create("bob", session.id, [line()])
    assert (caught.value.field, caught.value.reason) == ("session", "unknown_session")
    # An external id is unique for each account, not for all.
    other = service.identify("bob", make_video(service.settings.data_dir / "b", "b"))
    assert service.create("bob", other.id, [line()], external_id="mine").id != task.id


@pytest.mark.parametrize(
    ("lines", "field", "reason"),
    [
        ([], "lines", "empty"),
        ([line(face_id="7")], "face", "unknown_face"),
        ([line(), line(insert_ms=2900)], "insert", "lines_overlap"),
        ([line(speech_volume=2.1)], "speech_volume", "out_of_range"),
        ([line(speech_volume=float("nan"))], "speech_volume", "out_of_range"),
        ([line(original_volume=-0.1)], "original_volume", "out_of_range"),
        ([line(sound="?")], "speech", "not_base64"),
        ([line(sound="Zm9v")], "speech", "not_a_sound"),
        ([line(sound="ftp://example.com/a.mp3")], "speech", "bad_scheme"),
        ([line(sound="http://169.254.1.1/a.mp3")], "speech", "forbidden_address"),
        ([line(sound_end_ms=2700)], "speech_end", None),
        ([line(sound_end_ms=1000)], None, None),
        ([line(insert_ms=-1)], "insert", None),
        ([line(insert_ms=6000)], "insert", None),
        ([line(face_id="1")], "insert", None),
    ],
)
def test_bad_lines_are_refused_and_leave_nothing(
    service: LipsyncService,
    session: Session,
    lines: list[LineRequest],
    field: str | None,
    reason: str | None,
) -> None:
    before = stored(service)
    with pytest.raises(BadInputError) as caught:
        service.create("alice", session.id, lines)
    if field is not None:
        assert caught.value.field == field
    if reason is not None:
        assert caught.value.reason == reason
    if lines:
        assert caught.value.index == len(lines) - 1
    assert stored(service) == before
    with service._open.stores.database.read() as transaction:
        assert transaction.scalars(select(TaskRow)).all() == []
        assert balance(transaction, "alice") == -7_000


def test_a_little_overshoot_of_the_end_is_put_right(
    service: LipsyncService, session: Session
) -> None:
    task = service.create("alice", session.id, [line(2500, sound_end_ms=2580)])
    with service._open.stores.database.read() as transaction:
        order = transaction.get_one(TaskRow, task.id).order
    assert order["lines"][0]["sound_end_ms"] == 2500


def test_unknown_and_expired_sessions_are_told_apart(
    service: LipsyncService, session: Session
) -> None:
    with pytest.raises(BadInputError) as caught:
        service.create("alice", "123", [line()])
    assert caught.value.reason == "unknown_session"
    with service._open.stores.database.write() as transaction:
        transaction.get_one(SessionRow, session.id).expires_at_ms = now_ms() - 1
    with pytest.raises(BadInputError) as caught:
        service.create("alice", session.id, [line()])
    assert caught.value.reason == "expired_session"


def test_an_external_id_is_taken_once_even_at_the_same_time(
    service: LipsyncService, session: Session
) -> None:
    outcomes: list[str] = []

    def create() -> None:
        try:
            outcomes.append(service.create("alice", session.id, [line()], external_id="x").id)
        except BadInputError as error:
            outcomes.append(f"{error.field} {error.reason}: {error.detail}")

    threads = [threading.Thread(target=create) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [outcome for outcome in outcomes if not outcome.isdigit()]
    assert refused == ["external_task_id duplicate: x already exists"] * 2


def test_a_slow_sound_is_accepted_quickly_and_all_else_is_checked(
    service: LipsyncService, session: Session, slow_url: str
) -> None:
    slow = replace(line(), sound=f"{slow_url}/good.wav")
    # The source would say nothing for as long as it is asked.
    began = time.monotonic()
    task = service.create("alice", session.id, [slow])
    assert time.monotonic() - began < 40
    assert task.status is TaskStatus.SUBMITTED
    with pytest.raises(BadInputError) as caught:
        service.create("alice", session.id, [replace(slow, insert_ms=6000)])
    assert caught.value.field == "insert"


def test_a_task_has_its_account_s_priority_unless_it_asks_for_less(
    service: LipsyncService, session: Session
) -> None:
    def create(asked: str = "") -> int:
        options = TaskOptions(priority=asked)
        return service.create("alice", session.id, [line()], options=options).priority

    assert (create(), create("low"), create("normal")) == (0, -1, 0)
    for asked, reason in (("high", "too_high"), ("urgent", "unknown_priority")):
        with pytest.raises(BadInputError) as caught:
            create(asked)
        assert (caught.value.field, caught.value.reason) == ("priority", reason)
    with service._open.stores.database.write() as transaction:
        transaction.get_one(AccountRow, "alice").priority = 1
    assert (create(), create("low"), create("high")) == (1, -1, 1)
