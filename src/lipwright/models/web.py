"""Fetch one file from the web, resuming what an earlier try left behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lipwright.models.catalogue import WeightFile

if TYPE_CHECKING:
    import httpx

ANSWER_WITHIN_S = 6.0
"""Longest wait for a server's first answer, name look-up, proxy and redirects included.

Many machines reach a package index and nothing else, and some networks drop packets instead of
refusing them; such a machine must reach its next source quickly.
"""
STALL_S = 20.0
"""Longest silence in the middle of a transfer."""

CHUNK = 1 << 18


class SourceError(Exception):
    """This source cannot give the file; the message says why in a few words.

    ``unreachable`` says that asking the same source for another file is useless.
    """

    def __init__(self, message: str, *, unreachable: bool = False) -> None:
        super().__init__(message)
        self.unreachable = unreachable


def fetch_web(
    url: str,
    file: WeightFile,
    part: Path,
    on_bytes: Callable[[int], None],
    *,
    answer_within_s: float = ANSWER_WITHIN_S,
) -> None:
    """Bring ``part`` to the file's full length; what is already in it is kept.

    The bytes are not checked here: only the caller, who knows the hash, accepts them.

    Parameters
    ----------
    url
        Where the file is.
    file
        What is expected; an answer of another length is refused before it is read.
    part
        The partial file, which may exist from an earlier try.
    on_bytes
        Told the length of ``part`` as it grows.
    answer_within_s
        Longest wait for the first answer.

    Raises
    ------
    SourceError
        The source cannot be reached or does not have the file.
    """
    import httpx

    have = part.stat().st_size if part.exists() else 0
    if have > file.size:
        part.unlink()
        have = 0
    if have == file.size:
        return
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    timeout = httpx.Timeout(STALL_S, connect=answer_within_s)
    client = httpx.Client(follow_redirects=True, timeout=timeout)
    try:
        request = client.build_request("GET", url, headers=headers)
        response = _first_answer(client, request, answer_within_s)
        if response.status_code == 200:
            have = 0
        elif response.status_code != 206:
            raise SourceError(f"answered HTTP {response.status_code}")
        _refuse_other_length(response, file, have)
        with part.open("ab" if have else "wb") as out:
            for chunk in response.iter_raw(CHUNK):
                have += len(chunk)
                if have > file.size:
                    raise SourceError("sent more than the file's length")
                out.write(chunk)
                on_bytes(have)
        if have < file.size:
            raise SourceError("the connection ended early")
    except httpx.HTTPError as error:
        raise SourceError(_reason(error)) from error
    finally:
        # A request that is still waiting for its answer keeps its own thread; closing the
        # client under it only makes it end sooner.
        with suppress(Exception):
            client.close()


def _first_answer(client: httpx.Client, request: httpx.Request, within_s: float) -> httpx.Response:
    """Send the request, but wait no longer than ``within_s`` in all.

    No time-out of a socket covers the name look-up or several addresses tried in turn, so the
    sending happens in a thread that can be left behind.
    """
    import httpx

    answers: list[httpx.Response] = []
    errors: list[Exception] = []

    def send() -> None:
        try:
            answers.append(client.send(request, stream=True))
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=send, name="weights-request", daemon=True)
    thread.start()
    thread.join(within_s)
    if answers:
        return answers[0]
    if not errors:
        raise SourceError(f"no answer within {within_s:g} s", unreachable=True)
    error = errors[0]
    if isinstance(error, httpx.HTTPError):
        raise SourceError(_reason(error), unreachable=True) from error
    raise error


def _refuse_other_length(response: httpx.Response, file: WeightFile, have: int) -> None:
    """Do not read 75 MB of a file that cannot be the right one."""
    if "content-encoding" in response.headers:
        return
    length = response.headers.get("content-length")
    if length is not None and int(length) + have != file.size:
        raise SourceError(f"holds another version ({int(length) + have} bytes)")


def _reason(error: Exception) -> str:
    """Say in a few words what went wrong on the wire."""
    return str(error) or type(error).__name__
