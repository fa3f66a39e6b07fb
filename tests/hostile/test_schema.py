"""Schemathesis reads our own OpenAPI document and plays with the live service as it says."""

from __future__ import annotations

import os
from typing import Any

import schemathesis

# By itself it would come with the first schema, while servers run in other threads: Python 3.11
# does not compile in two threads at once without fail.
import schemathesis.specs.openapi.schemas
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


EXAMPLES = 300 if os.environ.get("LIPWRIGHT_TEST_HEAVY") else 30


def test_every_answer_fits_the_document(target: Any) -> None:
    schema = schemathesis.openapi.from_url(f"{target.service.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) >= 6
    for operation in operations:
        play(target, operation)
    target.lives()


def play(target: Any, operation: Any) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=not os.environ.get("LIPWRIGHT_TEST_HEAVY"),
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)
        target.count("schemathesis", 1)

    one()
