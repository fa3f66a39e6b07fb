"""Client for lip-sync services over HTTP: lipwright's own, Kling, and resellers of Kling.

>>> from lipwright.client import Client
>>> with Client("http://127.0.0.1:8000") as client:  # doctest: +SKIP
...     client.dub("interview.mp4", "line.wav", "out.mp4")

`Client` blocks, `AsyncClient` is for asyncio; they have the same methods. The room stands
alone: it knows nothing of the rest of lipwright but the base of its errors, and needs only httpx.
"""

from lipwright.client.async_client import AsyncClient
from lipwright.client.callbacks import verify_callback
from lipwright.client.client import Client
from lipwright.client.errors import (
    ApiError,
    AuthenticationError,
    BalanceError,
    BusyError,
    CallbackError,
    ClientError,
    ConnectionFailedError,
    ForbiddenError,
    NotFoundError,
    NotOfferedError,
    RefusedError,
    ServiceError,
    TaskCancelledError,
    TaskFailedError,
    UnusableError,
    WaitTimeoutError,
)
from lipwright.client.retrying import Retries
from lipwright.client.values import Callback, Face, Line, SentFile, Session, Status, Task, Video

__all__ = [
    "ApiError",
    "AsyncClient",
    "AuthenticationError",
    "BalanceError",
    "BusyError",
    "Callback",
    "CallbackError",
    "Client",
    "ClientError",
    "ConnectionFailedError",
    "Face",
    "ForbiddenError",
    "Line",
    "NotFoundError",
    "NotOfferedError",
    "RefusedError",
    "Retries",
    "SentFile",
    "ServiceError",
    "Session",
    "Status",
    "Task",
    "TaskCancelledError",
    "TaskFailedError",
    "UnusableError",
    "Video",
    "WaitTimeoutError",
    "verify_callback",
]
