from __future__ import annotations

import pytest

from lipwright.api.kling.translate import seconds, to_message
from lipwright.errors import BadInputError


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0"), (2000, "2"), (7040, "7.04"), (60000, "60"), (2001, "2.001"), (1, "0.001")],
)
def test_durations_are_seconds_as_text(milliseconds: int, text: str) -> None:
    assert seconds(milliseconds) == text


@pytest.mark.parametrize(
    ("field", "index", "name"),
    [
        ("video", None, "video_url"),
        ("session", None, "session_id"),
        ("lines", None, "face_choose"),
        ("face", 1, "face_choose[1].face_id"),
        ("speech", 0, "face_choose[0].sound_file"),
        ("speech_start", 0, "face_choose[0].sound_start_time"),
        ("speech_end", 2, "face_choose[2].sound_end_time"),
        ("insert", 0, "face_choose[0].sound_insert_time"),
        ("speech_volume", 0, "face_choose[0].sound_volume"),
        ("original_volume", 0, "face_choose[0].original_audio_volume"),
        ("original_volume", None, "face_choose[0].original_audio_volume"),
        ("external_task_id", None, "external_task_id"),
        ("something_new", None, "something_new"),
    ],
)
def test_messages_name_the_field_in_the_callers_words(
    field: str, index: int | None, name: str
) -> None:
    error = BadInputError(field, "wrong", "it is not right", index=index)
    assert to_message(error) == f"{name}: it is not right"


def test_a_taken_external_id_is_said_in_the_vendors_words() -> None:
    error = BadInputError("external_task_id", "duplicate", "it is taken")
    assert to_message(error, "abc") == "External_task_id abc already exists"
