"""What can go wrong between a program and a lip-sync service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lipwright.errors import LipwrightError

if TYPE_CHECKING:
    from lipwright.client.values import Task


class ClientError(LipwrightError):
    """Base of everything that the client raises on purpose."""


class ApiError(ClientError):
    """The service answered with an error.

    Attributes
    ----------
    message
        The service's own words, for people.
    code
        Kling's code, 0 where the answer had none.
    http_status
        Of the answer; 200 is possible, since some gateways answer so.
    request_id
        Under which the service's log has it; may be empty.
    reason
        Stable word for programs, such as ``too_short``; only lipwright sends it.
    field
        The field that is wrong, by its name in the request; only lipwright sends it.
    retry_after_s
        How long the service asks to wait, None if it does not say.
    """

    def __init__(
        self,
        message: str,
        *,
        code: int = 0,
        http_status: int = 0,
        request_id: str = "",
        reason: str = "",
        field: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        about = f"HTTP {http_status}, code {code}" if code else f"HTTP {http_status}"
        super().__init__(f"{message} ({about})")
        self.message = message
        self.code = code
        self.http_status = http_status
        self.request_id = request_id
        self.reason = reason
        self.field = field
        self.retry_after_s = retry_after_s


class RefusedError(ApiError):
    """What was sent cannot be used; sending it again unchanged cannot help."""


class AuthenticationError(ApiError):
    """The key is missing, wrong, or not valid now."""


class ForbiddenError(ApiError):
    """The key may not do this."""


class NotFoundError(ApiError):
    """The task, the session or the file is not there, or not any more."""


class BalanceError(ApiError):
    """The account cannot pay for it, or is blocked."""


class BusyError(ApiError):
    """Too many calls or tasks at once; later it may work."""


class ServiceError(ApiError):
    """The service failed, or an answer of it makes no sense."""


class ConnectionFailedError(ClientError):
    """No answer came.

    Attributes
    ----------
    sent
        Whether the request may have reached the service. What it asks for may then have happened.
    """

    def __init__(self, detail: str, *, sent: bool) -> None:
        super().__init__(detail)
        self.sent = sent


class NotOfferedError(ClientError):
    """The service has no such operation; lipwright's own server has."""


class UnusableError(ClientError, ValueError):
    """An argument cannot be used; nothing was sent."""


class WaitTimeoutError(ClientError, TimeoutError):
    """The task takes longer than the caller would wait; it goes on.

    Attributes
    ----------
    task
        As it was last seen, None if it never was.
    """

    def __init__(self, detail: str, task: Task | None) -> None:
        super().__init__(detail)
        self.task = task


class TaskFailedError(ClientError):
    """The task ended without a video.

    Attributes
    ----------
    task
        As it ended; its ``message`` says why.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(f"task {task.id} {task.status}: {task.message or 'no reason was given'}")
        self.task = task


class TaskCancelledError(TaskFailedError):
    """The task was cancelled."""


class CallbackError(ClientError):
    """The callback is not signed with the secret, or too old, or no callback at all."""
