"""A PostgreSQL server in a temporary folder, which can be restarted and killed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from chaos.servers.process import (
    Server,
    ServerError,
    give_away,
    last_words,
    missing_tools,
    run_tool,
    start_server,
)

_START_S = 120.0
_STOP_S = 60.0


def programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, None if they are not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def why_not() -> str:
    """Say why no PostgreSQL can be started here; empty if one can."""
    if programs() is None:
        return "PostgreSQL's server is not installed"
    return "setpriv is not installed" if missing_tools(["setpriv"]) else ""


class Postgres(Server):
    """One server with durable data; use it as a context manager.

    Parameters
    ----------
    settings
        Lines for its configuration, over what suits a server that lives for minutes.
    """

    def __init__(self, **settings: str) -> None:
        folder = programs()
        if folder is None:
            raise ServerError(why_not())
        self._programs = folder
        super().__init__("pg")
        self.log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        give_away(self.folder)
        self._data = self.folder / "data"
        run_tool(
            [
                *(str(folder / "initdb"), "-D", str(self._data), "-U", "lipwright"),
                *("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            self.folder,
        )
        configuration = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "300",
            **settings,
        }
        with (self._data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in configuration.items())
        self.start()

    def url(self, port: int | None = None, database: str = "postgres") -> str:
        """Return the URL of a database, through another port if one is named."""
        return f"postgresql://lipwright@127.0.0.1:{port or self.port}/{database}"

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers; after a crash, until it has recovered."""
        deadline = time.monotonic() + _START_S
        while True:
            self._process = start_server(
                [str(self._programs / "postgres"), "-D", str(self._data)],
                self.folder,
                self.log,
                "QUIT",
            )
            while self._process.poll() is None:
                with suppress(psycopg.Error), psycopg.connect(self.url(), connect_timeout=5):
                    return
                if time.monotonic() > deadline:
                    self.kill()
                    break
                time.sleep(0.1)
            # The processes of a killed one may hold its shared memory for another moment.
            if time.monotonic() > deadline:
                raise ServerError(f"PostgreSQL does not start: {last_words(self.log)}")
            time.sleep(0.3)

    def restart(self, pause_s: float = 0.0) -> None:
        """Stop it as if the power failed, without a word to its clients, and start it again."""
        self.stop(signal.SIGQUIT)
        time.sleep(pause_s)
        self.start()

    def kill(self) -> None:
        """Kill -9 the postmaster; its other processes notice and end."""
        self.stop(signal.SIGKILL)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it with a signal and wait for all of it."""
        if self._process is None:
            return
        family = []
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(self._process.pid).children(recursive=True)
        self._process.send_signal(how)
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        psutil.wait_procs(family, timeout=_STOP_S)
        self._process = None

    def end(self) -> None:
        """End it at once."""
        self.stop(signal.SIGQUIT)
