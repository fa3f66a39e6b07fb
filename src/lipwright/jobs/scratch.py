"""Temporary files that a crash cannot leave behind for long.

Every process has a folder of its own and holds a lock in it that the kernel drops when the
process dies, however it dies. A folder whose lock is free is rubbish.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from lipwright.store.objects import remove_tree

try:
    import fcntl
except ImportError:  # Windows has no flock; there nothing is ever called rubbish
    fcntl = None  # type: ignore[assignment]

_LOCK = "lock"
_MAKING_S = 60.0


class Scratch:
    """A folder for this process's temporary files; thread-safe.

    Parameters
    ----------
    base
        Where such folders lie, all processes together.
    """

    def __init__(self, base: Path) -> None:
        base.mkdir(parents=True, exist_ok=True)
        # Made under another name first: without its lock the folder would look like rubbish.
        fresh = base / f".{os.getpid()}-{secrets.token_hex(6)}"
        fresh.mkdir(mode=0o700)
        self._lock: IO[bytes] = (fresh / _LOCK).open("wb")
        if fcntl is not None:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = base / fresh.name[1:]
        fresh.rename(self.path)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Give a new empty folder, removed with all that is in it at the end of the block."""
        path = Path(tempfile.mkdtemp(dir=self.path))
        try:
            yield path
        finally:
            remove_tree(path)

    def close(self) -> None:
        """Remove the folder."""
        remove_tree(self.path)
        self._lock.close()


def remove_orphans(base: Path) -> int:
    """Remove the folders of dead processes; return how many."""
    if fcntl is None or not base.is_dir():
        return 0
    count = 0
    for path in base.iterdir():
        if not path.is_dir():
            continue
        with suppress(FileNotFoundError), (path / _LOCK).open("rb") as lock:
            if path.name.startswith(".") and time.time() - path.stat().st_mtime < _MAKING_S:
                continue
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            remove_tree(path)
            count += 1
    return count
