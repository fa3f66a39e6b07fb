from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from lipwright.errors import BadInputError
from lipwright.media.fetch import UnchangedError, Validator, fetch

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
DATA = Path(__file__).parent / "data"

Handler = Callable[[socket.socket, str], None]


class Server:
    """Answers each connection with whatever the test's handler sends; keeps the requests."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self.handler = handler
        self.tls = tls
        self.requests: list[str] = []
        self.closing = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.02)
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with contextlib.suppress(OSError), connection:
                connection.settimeout(120)
                if self.tls is not None:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = connection.recv(4096)
                    if not piece:
                        break
                    request += piece
                    if request[0] == 0x16:  # a TLS hello where plain HTTP is spoken
                        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                        break
                if b"\r\n\r\n" in request:
                    self.requests.append(request.decode("latin-1"))
                    self.handler(connection, request.split(b" ")[1].decode())
                    with contextlib.suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)
                connection.close()

    def close(self) -> None:
        self.closing.set()
        self.thread.join()
        self.listener.close()

    def url(self, path: str = "/clip.mp4", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def start(handler: Handler | bytes, tls: ssl.SSLContext | None = None) -> Server:
        if isinstance(handler, bytes):
            raw = handler
            servers.append(Server(lambda connection, _: connection.sendall(raw), tls))
        else:
            servers.append(Server(handler, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def ok(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def get(url: str, folder: Path, **options: object) -> Path:
    settings: dict[str, object] = {"max_bytes": 1000, "allow": LOOPBACK, "timeout_s": 60.0}
    fetch(url, folder / "got", **(settings | options))  # type: ignore[arg-type]
    return folder / "got"


def refusal(url: str, folder: Path, **options: object) -> str:
    """Fetch what must be refused; nothing may be left behind."""
    with pytest.raises(BadInputError) as caught:
        get(url, folder, field="speech", **options)
    assert caught.value.field == "speech"
    assert list(folder.iterdir()) == []
    return caught.value.reason


def test_a_file_arrives_whole(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve(ok(b"x" * 1000))
    assert get(server.url(), tmp_path) == tmp_path / "got"
    assert (tmp_path / "got").read_bytes() == b"x" * 1000
    assert [path.name for path in tmp_path.iterdir()] == ["got"]
    request = server.requests[0].lower()
    assert request.startswith("get /clip.mp4 http/1.1\r\n")
    assert f"\r\nhost: 127.0.0.1:{server.port}\r\n" in request
    assert "\r\naccept-encoding: identity\r\n" in request
    assert "cookie" not in request
    assert "authorization" not in request


def test_a_chunked_answer_arrives_whole(serve: Callable[..., Server], tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    server = serve(head + b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
    assert get(server.url(), tmp_path).read_bytes() == b"abcdefg"


def test_the_request_goes_to_the_checked_address_under_the_urls_name(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve(ok(b"hello"))
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    get(server.url(host="files.test"), tmp_path, resolve=resolve)
    assert asked == [("files.test", server.port)]  # once: there is no second look-up to rebind
    assert f"\r\nHost: files.test:{server.port}\r\n" in server.requests[0]


def test_a_name_that_changes_between_look_ups_gains_nothing(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    inside = serve(ok(b"secret"))
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    asked: list[str] = []

    def rebind(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    # The first answer passes the check, so the connection goes there, and only there.
    reason = refusal(
        inside.url(host="rebind.test"), tmp_path, allow=(), resolve=rebind, timeout_s=0.5
    )
    assert reason in {"unreachable", "timeout"}
    assert len(asked) == 1
    assert inside.requests == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["10.0.0.8"],
        ["100.64.0.1"],
        ["fe80::1%eth0"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["93.184.216.34", "127.0.0.1"],
    ],
)
def test_a_host_with_any_private_address_is_refused_unseen(
    serve: Callable[..., Server], tmp_path: Path, addresses: list[str]
) -> None:
    server = serve(ok(b"secret"))
    url = server.url(host="evil.test")
    reason = refusal(url, tmp_path, allow=(), resolve=lambda host, port: addresses)
    assert reason == "forbidden_address"
    assert server.requests == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0"],
)
def test_every_spelling_of_this_machine_is_refused(
    serve: Callable[..., Server], tmp_path: Path, host: str
) -> None:
    server = serve(ok(b"secret"))
    reason = refusal(server.url(host=host), tmp_path, allow=())
    assert reason in {"forbidden_address", "unresolvable", "bad_url"}
    assert server.requests == []


def test_the_refusal_does_not_say_which_address_it_was(tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        get("http://inner.test/", tmp_path, allow=(), resolve=lambda host, port: ["10.9.8.7"])
    assert "10.9.8.7" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.com/a.mp4", "bad_scheme"),
        ("file:///etc/passwd", "bad_scheme"),
        ("gopher://127.0.0.1:70/x", "bad_scheme"),
        ("data:video/mp4;base64,AAAA", "bad_scheme"),
        ("//example.com/a", "bad_scheme"),
        ("/etc/passwd", "bad_scheme"),
        ("clip.mp4", "bad_scheme"),
        ("", "bad_scheme"),
        ("http://", "bad_url"),
        ("http:///path", "bad_url"),
        ("http://exa mple.com/", "bad_url"),
        ("http://a\nb/", "bad_url"),
        ("http://[::1/", "bad_url"),
        ("http://h:99999/", "bad_url"),
        ("http://h:0/", "bad_url"),
        ("http://h:x/", "bad_url"),
        ("http://" + "a" * 300 + ".test/", "bad_url"),
        ("http://example.com/" + "a" * 9000, "bad_url"),
        ("http://user:word@example.com/a", "credentials_in_url"),
        ("http://user@example.com/a", "credentials_in_url"),
        ("http://:@example.com/a", "credentials_in_url"),
        ("http://example.com\\@127.0.0.1/", "credentials_in_url"),
        ("http://nobody.invalid/", "unresolvable"),
    ],
)
def test_urls_that_cannot_be_fetched(tmp_path: Path, url: str, reason: str) -> None:
    def resolve(host: str, port: int) -> list[str]:
        host.encode("idna")
        raise OSError("unknown")

    found = refusal(url, tmp_path, resolve=resolve)
    assert found == reason or (reason == "bad_url" and found == "unresolvable" and "a" * 300 in url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(serve: Callable[..., Server], tmp_path: Path, status: int) -> None:
    def handler(connection: socket.socket, path: str) -> None:
        connection.sendall(ok(b"there") if path == "/b?x=1" else redirect("b?x=1#top", status))

    server = serve(handler)
    assert get(server.url("/a"), tmp_path).read_bytes() == b"there"
    assert len(server.requests) == 2


def test_five_redirects_are_followed_and_a_sixth_is_not(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    def handler(connection: socket.socket, path: str) -> None:
        left = int(path[1:])
        connection.sendall(redirect(f"/{left - 1}") if left else ok(b"end"))

    server = serve(handler)
    assert refusal(server.url("/6"), tmp_path) == "too_many_redirects"
    assert get(server.url("/5"), tmp_path).read_bytes() == b"end"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://10.0.0.1/secret", "forbidden_address"),
        ("http://169.254.169.254/latest/meta-data/", "forbidden_address"),
        ("http://[::1]:1/", "forbidden_address"),
        ("//192.168.0.1/x", "forbidden_address"),
        ("file:///etc/passwd", "bad_scheme"),
        ("gopher://127.0.0.1/", "bad_scheme"),
        ("http://user:word@127.0.0.1/", "credentials_in_url"),
        ("", "bad_response"),
        ("http://[", "bad_url"),
    ],
)
def test_a_redirect_is_checked_like_the_first_url(
    serve: Callable[..., Server], tmp_path: Path, location: str, reason: str
) -> None:
    server = serve(redirect(location))
    url = server.url(host="127.0.0.1")
    assert refusal(url, tmp_path, allow=(ip_network("127.0.0.0/8"),)) == reason


@pytest.mark.parametrize("status", [206, 304, 400, 401, 403, 404, 410, 500, 503])
def test_an_answer_that_is_no_success_is_refused(
    serve: Callable[..., Server], tmp_path: Path, status: int
) -> None:
    length = "" if status == 304 else "Content-Length: 5\r\n"
    body = b"" if status == 304 else b"error"
    server = serve(f"HTTP/1.1 {status} Word\r\n{length}\r\n".encode() + body)
    assert refusal(server.url(), tmp_path) == "http_status"


def test_a_length_over_the_limit_is_refused_before_the_bytes(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    def handler(connection: socket.socket, _: str) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        connection.recv(1)  # says nothing more until the fetch hangs up

    started = time.monotonic()
    assert refusal(serve(handler).url(), tmp_path) == "too_large"
    assert time.monotonic() - started < 40


def test_an_endless_answer_is_cut_at_the_limit(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    sent = 0

    def handler(connection: socket.socket, _: str) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sent += connection.send(b"x" * 10_000)

    server = serve(handler)
    assert refusal(server.url(), tmp_path, max_bytes=200_000) == "too_large"
    server.close()
    assert sent < 20_000_000  # what socket buffers hold, not what an endless server has


def test_exactly_the_limit_is_accepted_and_one_byte_more_is_not(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    assert refusal(serve(ok(b"x" * 1001)).url(), tmp_path) == "too_large"
    unannounced = serve(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001)
    assert refusal(unannounced.url(), tmp_path) == "too_large"
    assert get(serve(ok(b"x" * 1000)).url(), tmp_path).stat().st_size == 1000


def test_the_limit_is_named_in_megabytes(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 5000001\r\n\r\n")
    with pytest.raises(BadInputError, match="must be at most 5 MB"):
        get(server.url(), tmp_path, max_bytes=5_000_000)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "incomplete"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "incomplete"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "incomplete"),
        (b"", "incomplete"),
        (ok(b""), "empty"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "bad_response"),
        (b"\x00\x01\x02\xff\r\n\r\n", "bad_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "bad_response"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000, "bad_response"),
        (ok(b"bomb", "Content-Encoding: gzip"), "bad_response"),
        (ok(b"bomb", "content-encoding:  BR "), "bad_response"),
    ],
)
def test_broken_answers_are_refused(
    serve: Callable[..., Server], tmp_path: Path, answer: bytes, reason: str
) -> None:
    assert refusal(serve(answer).url(), tmp_path) == reason


def drip_headers(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X: y\r\n")
        time.sleep(0.05)


def drip_body(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def silence(connection: socket.socket, _: str) -> None:
    connection.recv(1)


@pytest.mark.parametrize("handler", [drip_headers, drip_body, silence])
def test_a_slow_server_is_left_at_the_deadline(
    serve: Callable[..., Server], tmp_path: Path, handler: Handler
) -> None:
    started = time.monotonic()
    assert refusal(serve(handler).url(), tmp_path, timeout_s=0.5) == "timeout"
    assert time.monotonic() - started < 40


def test_the_deadline_covers_all_redirects_together(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    def handler(connection: socket.socket, _: str) -> None:
        time.sleep(0.3)
        connection.sendall(redirect("/again"))

    started = time.monotonic()
    assert refusal(serve(handler).url(), tmp_path, timeout_s=0.7) == "timeout"
    assert time.monotonic() - started < 40


def test_a_slow_resolver_is_left_at_the_deadline(tmp_path: Path) -> None:
    released = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        released.wait(120)
        return []

    started = time.monotonic()
    assert refusal("http://slow.test/", tmp_path, resolve=resolve, timeout_s=0.3) == "timeout"
    assert time.monotonic() - started < 40
    released.set()


def test_a_closed_port_is_unreachable(tmp_path: Path) -> None:
    with socket.socket() as reserved:  # nobody else can take it meanwhile
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        assert refusal(f"http://127.0.0.1:{port}/", tmp_path) == "unreachable"


def test_the_next_address_is_tried_when_one_is_dead(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve(ok(b"second"))
    url = server.url(host="two.test")
    got = get(url, tmp_path, resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    assert got.read_bytes() == b"second"


def test_proxies_in_the_environment_are_not_used(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(ok(b"from the proxy"))
    server = serve(ok(b"from the server"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url(""))
    assert get(server.url(), tmp_path).read_bytes() == b"from the server"
    assert proxy.requests == []


def test_a_fault_leaves_an_older_file_alone(serve: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / "got").write_bytes(b"old")
    with pytest.raises(BadInputError):
        get(serve(ok(b"x" * 2000)).url(), tmp_path)
    assert (tmp_path / "got").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


class TestTls:
    """The certificate must be good for the URL's name, although the connection is by address."""

    @pytest.fixture
    def server(self, serve: Callable[..., Server]) -> tuple[Server, list[str | None]]:
        names: list[str | None] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(DATA / "files_test.pem")
        context.sni_callback = lambda _socket, name, _context: names.append(name)
        return serve(ok(b"secure"), context), names

    @pytest.fixture
    def trusted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(DATA / "test_authority.pem"))

    @pytest.mark.usefixtures("trusted")
    def test_the_name_is_sent_and_verified(
        self, server: tuple[Server, list[str | None]], tmp_path: Path
    ) -> None:
        url = server[0].url(host="files.test", scheme="https")
        got = get(url, tmp_path, resolve=lambda host, port: ["127.0.0.1"])
        assert got.read_bytes() == b"secure"
        assert server[1] == ["files.test"]

    @pytest.mark.usefixtures("trusted")
    def test_another_name_is_refused(
        self, server: tuple[Server, list[str | None]], tmp_path: Path
    ) -> None:
        url = server[0].url(host="other.test", scheme="https")
        assert refusal(url, tmp_path, resolve=lambda h, p: ["127.0.0.1"]) == "unreachable"

    def test_an_unknown_authority_is_refused(
        self, server: tuple[Server, list[str | None]], tmp_path: Path
    ) -> None:
        url = server[0].url(host="files.test", scheme="https")
        assert refusal(url, tmp_path, resolve=lambda h, p: ["127.0.0.1"]) == "unreachable"

    def test_plain_http_behind_https_is_refused(
        self, serve: Callable[..., Server], tmp_path: Path
    ) -> None:
        server = serve(ok(b"plain"))
        assert refusal(server.url(scheme="https"), tmp_path) == "unreachable"


def validate(url: str, folder: Path, known: Validator | None = None) -> Validator | None:
    options: dict[str, object] = {"max_bytes": 1000, "allow": LOOPBACK, "timeout_s": 60.0}
    return fetch(url, folder / "got", known=known, **options)  # type: ignore[arg-type]


def test_a_file_that_has_not_changed_is_not_sent_again(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve(ok(b"x" * 100, 'ETag: "one"'))
    known = validate(server.url(), tmp_path)
    assert known is not None
    assert known.etag == '"one"'
    assert "if-none-match" not in server.requests[0].lower()
    (tmp_path / "got").unlink()
    server.handler = lambda connection, _: connection.sendall(
        b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n\r\n'
    )
    with pytest.raises(UnchangedError):
        validate(server.url(), tmp_path, known)
    assert '\r\nif-none-match: "one"\r\n' in server.requests[1].lower()
    assert list(tmp_path.iterdir()) == []


def test_a_tag_is_shown_only_where_it_came_from(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    server = serve(ok(b"x" * 100, 'ETag: "one"'))
    known = validate(server.url("/a.mp4"), tmp_path)
    server.handler = lambda connection, _: connection.sendall(b"HTTP/1.1 304 Ha\r\n\r\n")
    with pytest.raises(BadInputError) as caught:
        validate(server.url("/b.mp4"), tmp_path, known)
    assert caught.value.reason == "http_status"
    assert "if-none-match" not in server.requests[1].lower()


@pytest.mark.parametrize(
    "headers",
    [
        ('ETag: W/"weak"',),
        ("ETag: bare",),
        ('ETag: "' + "x" * 300 + '"',),
        ('ETag: "one"', "Cache-Control: private, no-store"),
        (),
    ],
)
def test_what_is_not_sure_is_not_remembered(
    serve: Callable[..., Server], tmp_path: Path, headers: tuple[str, ...]
) -> None:
    assert validate(serve(ok(b"x" * 100, *headers)).url(), tmp_path) is None
