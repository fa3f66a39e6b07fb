"""Run the service: the app in this process, a worker beside it."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

from lipwright.api.app import create_app
from lipwright.api.auth import is_loopback
from lipwright.errors import FailedError
from lipwright.jobs import spans
from lipwright.jobs.engines import check_default_engine
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.trace import set_up_logging
from lipwright.jobs.worker_process import WorkerProcess
from lipwright.settings import Settings

log = logging.getLogger(__name__)

GRACE_S = 5
"""How long answers in progress may take after the service was told to stop."""

_BACKLOG = 512
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


def run(settings: Settings, *, with_worker: bool = True) -> None:
    """Serve until SIGTERM or SIGINT, then end in good order.

    Prints one line with the URL when it is ready.

    Parameters
    ----------
    settings
        Port 0 takes any free port; the printed line tells which.
    with_worker
        Whether a worker process runs beside the app.

    Raises
    ------
    FailedError
        The address cannot be listened on, or the server's own engine cannot run.
    """
    set_up_logging(settings.log_level, settings.log_format)
    spans.set_up("lipwright-api")
    check_default_engine(settings)
    with (
        _stop_signals() as told_to_stop,
        contextlib.closing(listen(settings.host, settings.port)) as listener,
        LipsyncService(settings) as service,
        contextlib.ExitStack() as beside,
    ):
        beside.callback(spans.shut_down)
        worker = beside.enter_context(WorkerProcess(settings)) if with_worker else None

        impatience = threading.Timer(GRACE_S, service.close)
        impatience.daemon = True
        beside.callback(impatience.cancel)

        def announce() -> None:
            print(ready_line(settings, listener), flush=True)
            print(
                f"Open it in a browser for the studio: {address(settings, listener)}/", flush=True
            )
            if not is_loopback(settings.host) and not service.keys_exist():
                print(_KEYLESS, flush=True)

        def wind_down() -> None:
            app.state.context.closing.set()
            # Together with the answers in progress, not after them.
            if worker is not None:
                threading.Thread(target=worker.stop, name="stop-worker").start()
            # An identification would hold its thread for longer than the grace: end it then.
            impatience.start()

        app = create_app(settings, service)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # its lines would hold the signed links
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE_S,
        )
        server = _Server(config, announce, wind_down)
        if not told_to_stop.is_set():
            server.run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket, before anything slow: a taken port is known at once.

    Raises
    ------
    FailedError
        The address is unknown, not this machine's, or taken.
    """
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        # localhost means IPv4 to most clients' configurations.
        family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        raise FailedError(
            "address", f"cannot listen on {host}:{port}: {error.strerror or error}"
        ) from error
    # Connections inherit it. Without it the end of an answer waits for the caller's machine to
    # acknowledge its beginning, which that one puts off for 40 ms; asyncio would see to it, but
    # not for a socket that was made without naming the protocol.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class _Server(uvicorn.Server):
    """uvicorn, telling when it is up and when it begins to stop."""

    def __init__(
        self, config: uvicorn.Config, up: Callable[[], None], stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._up = up
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._up()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stopping()
        await super().shutdown(sockets)


@contextlib.contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """Catch the stop signals around uvicorn's own handling, which raises them again at its end:
    the default would kill this process before the worker and the core are closed.
    """
    told = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        told.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ready_line(settings: Settings, listener: socket.socket) -> str:
    """Return the line that says where the service is."""
    return f"lipwright is ready on {address(settings, listener)}"


def address(settings: Settings, listener: socket.socket) -> str:
    """Return the URL under which the service is reached, without a slash at its end."""
    if settings.public_url:
        return settings.public_url
    host, port = _EVERYWHERE.get(settings.host, settings.host), listener.getsockname()[1]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


_KEYLESS = (
    "There is no API key yet and this address is not loopback, so every call is refused.\n"
    "Create one with: lipwright keys create"
)
