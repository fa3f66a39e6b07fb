"""What can be wrong with a request, in words of no particular API."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, auto


class ProblemKind(StrEnum):
    """Why a request is refused; the facade gives each kind its status and code."""

    MALFORMED = auto()  # not JSON, not an object, not a form
    BAD_VALUE = auto()  # a field is missing, of the wrong type, or out of range
    NO_CREDENTIALS = auto()
    UNPROVEN_CREDENTIALS = auto()
    BAD_CREDENTIALS = auto()
    CREDENTIALS_TOO_EARLY = auto()
    CREDENTIALS_EXPIRED = auto()
    FORBIDDEN = auto()
    UNKNOWN_ROUTE = auto()
    WRONG_METHOD = auto()
    NO_SUCH_FILE = auto()
    BAD_RANGE = auto()
    BUSY = auto()
    RATE = auto()
    NO_BALANCE = auto()
    NO_SLOT = auto()
    INTERNAL = auto()
    UNAVAILABLE = auto()
    TIMEOUT = auto()


class Problem(Exception):  # noqa: N818 - an answer, not a fault of the program
    """A request ends here; the caller gets the kind's code and the message.

    Parameters
    ----------
    kind
        What is wrong.
    message
        For the caller; must hold nothing of our inside.
    headers
        Further headers of the answer.
    reason
        Stable word for programs, one of `lipwright.api.reasons.REASONS`; by default the kind's
        own name.
    field
        The caller's name of the field that is wrong, if it is one field.
    """

    def __init__(
        self,
        kind: ProblemKind,
        message: str,
        headers: Mapping[str, str] | None = None,
        *,
        reason: str = "",
        field: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.headers = dict(headers or {})
        self.reason = reason or kind.value
        self.field = field
