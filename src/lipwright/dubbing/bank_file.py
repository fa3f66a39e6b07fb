"""A file of named arrays that may come from anywhere and is believed only where it is right.

Magic, SHA-256 of all that follows, length of the header, header (JSON), and the arrays' bytes in
the header's order. Nothing is unpickled, evaluated or decompressed, so the worst that a hostile
file can be is wrong: then it is no file.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from lipwright.media.scratch import as_no_room, scratch_file

MAGIC: Final = b"lipwright bank 1\n"
MAX_BYTES: Final = 128_000_000
"""Larger files are neither written nor read."""

_DIGEST_BYTES: Final = 32
_LENGTH_BYTES: Final = 4
_MAX_HEADER_BYTES: Final = 8_000_000
_KINDS: Final = "biuf"
_MAX_DIMENSIONS: Final = 8


class BadBankError(Exception):
    """The file is not one of ours, damaged, too large, or about something else."""


class ArrayFile:
    """An open file with arrays in it; closed when nobody has any of them any more."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        weakref.finalize(self, file.close)

    def read(self, at: int, size: int) -> bytes:
        """Some of its bytes; raises `BadBankError` if it ends before."""
        self._file.seek(at)
        data = self._file.read(size)
        if len(data) != size:
            raise BadBankError("it was cut off")
        return data


class ScratchArrays(ArrayFile):
    """Takes arrays out of memory until they are needed."""

    def __init__(self) -> None:
        super().__init__(scratch_file())

    def store(self, arrays: Mapping[str, NDArray[Any]]) -> Callable[[], dict[str, StoredArray]]:
        """Write arrays; returns what finds them again.

        Raises
        ------
        FailedError
            ``encode_failed``: the disk is full.
        """
        plain = {name: _plain(array) for name, array in arrays.items()}
        listed = [[name, array.dtype.str, list(array.shape)] for name, array in plain.items()]
        # Even a list of so many names would take more memory than is left to a long video.
        index = json.dumps(listed).encode()
        with as_no_room():
            begin = self._file.seek(0, os.SEEK_END)
            self._file.write(index)
            for array in plain.values():
                self._file.write(array.tobytes())
            end = self._file.tell()

        def found() -> dict[str, StoredArray]:
            there = _listed(json.loads(self.read(begin, len(index))), begin + len(index), end)
            return {name: StoredArray(self, *where) for name, where in there.items()}

        return found


@dataclass(frozen=True, eq=False)
class StoredArray:
    """An array in a file, read anew whenever it is asked for."""

    file: ArrayFile
    at: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """How large it is."""
        return math.prod(self.shape) * self.dtype.itemsize

    def read(self) -> NDArray[Any]:
        """The array, read-only; raises `BadBankError` or `OSError`."""
        return np.frombuffer(self.file.read(self.at, self.nbytes), self.dtype).reshape(self.shape)


def write_arrays(
    path: Path, about: Mapping[str, str], arrays: Mapping[str, NDArray[Any] | StoredArray]
) -> None:
    """Write a file in place of an older one; readers see the old one or the new one, whole.

    Parameters
    ----------
    path
        Where; its folder is there. Only the owner may read it.
    about
        What the arrays are of; whoever reads them must expect the same.
    arrays
        Booleans, integers, floats.

    Raises
    ------
    BadBankError
        It would be larger than `MAX_BYTES`.
    """
    plain = {
        name: array if isinstance(array, StoredArray) else _plain(array)
        for name, array in arrays.items()
    }
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in plain.items()]
    header = json.dumps({"about": dict(about), "arrays": listed}).encode()
    size = sum(array.nbytes for array in plain.values()) + len(header)
    if size > MAX_BYTES - 256 or len(header) > _MAX_HEADER_BYTES:
        raise BadBankError(f"{size} bytes are too many")
    fresh = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(MAGIC + bytes(_DIGEST_BYTES))
            digest = hashlib.sha256()
            for piece in _bytes_of(header, plain.values()):
                digest.update(piece)
                file.write(piece)
            file.seek(len(MAGIC))
            file.write(digest.digest())
        fresh.replace(path)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(array, order="C").astype(array.dtype.newbyteorder("<"), copy=False)


def _bytes_of(header: bytes, arrays: Iterable[NDArray[Any] | StoredArray]) -> Iterator[bytes]:
    yield len(header).to_bytes(_LENGTH_BYTES, "little")
    yield header
    for array in arrays:
        if isinstance(array, StoredArray):
            yield array.file.read(array.at, array.nbytes)
        else:
            yield array.tobytes()


def read_arrays(path: Path, about: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Read what `write_arrays` wrote; the arrays are read-only. Raises as `open_arrays`."""
    return {name: array.read() for name, array in open_arrays(path, about).items()}


def open_arrays(path: Path, about: Mapping[str, str]) -> dict[str, StoredArray]:
    """Check a file that `write_arrays` wrote, and say where its arrays are.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    BadBankError
        It is not right, or not about what was expected.
    """
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        size = os.fstat(file.fileno()).st_size
        if size > MAX_BYTES:
            raise BadBankError("it is too large")
        begin = file.read(len(MAGIC) + _DIGEST_BYTES)
        digest = hashlib.file_digest(file, "sha256").digest()
        if not begin.startswith(MAGIC) or digest != begin[len(MAGIC) :]:
            raise BadBankError("it is damaged")
        file.seek(len(begin))
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        at = len(begin) + _LENGTH_BYTES + length
        if length > _MAX_HEADER_BYTES or at > size:
            raise BadBankError("its header is too long")
        try:
            header = json.loads(file.read(length))
            if header["about"] != dict(about):
                raise BadBankError("it is about something else")
            found = _listed(header["arrays"], at, size)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise BadBankError(f"its header is wrong: {error}") from error
        stack.pop_all()
    opened = ArrayFile(file)
    return {name: StoredArray(opened, *where) for name, where in found.items()}


def listed_names(path: Path) -> frozenset[str]:
    """Return the names of the arrays that a file says it has, without reading the arrays.

    Nothing is checked but that the header can be read: enough to plan by, not to believe.
    Nothing that can be read has no names.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return frozenset()
            file.seek(_DIGEST_BYTES, os.SEEK_CUR)
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            header = json.loads(file.read(min(length, _MAX_HEADER_BYTES)))
        return frozenset(str(name) for name, *_ in header["arrays"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return frozenset()


def _listed(
    listed: Any, at: int, end: int
) -> dict[str, tuple[int, np.dtype[Any], tuple[int, ...]]]:
    """Place, kind and shape of each array, of which the first begins and the last ends there."""
    found: dict[str, tuple[int, np.dtype[Any], tuple[int, ...]]] = {}
    for name, kind, shape in listed:
        dtype = np.dtype(str(kind))
        if dtype.kind not in _KINDS or dtype.itemsize > 8 or dtype.subdtype is not None:
            raise BadBankError(f"{name} is of {dtype}")
        if len(shape) > _MAX_DIMENSIONS or not all(type(n) is int and n >= 0 for n in shape):
            raise BadBankError(f"{name} has the shape {shape}")
        size = math.prod(shape) * dtype.itemsize
        if not isinstance(name, str) or name in found or at + size > end:
            raise BadBankError(f"{name} does not fit")
        found[name] = at, dtype, tuple(shape)
        at += size
    if at != end:
        raise BadBankError("something is left over")
    return found
