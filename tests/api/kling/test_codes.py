from __future__ import annotations

import pytest

from lipwright.api.kling.codes import CODES
from lipwright.api.problems import ProblemKind

# The vendor's documented table: code to HTTP status.
DOCUMENTED = {
    **dict.fromkeys((1000, 1001, 1002, 1003, 1004), 401),
    **dict.fromkeys((1100, 1101, 1102), 429),
    1103: 403,
    **dict.fromkeys((1200, 1201), 400),
    **dict.fromkeys((1202, 1203), 404),
    **dict.fromkeys((1300, 1301), 400),
    **dict.fromkeys((1302, 1303, 1304), 429),
    5000: 500,
    5001: 503,
    5002: 504,
}


@pytest.mark.parametrize("kind", list(ProblemKind))
def test_every_kind_has_a_documented_code_with_its_documented_status(kind: ProblemKind) -> None:
    code = CODES[kind]
    if kind is ProblemKind.BAD_RANGE:  # plain HTTP wants its own status here
        assert code.status == 416
    else:
        assert code.status == DOCUMENTED[code.code]
