"""Fetch a file from a URL that a stranger gave us.

The stranger chooses the URL and may own the server and its name: he may point the name at our own
network, answer each look-up differently, redirect, drip bytes, lie about lengths or never end.
So a connection is made to exactly the address that was checked, redirects are followed here with
the same checks, and size and time are counted while bytes arrive.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import httpcore
import httpx

from lipwright.errors import BadInputError
from lipwright.media.addresses import Address, Network, may_fetch, parse_address
from lipwright.media.connections import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, CheckedBackend

MAX_REDIRECTS = 5
MAX_URL_CHARS = 8192

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SCHEMES = frozenset({"http", "https"})

Resolver = Callable[[str, int], Sequence[str]]

_STRONG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')
"""An entity tag that stands for the very bytes (RFC 9110, 8.8.3), unlike a weak one."""


@dataclass(frozen=True)
class Validator:
    """By what a server says that a file has not changed.

    Attributes
    ----------
    url
        SHA-256 of the URL that gave the file in the end; the URL itself may hold secrets.
    etag
        Its strong entity tag.
    """

    url: str
    etag: str


class UnchangedError(Exception):
    """The server says that the file is the one that is known."""


def fetch(
    url: str,
    destination: Path,
    *,
    max_bytes: int,
    allow: Sequence[Network] = (),
    timeout_s: float = 60.0,
    field: str = "video",
    resolve: Resolver | None = None,
    known: Validator | None = None,
) -> Validator | None:
    """Fetch an http or https URL into a file.

    Parameters
    ----------
    url
        Whatever the caller sent.
    destination
        Where the file goes; it appears there complete or not at all.
    max_bytes
        A longer answer is refused as soon as that is known.
    allow
        Networks that may be fetched from although they are not public.
    timeout_s
        Longest time for everything together, name look-up and redirects included.
    field
        Neutral name of the input, for the error.
    resolve
        Stands in for the system's resolver: host and port to addresses.
    known
        What an earlier fetch returned, if its file is still at hand.

    Returns
    -------
    Validator | None
        By what this very file is known again; ``None`` if the server gives nothing that is sure.

    Raises
    ------
    UnchangedError
        The file is the ``known`` one; nothing is at ``destination``.
    BadInputError
        Reasons: ``bad_url``, ``bad_scheme``, ``credentials_in_url``, ``unresolvable``,
        ``forbidden_address``, ``unreachable``, ``timeout``, ``too_many_redirects``,
        ``http_status``, ``too_large``, ``empty``, ``incomplete``, ``bad_response``.
    """
    job = Fetching(field, max_bytes, allow, timeout_s, resolve or resolve_by_system, known)
    handle, name = tempfile.mkstemp(dir=destination.parent, prefix=".fetch-", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in job.run(url):
                file.write(chunk)
        part.replace(destination)
    finally:
        part.unlink(missing_ok=True)
    return job.validator


def check_url(text: str, *, field: str, allow: Sequence[Network] = ()) -> None:
    """Refuse a URL that could never be fetched, without any look-up or connection.

    Raises
    ------
    BadInputError
        Reasons: ``bad_url``, ``bad_scheme``, ``credentials_in_url``; ``forbidden_address`` where
        the host is a forbidden address itself and not a name.
    """
    job = Fetching(field, 0, allow, 1.0, resolve_by_system)
    host = job.checked_url(text).host
    try:
        address = parse_address(host)
    except ValueError:
        return
    if not may_fetch(address, allow):
        job.forbid()


def resolve_by_system(host: str, port: int) -> list[str]:
    """Ask the system for every address of a host.

    Raises
    ------
    OSError
        The name is unknown.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetching:
    """One fetch: its limits, its clock, and the words for what goes wrong."""

    def __init__(
        self,
        field: str,
        max_bytes: int,
        allow: Sequence[Network],
        timeout_s: float,
        resolve: Resolver,
        known: Validator | None = None,
    ) -> None:
        self._known = known
        self.validator: Validator | None = None
        self._field = field
        self._max_bytes = max_bytes
        self._allow = tuple(allow)
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s
        self._resolve = resolve

    def run(self, text: str) -> Iterator[bytes]:
        """Follow the URL to its file and yield the file's bytes."""
        url = self.checked_url(text)
        for _ in range(MAX_REDIRECTS + 1):
            target: str | None = None
            place = hashlib.sha256(str(url).encode()).hexdigest()
            # Only where the file came from: another server's equal tag would mean another file.
            ours = self._known is not None and self._known.url == place
            # A pool for each hop: nothing is reused, so nothing is used that was not checked.
            with (
                self.words_for_faults(),
                httpcore.ConnectionPool(
                    ssl_context=verifying_tls(),
                    max_connections=1,
                    network_backend=CheckedBackend(self.addresses, self.left_s),
                ) as pool,
                pool.stream(
                    "GET",
                    core_url(url),
                    headers=_headers(url, self._known.etag if self._known and ours else None),
                    extensions=_TIMEOUTS,
                ) as answer,
            ):
                if answer.status in _REDIRECTS:
                    target = _header(answer, b"location")
                    if not target:
                        self.refuse("bad_response", "the server redirects to nowhere")
                elif answer.status == 304 and ours:
                    raise UnchangedError
                else:
                    self.validator = _validator(place, answer)
                    yield from self._body(answer)
                    return
            url = self.checked_url(target, base=url)
        self.refuse("too_many_redirects", f"it redirects more than {MAX_REDIRECTS} times")

    def refuse(self, reason: str, detail: str) -> NoReturn:
        """Raise the caller's error."""
        raise BadInputError(self._field, reason, detail)

    def left_s(self) -> float:
        """Seconds until the deadline; raises when there are none left."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            self.too_slow()
        return left

    def addresses(self, host: str, port: int) -> list[Address]:
        """Resolve a host and check every address it has."""
        try:
            found = _within(min(self.left_s(), CONNECT_TIMEOUT_S), self._resolve, host, port)
        except TimeoutError:
            self.refuse("timeout", "looking up the host's address took too long")
        except (OSError, UnicodeError):
            found = []
        if not found:
            self.refuse("unresolvable", "the URL's host is unknown")
        addresses: list[Address] = []
        for text in found:
            try:
                address = parse_address(text)
            except ValueError:
                self.forbid()
            # One bad address among good ones is how rebinding looks: refuse them all.
            if not may_fetch(address, self._allow):
                self.forbid()
            addresses.append(address)
        return addresses

    def checked_url(self, text: str, base: httpx.URL | None = None) -> httpx.URL:
        """Read a URL, or a redirect's target, and refuse what is never fetched."""
        if len(text) > MAX_URL_CHARS:
            self.refuse("bad_url", f"it is longer than {MAX_URL_CHARS} characters")
        try:
            url = httpx.URL(text.strip()) if base is None else base.join(text.strip())
        except (httpx.InvalidURL, ValueError, TypeError):
            self.refuse("bad_url", "it is not a valid URL")
        if url.scheme not in _SCHEMES:
            self.refuse("bad_scheme", "only http and https URLs can be fetched")
        if url.userinfo or "@" in url.netloc.decode("ascii", "replace"):
            self.refuse("credentials_in_url", "a URL with a user name or password is not accepted")
        if not url.raw_host or b"%" in url.raw_host:
            self.refuse("bad_url", "the URL's host is not valid")
        if url.port is not None and not 0 < url.port < 65536:
            self.refuse("bad_url", "the URL's port is not valid")
        return url

    def _body(self, answer: httpcore.Response) -> Iterator[bytes]:
        if not 200 <= answer.status < 300 or answer.status == 206:
            self.refuse("http_status", f"the server answered with HTTP {answer.status}")
        coding = (_header(answer, b"content-encoding") or "identity").strip().lower()
        if coding not in ("", "identity"):
            # We asked for identity; unpacking anyway would invite decompression bombs.
            self.refuse("bad_response", "the server sent compressed bytes without being asked")
        length = _header(answer, b"content-length") or ""
        if length.isdecimal() and int(length[:20]) > self._max_bytes:
            self._too_large()
        received = 0
        for chunk in answer.iter_stream():
            received += len(chunk)
            if received > self._max_bytes:
                self._too_large()
            self.left_s()
            yield chunk
        if received == 0:
            self.refuse("empty", "the server sent an empty file")

    @contextlib.contextmanager
    def words_for_faults(self) -> Iterator[None]:
        """Turn what the network does to us into the caller's errors."""
        try:
            yield
        except httpcore.TimeoutException:
            self.too_slow()
        except httpcore.ConnectError as error:
            cause = error.__cause__ or error.__context__
            if isinstance(cause, ssl.SSLCertVerificationError):
                self.refuse("unreachable", "the server's certificate is not valid for the host")
            if isinstance(cause, ssl.SSLError):
                self.refuse("unreachable", "no secure connection could be made to the server")
            self.refuse("unreachable", "no connection could be made to the server")
        except (httpcore.ReadError, httpcore.WriteError):
            self.refuse("incomplete", "the connection broke before the file was complete")
        except httpcore.RemoteProtocolError as error:
            # h11 and httpcore tell a connection that ends from one that talks nonsense only so.
            if any(word in str(error) for word in ("incomplete", "without sending", "closed")):
                self.refuse("incomplete", "the connection ended before the file was complete")
            self.refuse("bad_response", "the server's answer is not valid HTTP")
        except (httpcore.LocalProtocolError, httpcore.UnsupportedProtocol):
            self.refuse("bad_url", "it is not a valid URL")

    def too_slow(self) -> NoReturn:
        """Raise the error for a deadline that has passed."""
        self.refuse("timeout", f"fetching took longer than {self._timeout_s:g} s")

    def _too_large(self) -> NoReturn:
        limit = self._max_bytes
        size = f"{limit / 1_000_000:g} MB" if limit >= 100_000 else f"{limit} bytes"
        self.refuse("too_large", f"must be at most {size}")

    def forbid(self) -> NoReturn:
        """Raise the error for an address that is not public."""
        # Not which address: the answer must not map our network for strangers.
        self.refuse(
            "forbidden_address", "the URL's host is in a private network, which is not allowed"
        )


_TIMEOUTS = {
    "timeout": {
        "connect": CONNECT_TIMEOUT_S,
        "read": READ_TIMEOUT_S,
        "write": READ_TIMEOUT_S,
        "pool": CONNECT_TIMEOUT_S,
    }
}


def verifying_tls() -> ssl.SSLContext:
    """Return a fresh verifying context; the usual SSL_CERT_FILE may name other authorities."""
    return httpx.create_ssl_context()


def core_url(url: httpx.URL) -> httpcore.URL:
    """Return a URL as the connection's library wants it."""
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _validator(place: str, answer: httpcore.Response) -> Validator | None:
    etag = (_header(answer, b"etag") or "").strip()
    control = (_header(answer, b"cache-control") or "").lower()
    if _STRONG.fullmatch(etag) is None or "no-store" in control:
        return None
    return Validator(place, etag)


def _headers(url: httpx.URL, etag: str | None) -> list[tuple[bytes, bytes]]:
    condition = [] if etag is None else [(b"If-None-Match", etag.encode("ascii"))]
    return [
        *condition,
        (b"Host", url.netloc),
        (b"User-Agent", b"lipwright"),
        (b"Accept", b"*/*"),
        (b"Accept-Encoding", b"identity"),
        (b"Connection", b"close"),
    ]


def _header(answer: httpcore.Response, name: bytes) -> str | None:
    for key, value in answer.headers:
        if key.lower() == name:
            return value.decode("latin-1")
    return None


def _within(seconds: float, resolve: Resolver, host: str, port: int) -> Sequence[str]:
    """Run the resolver, which knows no time-out, in a thread of its own and stop waiting."""
    outcome: list[Sequence[str] | BaseException] = []

    def work() -> None:
        try:
            outcome.append(resolve(host, port))
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=work, name="lipwright-resolve", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise TimeoutError
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
