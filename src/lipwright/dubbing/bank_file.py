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
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAGIC: Final = b"lipwright bank 1\n"
MAX_BYTES: Final = 128_000_000
"""Larger files are neither written nor read: about four minutes of a face."""

_DIGEST_BYTES: Final = 32
_LENGTH_BYTES: Final = 4
_MAX_HEADER_BYTES: Final = 8_000_000
_KINDS: Final = "biuf"
_MAX_DIMENSIONS: Final = 8


class BadBankError(Exception):
    """The file is not one of ours, damaged, too large, or about something else."""


def write_arrays(path: Path, about: Mapping[str, str], arrays: Mapping[str, NDArray[Any]]) -> None:
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
        name: np.asarray(array, order="C").astype(array.dtype.newbyteorder("<"), copy=False)
        for name, array in arrays.items()
    }
    listed = [[name, array.dtype.str, list(array.shape)] for name, array in plain.items()]
    header = json.dumps({"about": dict(about), "arrays": listed}).encode()
    size = sum(array.nbytes for array in plain.values()) + len(header)
    if size > MAX_BYTES - 256 or len(header) > _MAX_HEADER_BYTES:
        raise BadBankError(f"{size} bytes are too many")
    pieces = [len(header).to_bytes(_LENGTH_BYTES, "little"), header]
    pieces += [array.tobytes() for array in plain.values()]
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    fresh = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(MAGIC + digest.digest())
            file.writelines(pieces)
        fresh.replace(path)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()


def read_arrays(path: Path, about: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """Read what `write_arrays` wrote; the arrays are read-only.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    BadBankError
        It is not right, or not about what was expected.
    """
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size > MAX_BYTES:
            raise BadBankError("it is too large")
        data = file.read(MAX_BYTES)
    start = len(MAGIC) + _DIGEST_BYTES
    body = memoryview(data)[start:]
    if not data.startswith(MAGIC) or hashlib.sha256(body).digest() != data[len(MAGIC) : start]:
        raise BadBankError("it is damaged")
    length = int.from_bytes(body[:_LENGTH_BYTES], "little")
    rest = body[_LENGTH_BYTES:]
    if length > min(_MAX_HEADER_BYTES, len(rest)):
        raise BadBankError("its header is too long")
    try:
        header = json.loads(bytes(rest[:length]))
        if header["about"] != dict(about):
            raise BadBankError("it is about something else")
        return _arrays(header["arrays"], rest[length:])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        raise BadBankError(f"its header is wrong: {error}") from error


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


def _arrays(listed: Any, data: memoryview) -> dict[str, NDArray[Any]]:
    found: dict[str, NDArray[Any]] = {}
    at = 0
    for name, kind, shape in listed:
        dtype = np.dtype(str(kind))
        if dtype.kind not in _KINDS or dtype.itemsize > 8 or dtype.subdtype is not None:
            raise BadBankError(f"{name} is of {dtype}")
        if len(shape) > _MAX_DIMENSIONS or not all(type(n) is int and n >= 0 for n in shape):
            raise BadBankError(f"{name} has the shape {shape}")
        size = math.prod(shape) * dtype.itemsize
        if not isinstance(name, str) or name in found or at + size > len(data):
            raise BadBankError(f"{name} does not fit")
        found[name] = np.frombuffer(data[at : at + size], dtype).reshape(shape)
        at += size
    if at != len(data):
        raise BadBankError("something is left over")
    return found
