"""Moderators from a package that is really installed, around the service and a worker."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from workshop import line, wait_for, working

from lipwright.errors import BadInputError, FailedError
from lipwright.jobs import moderation
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Session, Task, TaskStatus
from lipwright.store.ledger import balance
from lipwright.store.tables import ArtifactRow, TaskRow
from plugins import install

STRICT = '''
class House:
    """Remembers what it was shown, and refuses what it is told to."""

    asked = []
    inputs = output = None

    def check_inputs(self, submission):
        self.asked.append(("inputs", submission, submission.video.read_bytes(),
                           [sound.path.read_bytes() for sound in submission.sounds]))
        if isinstance(House.inputs, Exception):
            raise House.inputs
        return House.inputs

    def check_output(self, submission, output):
        self.asked.append(("output", submission, output.read_bytes()))
        return House.output
'''


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    install(
        tmp_path, monkeypatch, "strict_house", STRICT, moderation.GROUP, "house=strict_house:House"
    )
    moderation._loaded.cache_clear()
    yield importlib.import_module("strict_house").House
    moderation._loaded.cache_clear()


def rows(service: LipsyncService, table: Any) -> int:
    with service._open.stores.database.read() as transaction:
        return transaction.scalar(select(func.count()).select_from(table)) or 0


def money(service: LipsyncService) -> int:
    with service._open.stores.database.read() as transaction:
        return balance(transaction, "alice")


def done(service: LipsyncService, task: Task) -> Task:
    with working(service.settings):
        return wait_for(service, task)


def test_he_sees_all_that_goes_in_and_what_comes_out(
    house: Any, service: LipsyncService, session: Session, video: Path
) -> None:
    said = replace(line(), transcript="good morning")
    task = service.create("alice", session.id, [said])
    [(when, shown, video_bytes, sounds)] = house.asked
    assert (when, shown.account_id, video_bytes) == ("inputs", "alice", video.read_bytes())
    [face] = shown.faces
    assert (face.face_id, face.start_ms, face.end_ms) == ("0", 0, 7000)
    assert face.image_jpeg == b"portrait 0 of a"
    [sound] = shown.sounds
    assert (sound.face_id, sound.transcript, sounds) == ("0", "good morning", [b"2500"])
    assert not shown.video.exists()

    assert done(service, task).status is TaskStatus.SUCCEED
    assert [entry[0] for entry in house.asked] == ["inputs", "output"]
    assert house.asked[1][2] == b"a video in which face 0"


def test_he_refuses_before_anything_is_accepted(
    house: Any, service: LipsyncService, session: Session
) -> None:
    house.inputs = "no politicians"
    before = money(service), rows(service, TaskRow), rows(service, ArtifactRow)
    with pytest.raises(BadInputError) as caught:
        service.create("alice", session.id, [line()])
    assert (caught.value.reason, caught.value.detail) == (
        "moderated",
        "refused by moderation: no politicians",
    )
    assert (money(service), rows(service, TaskRow), rows(service, ArtifactRow)) == before


def test_a_slow_sound_is_shown_to_him_by_the_worker(
    house: Any, service: LipsyncService, session: Session, slow_url: str
) -> None:
    before = money(service)
    house.inputs = "no politicians"
    task = service.create("alice", session.id, [replace(line(), sound=f"{slow_url}/good.wav")])
    assert house.asked == []
    task = done(service, task)
    assert task.status is TaskStatus.FAILED
    assert task.message == "refused by moderation: no politicians"
    assert money(service) == before


def test_he_refuses_what_came_of_it(house: Any, service: LipsyncService, session: Session) -> None:
    before = money(service)
    house.output = "looks like me"
    task = done(service, service.create("alice", session.id, [line()]))
    assert (task.status, task.message) == (
        TaskStatus.FAILED,
        "refused by moderation: looks like me",
    )
    assert task.result is None
    assert money(service) == before
    results = f"accounts/alice/results/{task.id}.mp4"
    assert not service._open.stores.objects.exists(results)


def test_one_who_fails_lets_nothing_through(
    house: Any, service: LipsyncService, session: Session
) -> None:
    house.inputs = RuntimeError("model not found at /secret")
    before = rows(service, TaskRow)
    with pytest.raises(FailedError) as caught:
        service.create("alice", session.id, [line()])
    assert caught.value.reason == "moderator_failed"
    assert "secret" not in str(caught.value)
    assert rows(service, TaskRow) == before


def test_without_one_nothing_is_gathered(service: LipsyncService, session: Session) -> None:
    assert not moderation.are_there_moderators()
    assert service.create("alice", session.id, [line()]).status is TaskStatus.SUBMITTED
