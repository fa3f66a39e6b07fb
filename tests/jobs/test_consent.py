from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from workshop import DOUBLES, line

from lipwright.errors import BadInputError
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import LegacyRequest, TaskOptions, TaskStatus
from lipwright.settings import Settings


def test_a_server_that_requires_consent_refuses_a_task_without(
    settings: Settings, video: Path
) -> None:
    strict = settings.model_copy(update={"require_consent": True})
    with LipsyncService(strict, functions=DOUBLES) as service:
        session = service.identify("alice", video)
        with pytest.raises(BadInputError) as caught:
            service.create("alice", session.id, [line()])
        assert (caught.value.field, caught.value.reason) == ("consent", "consent_required")
        with pytest.raises(BadInputError, match="consent"):
            service.create_legacy("alice", LegacyRequest("http://127.0.0.1/v.mp4", line().sound))
        given = TaskOptions(consent=True)
        task = service.create("alice", session.id, [line()], options=given)
        assert task.status is TaskStatus.SUBMITTED


def test_others_do_not_ask(service: LipsyncService, video: Path) -> None:
    session = service.identify("alice", video)
    for consent in (False, True):
        options = replace(TaskOptions(), consent=consent)
        assert service.create("alice", session.id, [line()], options=options)
