"""Send a request again, where that is safe.

Safe is: what only looks; what carries an idempotency key that the service heeds; what never left,
because no connection could be made; and what was refused for coming too soon (429), for then
nothing was made.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from lipwright.client.answers import error_of
from lipwright.client.errors import ApiError, BusyError, ConnectionFailedError, ServiceError
from lipwright.client.steps import Answer, Call, Flow, LostError, Open, Pause

_PASSING = (500, 502, 503, 504)


@dataclass(frozen=True)
class Retries:
    """How often, and how long between.

    Attributes
    ----------
    attempts
        In all; 1 means that nothing is sent again.
    first_s, most_s
        The pause doubles from the first to the longest, and is cut by chance to between half and
        all of that, so that many clients do not come back at once.
    patience_s
        A service that asks for a longer wait than this is not waited for.
    """

    attempts: int = 4
    first_s: float = 0.5
    most_s: float = 20.0
    patience_s: float = 60.0

    def pause_s(self, attempt: int, asked_s: float | None) -> float:
        """Return the pause after an attempt, the first being 0."""
        own = float(min(self.most_s, self.first_s * 2**attempt)) * random.uniform(0.5, 1.0)
        return own if asked_s is None else max(own, asked_s)


def send(step: Call | Open, retries: Retries, *, repeatable: bool) -> Flow[Answer]:
    """Send a request until it is answered, as often as is safe.

    Parameters
    ----------
    repeatable
        Whether doing it twice is like doing it once.

    Returns
    -------
    Answer
        Whatever the service says at last, errors included.

    Raises
    ------
    ConnectionFailedError
        No answer came.
    """
    attempt = 0
    while True:
        last = attempt + 1 >= retries.attempts
        asked_s = None
        try:
            answer: Answer = yield step
        except LostError as lost:
            if last or (lost.sent and not repeatable):
                raise ConnectionFailedError(str(lost), sent=lost.sent) from lost
        else:
            error = error_of(answer)
            asked_s = error.retry_after_s
            impatient = asked_s is not None and asked_s > retries.patience_s
            if last or impatient or not _may_pass(answer.status, error, repeatable):
                return answer
        yield Pause(retries.pause_s(attempt, asked_s))
        attempt += 1


def _may_pass(status: int, error: ApiError, repeatable: bool) -> bool:
    """Whether the same request may fare better later, and may be sent again."""
    if isinstance(error, BusyError):
        return True
    return repeatable and isinstance(error, ServiceError) and status in _PASSING
