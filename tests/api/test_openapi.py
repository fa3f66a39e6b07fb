"""The published document against the three operations that a client relies on, field for field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

SPEC = Path(__file__).resolve().parents[3] / "shared" / "spec" / "lipsync.openapi.yaml"

IDENTIFY = ("post", "/klingai/v1/videos/identify-face")
CREATE = ("post", "/klingai/v1/videos/advanced-lip-sync")
QUERY = ("get", "/klingai/v1/videos/advanced-lip-sync/{id}")
REFUSAL = {"code", "message", "request_id", "reason", "field"}
FITS = " of loop_video, pad, strict, trim"
STATUSES = "string of failed, processing, submitted, succeed"

# Path of the field, whether it is required where it stands, and its type.
Fields = dict[str, tuple[bool, str]]

ENVELOPE: Fields = {
    "code": (True, "integer"),
    "message": (True, "string"),
    "request_id": (True, "string"),
    "data": (True, "object"),
}

BODIES: dict[tuple[str, str], Fields] = {
    IDENTIFY: {"video_url": (True, "string")},
    CREATE: {
        "session_id": (True, "string"),
        "face_choose": (True, "array"),
        "face_choose[].face_id": (True, "string"),
        "face_choose[].sound_file": (True, "string"),
        "face_choose[].sound_start_time": (True, "integer"),
        "face_choose[].sound_end_time": (True, "integer"),
        "face_choose[].sound_insert_time": (True, "integer"),
        "face_choose[].sound_volume": (False, "number 0 to 2"),
        "face_choose[].original_audio_volume": (False, "number 0 to 2"),
        "external_task_id": (False, "string"),
    },
    QUERY: {},
}

# What is ours beside it: optional, so that no client has to know.
OWN_FIELDS: dict[tuple[str, str], Fields] = {
    IDENTIFY: {"video_id": (False, "string")},
    CREATE: {
        "face_choose[].fit": (False, f"string{FITS}"),
        "face_choose[].transcript": (False, "string"),
        "watermark_info": (False, "object"),
        "watermark_info.enabled": (False, "boolean"),
        "callback_url": (False, "string"),
        "engine": (False, "string"),
        "fit": (False, f"string{FITS}"),
        "consent": (False, "boolean"),
    },
    QUERY: {},
}

# The specification leaves open whether a few fields of a list's entries always come; here they do.
ANSWERS: dict[tuple[str, str], Fields] = {
    IDENTIFY: {
        **ENVELOPE,
        "data.session_id": (True, "string"),
        "data.face_data": (True, "array"),
        "data.face_data[].face_id": (True, "string"),
        "data.face_data[].face_image": (True, "string"),
        "data.face_data[].start_time": (True, "integer"),
        "data.face_data[].end_time": (True, "integer"),
    },
    CREATE: {
        **ENVELOPE,
        "data.task_id": (True, "string"),
        "data.task_info": (True, "object"),
        "data.task_info.external_task_id": (False, "string"),
        "data.task_status": (True, STATUSES),
        "data.created_at": (True, "integer"),
        "data.updated_at": (True, "integer"),
    },
    QUERY: {
        **ENVELOPE,
        "data.task_id": (True, "string"),
        "data.task_status": (True, STATUSES),
        "data.task_status_msg": (True, "string"),
        "data.task_info": (True, "object"),
        "data.task_info.parent_video": (True, "object"),
        "data.task_info.parent_video.id": (True, "string"),
        "data.task_info.parent_video.url": (True, "string"),
        "data.task_info.parent_video.duration": (True, "string"),
        "data.task_result": (True, "object"),
        "data.task_result.videos": (True, "array"),
        "data.task_result.videos[].id": (True, "string"),
        "data.task_result.videos[].url": (True, "string"),
        "data.task_result.videos[].duration": (True, "string"),
        "data.created_at": (True, "integer"),
        "data.updated_at": (True, "integer"),
    },
}

DEDUCTION: Fields = {
    "data.final_unit_deduction": (False, "string"),
    "data.final_balance_deduction": (False, "object"),
    "data.final_balance_deduction.quota": (True, "string"),
    "data.final_balance_deduction.list_price": (True, "string"),
}

# What this service says beyond the specification; later versions of the vendor's API do, too.
EXTRA: Fields = {
    **DEDUCTION,
    "data.task_info.external_task_id": (False, "string"),
    "data.task_result.videos[].watermark_url": (False, "string"),
    "data.watermark_info": (False, "object"),
    "data.watermark_info.enabled": (True, "boolean"),
    "data.progress": (False, "integer"),
    "data.stage": (False, "string"),
    "data.queue_position": (False, "['integer', 'null']"),
    "data.eta_seconds": (False, "['integer', 'null']"),
    "data.warnings": (False, "array"),
}

OPERATIONS = [IDENTIFY, CREATE, QUERY]


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def type_of(schema: dict[str, Any]) -> str:
    words = str(schema["type"])
    if "enum" in schema:
        words += " of " + ", ".join(sorted(schema["enum"]))
    if "minimum" in schema or "maximum" in schema:
        words += f" {schema['minimum']:g} to {schema['maximum']:g}"
    return words


def fields(document: dict[str, Any], schema: dict[str, Any], path: str = "") -> Fields:
    """Flatten a schema: one row for every field at every depth."""
    schema = resolved(document, schema)
    if schema.get("type") == "array":
        return fields(document, schema["items"], f"{path}[]")
    rows: Fields = {}
    for name, field in schema.get("properties", {}).items():
        field = resolved(document, field)
        below = f"{path}.{name}" if path else name
        rows[below] = (name in schema.get("required", ()), type_of(field))
        rows |= fields(document, field, below)
    return rows


def body_of(document: dict[str, Any], operation: tuple[str, str]) -> Fields:
    method, path = operation
    described = document["paths"][path][method].get("requestBody")
    if described is None:
        return {}
    assert list(described["content"]) == ["application/json"]
    return fields(document, described["content"]["application/json"]["schema"])


def answer_of(document: dict[str, Any], operation: tuple[str, str]) -> Fields:
    method, path = operation
    answer = document["paths"][path][method]["responses"]["200"]
    return fields(document, answer["content"]["application/json"]["schema"])


def parameters_of(document: dict[str, Any], operation: tuple[str, str]) -> set[Any]:
    method, path = operation
    listed = document["paths"][path][method].get("parameters", [])
    parameters = [resolved(document, parameter) for parameter in listed]
    return {
        (entry["name"], entry["in"], entry.get("required", False), entry["schema"]["type"])
        for entry in parameters
    }


OWN_PARAMETER = ("Idempotency-Key", "header", False, "string")

PARAMETERS = {
    IDENTIFY: {
        ("Authorization", "header", False, "string"),
        OWN_PARAMETER,
    },
    CREATE: {
        ("Authorization", "header", False, "string"),
        OWN_PARAMETER,
    },
    QUERY: {("Authorization", "header", False, "string"), ("id", "path", True, "string")},
}


@pytest.fixture(scope="module")
def document(shared_api: Any) -> Any:
    return shared_api.client.get("/openapi.json").json()


@pytest.mark.parametrize("operation", OPERATIONS)
class TestOurDocument:
    def test_the_body(self, document: Any, operation: tuple[str, str]) -> None:
        assert body_of(document, operation) == BODIES[operation] | OWN_FIELDS[operation]

    def test_the_answer(self, document: Any, operation: tuple[str, str]) -> None:
        assert answer_of(document, operation) == ANSWERS[operation] | (
            {IDENTIFY: DEDUCTION, QUERY: EXTRA}.get(operation, {})
        )

    def test_the_parameters(self, document: Any, operation: tuple[str, str]) -> None:
        assert parameters_of(document, operation) == PARAMETERS[operation]

    def test_errors_have_no_data(self, document: Any, operation: tuple[str, str]) -> None:
        method, path = operation
        answers = document["paths"][path][method]["responses"]
        assert set(answers) == {"200", "4XX", "5XX"}
        for status in ("4XX", "5XX"):
            schema = answers[status]["content"]["application/json"]["schema"]
            assert set(fields(document, schema)) == REFUSAL


def test_nothing_of_the_frameworks_own_error_shape_is_left(document: Any) -> None:
    assert not [name for name in document["components"]["schemas"] if "Validation" in name]


def test_no_operation_is_listed_twice(document: Any) -> None:
    assert set(document["paths"]) == {
        *(path for _, path in OPERATIONS),
        "/klingai/v1/videos/lip-sync",
        "/klingai/v1/videos/lip-sync/{id}",
        "/klingai/account/costs",
        "/v1/lipwright/about",
        "/v1/lipwright/sessions/{id}",
        "/v1/lipwright/tasks",
        "/v1/lipwright/tasks/{id}",
        "/v1/lipwright/tasks/{id}/cancel",
        "/v1/lipwright/tasks/{id}/deliveries",
        "/v1/lipwright/tasks/{id}/events",
        "/v1/lipwright/webhook-secret",
        "/v1/files",
        "/v1/files/{token}/{name}",
        "/healthz",
        "/livez",
        "/readyz",
    }


@pytest.mark.skipif(not SPEC.exists(), reason="the specification is not beside this repository")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_tables_here_say_what_the_specification_says(operation: tuple[str, str]) -> None:
    yaml = pytest.importorskip("yaml")
    spec = yaml.safe_load(SPEC.read_text())
    assert body_of(spec, operation) == BODIES[operation]
    assert parameters_of(spec, operation) == PARAMETERS[operation] - {OWN_PARAMETER}
    told = answer_of(spec, operation)
    assert set(told) == set(ANSWERS[operation])
    for path, (required, kind) in told.items():
        ours = ANSWERS[operation][path]
        assert ours[1] == kind
        assert ours[0] or not required
