"""Connections that go to checked addresses only and wait no longer than a fetch has left."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from lipwright.media.addresses import Address

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 15.0


class CheckedBackend(httpcore.NetworkBackend):
    """Connects by address, to nothing that was not checked.

    Parameters
    ----------
    addresses
        Resolves a host and port and checks what it finds; raises where something is forbidden.
    left_s
        Tells how many seconds there are until the deadline; raises when there are none.
    """

    def __init__(
        self, addresses: Callable[[str, int], Sequence[Address]], left_s: Callable[[], float]
    ) -> None:
        self._addresses = addresses
        self._left_s = left_s
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the host's checked addresses that answers."""
        addresses = self._addresses(host, port)
        fault: Exception | None = None
        for position, address in enumerate(addresses):
            # Spread what is left, so that a dead first address does not use it all up.
            share = self._left_s() / (len(addresses) - position)
            try:
                stream = self._plain.connect_tcp(
                    str(address),
                    port,
                    timeout=min(CONNECT_TIMEOUT_S, share),
                    socket_options=socket_options or (),
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
            else:
                return _TimedStream(stream, self._left_s)
        assert fault is not None
        raise fault

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Refuse: a fetch never uses a local socket."""
        raise httpcore.UnsupportedProtocol("a fetch never uses a local socket")


class _TimedStream(httpcore.NetworkStream):
    """Cuts each wait on a connection down to what the whole fetch has left."""

    def __init__(self, stream: httpcore.NetworkStream, left_s: Callable[[], float]) -> None:
        self._stream = stream
        self._left_s = left_s

    def _limit(self, timeout: float | None) -> float:
        return min(self._left_s(), timeout if timeout is not None else READ_TIMEOUT_S)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._limit(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._limit(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._limit(timeout))
        return _TimedStream(secure, self._left_s)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
