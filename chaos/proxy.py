"""A network that can be cut: TCP connections passed on to a server, until told otherwise."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from enum import Enum
from typing import Any, Self

_PIECE_BYTES = 1 << 16


class Line(Enum):
    """State of a connection's way: open, silent (nothing arrives, nothing is said), or cut."""

    OPEN = "open"
    SILENT = "silent"
    CUT = "cut"


class Proxy:
    """Listens on a port of its own and passes on to ``target``; belongs to a `Network`."""

    def __init__(self, network: Network, target: int) -> None:
        self._network = network
        self._target = target
        self._line = Line.OPEN
        self._changed = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def listen(self) -> None:
        """Open the port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    def set(self, line: Line) -> None:
        """Change the state of the network; from any thread."""
        self._network.call(self._set(line))

    async def _set(self, line: Line) -> None:
        self._line = line
        self._changed.set()
        self._changed = asyncio.Event()
        if line is Line.CUT:
            for writer in list(self._writers):
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._line is Line.CUT:
            writer.transport.abort()
            return
        await self._until_heard()
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._writers -= {writer, far_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(_PIECE_BYTES):
                await self._until_heard()
                writer.write(piece)
                await writer.drain()
        with suppress(OSError):
            writer.close()

    async def _until_heard(self) -> None:
        while self._line is Line.SILENT:
            await self._changed.wait()


class Network:
    """The loop that all proxies run in, in a thread of its own; use it as a context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in the loop and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def proxy(self, target: int) -> Proxy:
        """Open a way to a port."""
        proxy = Proxy(self, target)
        self.call(proxy.listen())
        return proxy

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _end(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
