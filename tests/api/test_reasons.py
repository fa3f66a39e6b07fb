"""The table of reasons against the words that the source uses, both ways."""

from __future__ import annotations

import ast
import logging
from pathlib import Path
from typing import Any

import pytest

import lipwright
from lipwright.api.kling.codes import CODES
from lipwright.api.problems import ProblemKind
from lipwright.api.reasons import (
    LINE_REASONS,
    LOCAL_REASONS,
    MEDIA_REASONS,
    REASONS,
    REQUEST_REASONS,
    WORK_REASONS,
)
from lipwright.errors import BadInputError, FailedError
from lipwright.jobs.trace import request_id

SOURCE = Path(lipwright.__file__).parent

# What makes or passes on a reason: where it stands among the arguments, and the keyword.
PLACES = {
    "BadInputError": 1,
    "FailedError": 0,
    "LimitReachedError": 0,
    "refuse": 0,
    "Problem": None,
    "failure": None,
}

KLING_CODES = {
    0, 1000, 1001, 1002, 1003, 1004, 1100, 1101, 1102, 1103, 1200, 1201, 1202, 1203, 1300, 1301,
    1302, 1303, 1304, 5000, 5001, 5002,
}  # fmt: skip


def words_of(node: ast.expr, constants: dict[str, str]) -> set[str]:
    """The texts that an expression can be; nothing for what is only passed on."""
    match node:
        case ast.Constant(value=str(word)):
            return {word} - {""}
        case ast.Name(id=name) if name in constants:
            return {constants[name]}
        case ast.IfExp(body=one, orelse=other):
            return words_of(one, constants) | words_of(other, constants)
        case ast.Call(args=[_, last], func=ast.Attribute(attr="get")):
            return words_of(last, constants)
        case _:
            return set()


NOT_SERVED = {"benchmark", "cli", "client", "evaluation", "library", "mcp"}
"""Rooms that no answer of the service comes from."""


def used() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        if path.relative_to(SOURCE).parts[0] in NOT_SERVED:
            continue
        tree = ast.parse(path.read_text())
        constants = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name not in PLACES:
                continue
            at = PLACES[name]
            given = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
            if at is not None and len(node.args) > at:
                given.append(node.args[at])
            for expression in given:
                for word in words_of(expression, constants):
                    found.setdefault(word, set()).add(path.relative_to(SOURCE).as_posix())
    return found


def test_every_reason_in_the_source_is_in_the_table() -> None:
    missing = {word: places for word, places in used().items() if word not in REASONS}
    assert not missing, "add to lipwright/api/reasons.py, then run make docs"


def test_every_reason_in_the_table_is_in_the_source() -> None:
    text = "\n".join(path.read_text() for path in SOURCE.rglob("*.py") if path.name != "reasons.py")
    kinds = {kind.value for kind in ProblemKind}
    assert {word for word in REASONS if word not in kinds and f'"{word}"' not in text} == set()


def test_every_kind_of_problem_has_a_code_and_a_reason() -> None:
    assert {kind.value for kind in ProblemKind} <= set(REASONS)
    assert set(CODES) == set(ProblemKind)
    assert {code.code for code in CODES.values()} <= KLING_CODES


def test_no_reason_stands_in_two_tables() -> None:
    tables = (REQUEST_REASONS, MEDIA_REASONS, LINE_REASONS, WORK_REASONS, LOCAL_REASONS)
    assert sum(map(len, tables)) == len(REASONS)


FACE = {"face_id": "0", "sound_file": "x", "sound_start_time": 0, "sound_end_time": 1}


@pytest.mark.parametrize(
    ("operation", "body", "reason", "field"),
    [
        ("identify-face", {}, "missing", "video_url"),
        ("identify-face", {"video_url": 3}, "wrong_type", "video_url"),
        ("advanced-lip-sync", {"session_id": "1"}, "missing", "face_choose"),
        (
            "advanced-lip-sync",
            {"session_id": "1", "face_choose": [{}, {}]},
            "missing",
            "face_choose[0].face_id",
        ),
        (
            "advanced-lip-sync",
            {
                "session_id": "1",
                "face_choose": [{**FACE, "sound_insert_time": 0, "sound_volume": 9}],
            },
            "out_of_range",
            "face_choose[0].sound_volume",
        ),
        (
            "advanced-lip-sync",
            {"session_id": "1", "face_choose": [FACE] * 40},
            "too_many",
            "face_choose",
        ),
    ],
)
def test_a_wrong_field_is_named(
    api: Any, operation: str, body: Any, reason: str, field: str
) -> None:
    answer = api.post(operation, body).json()
    assert (answer["code"], answer["reason"], answer["field"]) == (1201, reason, field)
    assert answer["message"].startswith(field + ": ")


def test_the_cores_errors_keep_their_reason_and_get_our_names(api: Any) -> None:
    api.service.fault = BadInputError("speech", "too_short", "must be longer", index=3)
    lines = [{**FACE, "sound_insert_time": 0}]
    answer = api.post("advanced-lip-sync", {"session_id": "1", "face_choose": lines}).json()
    assert answer["reason"] == "too_short"
    assert answer["field"] == "face_choose[3].sound_file"


def test_what_is_no_fields_fault_names_none(api: Any) -> None:
    answer = api.post("identify-face", content=b"{").json()
    assert answer["reason"] == "not_json"
    assert "field" not in answer


@pytest.mark.parametrize(
    ("reason", "status", "code"),
    [("timed_out", 504, 5002), ("closing", 503, 5001), ("internal", 500, 5000)],
)
def test_failures_of_the_work(api: Any, reason: str, status: int, code: int) -> None:
    api.service.fault = FailedError(reason, "inside")
    answer = api.post("identify-face", {"video_url": "http://a/b"})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["reason"] == reason


def test_a_moderators_refusal_has_a_code_of_its_own(api: Any) -> None:
    api.service.fault = BadInputError("lines", "moderated", "refused by moderation: no politicians")
    lines = [{**FACE, "sound_insert_time": 0}]
    answer = api.post("advanced-lip-sync", {"session_id": "1", "face_choose": lines})
    assert (answer.status_code, answer.json()["code"]) == (400, 1301)
    assert answer.json()["message"] == "face_choose: refused by moderation: no politicians"


@pytest.mark.parametrize(("given", "kept"), [(True, True), (False, False), (None, False)])
def test_consent_is_passed_on(api: Any, given: Any, kept: bool) -> None:
    lines = [{**FACE, "sound_insert_time": 0}]
    body = {"session_id": "1", "face_choose": lines, "consent": given}
    assert api.post("advanced-lip-sync", body).status_code == 200
    assert api.service.options[-1].consent is kept


@pytest.mark.parametrize(("given", "kept"), [({"Lipwright-Priority": "low"}, "low"), ({}, "")])
def test_a_priority_is_passed_on(api: Any, given: dict[str, str], kept: str) -> None:
    body = {"session_id": "1", "face_choose": [{**FACE, "sound_insert_time": 0}]}
    assert api.post("advanced-lip-sync", body, headers=given).status_code == 200
    assert api.service.options[-1].priority == kept


@pytest.mark.parametrize("given", ["true", 1, [True]])
def test_consent_is_true_or_false_and_nothing_like_it(api: Any, given: Any) -> None:
    lines = [{**FACE, "sound_insert_time": 0}]
    body = {"session_id": "1", "face_choose": lines, "consent": given}
    answer = api.post("advanced-lip-sync", body).json()
    assert (answer["code"], answer["field"]) == (1201, "consent")


def test_what_is_logged_meanwhile_knows_the_request(api: Any) -> None:
    seen: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(request_id.get())

    listener = Listener()
    logging.getLogger("lipwright.api").addHandler(listener)
    try:
        api.service.fault = FailedError("internal", "inside")
        answer = api.post("identify-face", {"video_url": "http://a/b"})
    finally:
        logging.getLogger("lipwright.api").removeHandler(listener)
    assert seen == [answer.json()["request_id"]] == [answer.headers["X-Request-Id"]]
