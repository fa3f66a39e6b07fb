from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

import pytest

from lipwright.errors import BadInputError
from lipwright.media.post import post

LOOPBACK = (ip_network("127.0.0.0/8"),)


class Receiver:
    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        self.may_answer = threading.Event()
        self.may_answer.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                receiver.may_answer.wait(120)
                try:
                    self.send_response(receiver.status)
                    self.send_header("Location", "/elsewhere")
                    self.send_header("Content-Length", "100000000")
                    self.end_headers()
                except ConnectionError:
                    return

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?x=1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.may_answer.set()
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def test_body_and_headers_arrive_and_the_answers_body_is_not_waited_for(receiver: Receiver) -> None:
    body = '{"name":"Zoë"}'.encode()
    began = time.monotonic()
    assert post(receiver.url, body, {"webhook-id": "1"}, allow=LOOPBACK) == 200
    assert time.monotonic() - began < 40
    [(path, headers, got)] = receiver.got
    assert (path, got, headers["webhook-id"]) == ("/hook?x=1", body, "1")


@pytest.mark.parametrize("status", [301, 307, 308, 404, 500])
def test_the_status_is_told_and_no_redirect_followed(receiver: Receiver, status: int) -> None:
    receiver.status = status
    assert post(receiver.url, b"{}", {}, allow=LOOPBACK) == status
    assert [path for path, _, _ in receiver.got] == ["/hook?x=1"]


def test_a_slow_answer_is_not_waited_for(receiver: Receiver) -> None:
    receiver.may_answer.clear()
    began = time.monotonic()
    with pytest.raises(BadInputError) as caught:
        post(receiver.url, b"{}", {}, allow=LOOPBACK, connect_s=60, answer_s=0.6)
    assert 0.5 < time.monotonic() - began < 40
    assert (caught.value.reason, caught.value.detail) == ("timeout", "no answer within 0.6 s")


def test_the_answer_has_its_own_time_beside_the_connection(receiver: Receiver) -> None:
    receiver.may_answer.clear()
    late = threading.Timer(2.5, receiver.may_answer.set)
    late.start()
    assert post(receiver.url, b"{}", {}, allow=LOOPBACK, connect_s=2, answer_s=60) == 200
    late.join()


def test_a_host_that_does_not_take_the_connection(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as full:
        port = full.getsockname()[1]
        fillers = []
        for _ in range(8):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        began = time.monotonic()
        with pytest.raises(BadInputError) as caught:
            post(f"http://127.0.0.1:{port}/", b"{}", {}, allow=LOOPBACK, connect_s=0.5)
        for filler in fillers:
            filler.close()
    assert time.monotonic() - began < 40
    assert caught.value.detail == "no connection within 0.5 s"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/", "forbidden_address"),
        ("http://169.254.169.254/latest", "forbidden_address"),
        ("http://[::1]/", "forbidden_address"),
        ("file:///etc/passwd", "bad_scheme"),
        ("http://user:word@example.com/", "credentials_in_url"),
    ],
)
def test_what_may_not_be_reached(url: str, reason: str) -> None:
    with pytest.raises(BadInputError) as caught:
        post(url, b"{}", {})
    assert (caught.value.field, caught.value.reason) == ("callback_url", reason)


def test_a_name_that_leads_inside_is_refused(receiver: Receiver) -> None:
    with pytest.raises(BadInputError) as caught:
        post("http://hook.example/", b"{}", {}, resolve=lambda host, port: ["10.0.0.7"])
    assert caught.value.reason == "forbidden_address"
    assert receiver.got == []
