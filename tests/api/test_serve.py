from __future__ import annotations

import socket

import pytest

from lipwright.api import serve
from lipwright.errors import FailedError
from lipwright.settings import Settings


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_port_0_takes_a_free_port(host: str) -> None:
    with serve.listen(host, 0) as listener:
        port = listener.getsockname()[1]
        assert port > 0
        with socket.create_connection(("127.0.0.1", port), timeout=60):
            pass


def test_answers_do_not_wait_for_acknowledgements() -> None:
    with (
        serve.listen("127.0.0.1", 0) as listener,
        socket.create_connection(listener.getsockname(), timeout=60),
    ):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


@pytest.mark.parametrize("host", ["nobody.invalid", "203.0.113.1", "not a host"])
def test_an_address_that_is_not_ours(host: str) -> None:
    with pytest.raises(FailedError, match="cannot listen on"):
        serve.listen(host, 0)


def test_a_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(FailedError, match=f"cannot listen on 127.0.0.1:{port}"):
            serve.listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "public_url", "shown"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:{port}"),
        ("localhost", "", "http://localhost:{port}"),
        ("0.0.0.0", "", "http://127.0.0.1:{port}"),
        ("::1", "", "http://[::1]:{port}"),
        ("127.0.0.1", "https://lips.example/", "https://lips.example"),
    ],
)
def test_the_ready_line(host: str, public_url: str, shown: str) -> None:
    settings = Settings(_env_file=None, host=host, public_url=public_url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = shown.format(port=listener.getsockname()[1])
        assert serve.ready_line(settings, listener) == f"lipwright is ready on {url}"
