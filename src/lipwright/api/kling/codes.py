"""Kling's error codes, for everything that this service can have to say.

The vendor's table has more codes (accounts in arrears, content policy, …); they are added when
there is something behind them.
"""

from __future__ import annotations

from dataclasses import dataclass

from lipwright.api.problems import ProblemKind
from lipwright.errors import BadInputError


@dataclass(frozen=True)
class Code:
    """An HTTP status and the code in the envelope."""

    status: int
    code: int


BAD_VALUE = Code(400, 1201)
REFUSED = Code(400, 1301)

CODES: dict[ProblemKind, Code] = {
    ProblemKind.UNPROVEN_CREDENTIALS: Code(401, 1000),
    ProblemKind.NO_CREDENTIALS: Code(401, 1001),
    ProblemKind.BAD_CREDENTIALS: Code(401, 1002),
    ProblemKind.CREDENTIALS_TOO_EARLY: Code(401, 1003),
    ProblemKind.CREDENTIALS_EXPIRED: Code(401, 1004),
    ProblemKind.FORBIDDEN: Code(403, 1103),
    ProblemKind.MALFORMED: Code(400, 1200),
    ProblemKind.BAD_VALUE: BAD_VALUE,
    ProblemKind.WRONG_METHOD: Code(404, 1202),
    ProblemKind.UNKNOWN_ROUTE: Code(404, 1203),
    ProblemKind.NO_SUCH_FILE: Code(404, 1203),
    # A range is plain HTTP: players look at the status, so it keeps its own.
    ProblemKind.BAD_RANGE: Code(416, 1201),
    ProblemKind.NO_BALANCE: Code(429, 1102),
    ProblemKind.BUSY: Code(429, 1302),
    ProblemKind.RATE: Code(429, 1302),
    ProblemKind.NO_SLOT: Code(429, 1303),
    ProblemKind.INTERNAL: Code(500, 5000),
    ProblemKind.UNAVAILABLE: Code(503, 5001),
    ProblemKind.TIMEOUT: Code(504, 5002),
}

CODES_OF_REASONS: dict[str, Code] = {
    # What a moderator refused; his own word is the end of the message.
    "moderated": REFUSED,
}
"""Reasons of `BadInputError` that are no mere bad value."""


def code_of(error: BadInputError) -> Code:
    """Return the code that tells of an input that cannot be used."""
    return CODES_OF_REASONS.get(error.reason, BAD_VALUE)
