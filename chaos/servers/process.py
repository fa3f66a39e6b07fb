"""Server processes that never outlive us and never run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

USERS = ("postgres", "nobody")
"""Who runs a server if we are root, the first of them that there is."""


class ServerError(Exception):
    """A server does not start or answer; the message holds the end of its log."""


class Server(ABC):
    """A server in a temporary folder; a context manager, at whose end both are gone.

    Parameters
    ----------
    name
        For the folder.

    Attributes
    ----------
    folder
        Where all of it lies.
    port
        Of loopback, for it to listen on.
    """

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"lipwright-{name}-"))
        self.port = free_port()

    @abstractmethod
    def end(self) -> None:
        """End its processes, as many as run."""

    def close(self) -> None:
        """End it and remove its data."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def free_port() -> int:
    """Give a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def lesser_user() -> pwd.struct_passwd | None:
    """Return the user that servers run as, None if that is simply us."""
    if os.geteuid() != 0:
        return None
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerError("there is no user to run a server as")


def give_away(folder: Path) -> None:
    """Make a folder and all in it the property of `lesser_user`."""
    user = lesser_user()
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid)


def as_lesser_user(command: list[str], *, until_parent_dies: str = "") -> list[str]:
    """Return the command that runs another one without root's rights.

    Parameters
    ----------
    command
        What to run.
    until_parent_dies
        The signal that it gets when the thread that started it ends; empty: none.
    """
    user = lesser_user()
    options = []
    if user is not None:
        options += [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if until_parent_dies:
        options += [f"--pdeathsig={until_parent_dies}"]
    return ["setpriv", *options, "--", *command] if options else command


def run_tool(command: list[str], folder: Path, *, within_s: float = 120.0) -> str:
    """Run a tool to its end without root's rights; return what it printed.

    Raises
    ------
    ServerError
        It failed or took too long.
    """
    try:
        done = subprocess.run(
            as_lesser_user(command),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=within_s,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"},
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ServerError(f"{command[0]} took longer than {within_s:g} s") from error
    if done.returncode:
        raise ServerError(f"{' '.join(command)} failed: {done.stdout}{done.stderr}")
    return done.stdout


def start_server(
    command: list[str], folder: Path, log: Path, dies_by: str
) -> subprocess.Popen[bytes]:
    """Start a server without root's rights; call it from a thread that stays."""
    with log.open("ab") as output:
        return subprocess.Popen(
            as_lesser_user(command, until_parent_dies=dies_by),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )


def last_words(log: Path) -> str:
    """Return the end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log.exists() else ""


def missing_tools(names: list[str]) -> list[str]:
    """Return those of the programs that are not installed."""
    return [name for name in names if shutil.which(name) is None]
