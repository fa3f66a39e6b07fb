"""What a flow asks of the client that runs it.

The client's operations are generators (`lipwright.client.flows`): each yields steps and is sent
their results. How a step is done, blocking or with ``await``, is all in which the sync and the
async client differ; what is sent, when, and how often is written once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from lipwright.client.values import BytesSink

T = TypeVar("T")

WRITE_BYTES = 1 << 18


@dataclass(frozen=True)
class Call:
    """Send a request and read the whole answer; gives `Answer`, raises `LostError`.

    Attributes
    ----------
    content
        The body; or ``file``, a local file that is streamed.
    read_s
        Longest silence of the service.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    file: Path | None = None
    file_size: int = 0
    sent: BytesSink | None = None
    read_s: float = 120.0


@dataclass(frozen=True)
class Open:
    """Send a GET and read only the head of the answer; gives `Answer`, raises `LostError`.

    One answer is open at a time; opening the next closes it, and so does the end of the flow.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    follow_redirects: bool = False
    read_s: float = 60.0


@dataclass(frozen=True)
class Read:
    """Give the next bytes of the open answer, None at its end; raises `LostError`."""


@dataclass(frozen=True)
class Pause:
    """Wait."""

    seconds: float


@dataclass(frozen=True)
class Work:
    """Do something that takes a moment, such as using a file; gives what it gives."""

    do: Callable[[], Any]


Step = Call | Open | Read | Pause | Work
Flow = Generator[Step, Any, T]


class LostError(Exception):
    """No whole answer came.

    Parameters
    ----------
    detail
        What happened.
    sent
        Whether the request may have reached the service.
    timed_out
        Whether it was silent for too long.
    """

    def __init__(self, detail: str, *, sent: bool, timed_out: bool = False) -> None:
        super().__init__(detail)
        self.sent = sent
        self.timed_out = timed_out


@dataclass(frozen=True)
class Answer:
    """An answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = b""

    def json(self) -> Any:
        """Return the body's JSON, None if it is none."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None
