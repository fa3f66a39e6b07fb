"""What the two clients share of talking HTTP: times, headers, and what an exception means."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from lipwright.client.steps import WRITE_BYTES, Answer, Call, LostError, Open

CONNECT_S = 10.0
_SEND_S = 60.0

BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""No connection: nothing can have reached the service."""


def timeouts(step: Call | Open) -> httpx.Timeout:
    """Return how long each part of a request may take."""
    return httpx.Timeout(connect=CONNECT_S, read=step.read_s, write=_SEND_S, pool=_SEND_S)


def lost(error: httpx.HTTPError) -> LostError:
    """Say what a transport's exception means for the flow."""
    detail = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return LostError(
        detail,
        sent=not isinstance(error, BEFORE_SENDING),
        timed_out=isinstance(error, httpx.ReadTimeout),
    )


def answer_from(response: httpx.Response, content: bytes = b"") -> Answer:
    """Return an answer with its headers' names in lower case."""
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, content)


def call_headers(step: Call) -> dict[str, str]:
    """Return a call's headers; a file's length is known, so it need not be sent in chunks."""
    headers = dict(step.headers)
    if step.file is not None:
        headers["Content-Length"] = str(step.file_size)
    return headers


def file_pieces(step: Call) -> Iterator[bytes]:
    """Yield a call's file piece by piece, and tell how much has gone."""
    assert step.file is not None
    gone = 0
    with step.file.open("rb") as file:
        while piece := file.read(WRITE_BYTES):
            yield piece
            gone += len(piece)
            if step.sent is not None:
                step.sent(gone, step.file_size)
