"""Arrays that grow with a video and are needed a little at a time: in a file instead of memory.

The file has no name, so that nothing is left of it whatever happens. It is read through the
system's page cache: where memory is short the system lets go of it, and of nothing else.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from lipwright.errors import FailedError

_folder: ContextVar[Path | None] = ContextVar("scratch_folder", default=None)


@contextmanager
def scratch_in(folder: Path | None) -> Iterator[None]:
    """Let scratch files of this thread lie in a folder; ``None``: the system's for such files."""
    token = _folder.set(folder)
    try:
        yield
    finally:
        _folder.reset(token)


def scratch_file() -> IO[bytes]:
    """Open an empty file without a name, for writing and reading.

    Raises
    ------
    FailedError
        ``encode_failed``: it cannot be made.
    """
    with as_no_room():
        return tempfile.TemporaryFile(dir=_folder.get(), prefix=".lipwright-")


class Rows:
    """Writes an array row by row into a scratch file.

    Parameters
    ----------
    shape
        Of one row.
    dtype
        Of its values.
    """

    def __init__(self, shape: tuple[int, ...], dtype: type[np.generic] | np.dtype[Any]) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._file = scratch_file()
        weakref.finalize(self, self._file.close)
        self._count = 0

    def add(self, rows: NDArray[Any]) -> None:
        """Append (n, ...) rows.

        Raises
        ------
        FailedError
            ``encode_failed``: the disk is full.
        """
        rows = np.ascontiguousarray(rows, self._dtype)
        if rows.shape[1:] != self._shape:
            raise ValueError(f"rows are {rows.shape[1:]}, not {self._shape}")
        with as_no_room():
            self._file.write(rows.data.cast("B") if rows.size else b"")
        self._count += len(rows)

    def array(self) -> NDArray[Any]:
        """All rows, read-only; nothing can be added any more."""
        shape = (self._count, *self._shape)
        with as_no_room(), self._file as file:
            file.flush()
            if os.fstat(file.fileno()).st_size == 0:
                return np.zeros(shape, self._dtype)
            held = _Held(file.fileno(), 0, access=mmap.ACCESS_READ)
        return np.frombuffer(held, self._dtype).reshape(shape)


def on_disk(array: NDArray[Any]) -> NDArray[Any]:
    """An array with the same values that takes no memory until it is read; read-only."""
    rows = Rows(array.shape[1:], array.dtype)
    rows.add(array)
    return rows.array()


def let_go(array: NDArray[Any]) -> None:
    """Hold nothing more in memory of an array of `Rows`; whatever is read of it is read again.

    Arrays of any other kind stay as they are.
    """
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, memoryview):
        owner = owner.obj
    if isinstance(owner, _Held) and hasattr(mmap, "MADV_DONTNEED"):
        owner.madvise(mmap.MADV_DONTNEED)


class _Held(mmap.mmap):
    """A mapped scratch file; no other kind of mapping may be let go of."""


@contextmanager
def as_no_room() -> Iterator[None]:
    """Report what the disk refuses as a failure of the work.

    Raises
    ------
    FailedError
        ``encode_failed``.
    """
    try:
        yield
    except OSError as error:
        raise FailedError(
            "encode_failed", f"there is no room for temporary files: {error}"
        ) from error
