"""Send a small message to a URL that a stranger gave us, under the rules of `media.fetch`.

It goes to exactly the address that was checked; a redirect is not followed, since it would lead
a signed message to somebody who was not asked to be told.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import httpcore

from lipwright.errors import BadInputError
from lipwright.media.addresses import Network
from lipwright.media.connections import CheckedBackend
from lipwright.media.fetch import (
    Fetching,
    Resolver,
    core_url,
    resolve_by_system,
    verifying_tls,
)

CONNECT_S = 5.0
ANSWER_S = 10.0


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allow: Sequence[Network] = (),
    connect_s: float = CONNECT_S,
    answer_s: float = ANSWER_S,
    resolve: Resolver | None = None,
) -> int:
    """POST bytes and return the status of the answer, whose body is not read.

    Parameters
    ----------
    url
        Whatever the caller named.
    body, headers
        What is sent, beside the headers that every request has.
    allow
        Networks that may be reached although they are not public.
    connect_s
        Longest time for name look-up, connection and TLS together.
    answer_s
        Longest time from then until the answer's status.
    resolve
        Stands in for the system's resolver: host and port to addresses.

    Raises
    ------
    BadInputError
        Field ``callback_url``; the reasons of `lipwright.media.fetch.fetch` that do not speak of
        an answer's body.
    """
    job = _Posting(allow, connect_s, answer_s, resolve or resolve_by_system)
    target = job.checked_url(url)
    sent = [
        (b"Host", target.netloc),
        (b"User-Agent", b"lipwright"),
        (b"Accept", b"*/*"),
        (b"Content-Length", str(len(body)).encode()),
        (b"Connection", b"close"),
        *((name.encode(), value.encode()) for name, value in headers.items()),
    ]
    with (
        job.words_for_faults(),
        httpcore.ConnectionPool(
            ssl_context=verifying_tls(),
            max_connections=1,
            network_backend=CheckedBackend(job.addresses, job.left_s),
        ) as pool,
        pool.stream(
            "POST",
            core_url(target),
            headers=sent,
            content=body,
            extensions={"trace": job.trace, "timeout": {"read": answer_s, "write": answer_s}},
        ) as answer,
    ):
        return answer.status


class _Posting(Fetching):
    """A fetch whose clock starts anew once it is connected."""

    def __init__(
        self, allow: Sequence[Network], connect_s: float, answer_s: float, resolve: Resolver
    ) -> None:
        super().__init__("callback_url", 0, allow, connect_s, resolve)
        self._answer_s = answer_s
        self._connected = False

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "http11.send_request_headers.started" and not self._connected:
            self._connected = True
            self._deadline = time.monotonic() + self._answer_s

    def too_slow(self) -> NoReturn:
        words = (
            f"no answer within {self._answer_s:g} s"
            if self._connected
            else f"no connection within {self._timeout_s:g} s"
        )
        raise BadInputError("callback_url", "timeout", words)
