"""A stretch of encoded pictures in a file of its own, until the stretches are joined.

The file is between our own processes and lives for minutes: a line of JSON with the encoder's
parameter sets, then for each packet its time stamp, length, kind and bytes, then how many there
were. One that was cut off is noticed.
"""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from lipwright.errors import FailedError
from lipwright.media.avc import ParameterSets

_MAGIC = b"lipwright part 1\n"
_RECORD = struct.Struct(">qBI")
_KEY, _END = 1, 2
_MAX_HEAD = 1 << 16


class PartWriter:
    """Writes one part into an open file."""

    def __init__(self, file: BinaryIO, sets: ParameterSets) -> None:
        self._file = file
        self._count = 0
        head = {
            "sps": [one.hex() for one in sets.sps],
            "pps": [one.hex() for one in sets.pps],
        }
        file.write(_MAGIC + json.dumps(head).encode() + b"\n")

    def add(self, pts: int, key: bool, data: bytes) -> None:
        """Append a packet; ``data`` is NAL units with lengths of four bytes."""
        self._file.write(_RECORD.pack(pts, _KEY if key else 0, len(data)))
        self._file.write(data)
        self._count += 1

    def end(self) -> None:
        """Say that the part is complete."""
        self._file.write(_RECORD.pack(self._count, _END, 0))


class PartReader:
    """Reads a part again, as often as wanted.

    Attributes
    ----------
    sets
        The encoder's parameter sets.
    pts
        Time stamps in the order of decoding.

    Raises
    ------
    FailedError
        ``bad_part``: the file is not a complete part.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                self.sets = _head(file)
                self._start = file.tell()
                self.pts = tuple(pts for pts, _, _ in _records(file, skip=True))
        except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
            raise FailedError("bad_part", f"a part of the result is damaged: {error}") from error

    def packets(self) -> Iterator[tuple[int, bool, bytes]]:
        """Yield time stamp, whether decoding can begin there, and bytes."""
        with self._path.open("rb") as file:
            file.seek(self._start)
            yield from _records(file, skip=False)


def _head(file: BinaryIO) -> ParameterSets:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("it does not begin as one")
    head = json.loads(file.readline(_MAX_HEAD))
    sps, pps = (tuple(bytes.fromhex(one) for one in head[kind]) for kind in ("sps", "pps"))
    return ParameterSets(sps, pps)


def _records(file: BinaryIO, *, skip: bool) -> Iterator[tuple[int, bool, bytes]]:
    count = 0
    while True:
        pts, kind, size = _RECORD.unpack(file.read(_RECORD.size))
        if kind == _END:
            if pts != count or file.read(1):
                raise ValueError("it lacks packets")
            return
        data = b""
        if skip:
            file.seek(size, 1)
        else:
            data = file.read(size)
            if len(data) != size:
                raise ValueError("it is cut off")
        count += 1
        yield pts, kind == _KEY, data


@contextmanager
def parts_folder(output: Path) -> Iterator[Path]:
    """A folder for parts beside the result: what holds the one can be expected to hold both.

    Raises
    ------
    FailedError
        ``encode_failed``: it cannot be made.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix=".lipwright-", dir=output.absolute().parent)
    except OSError as error:
        raise FailedError("encode_failed", f"the result cannot be written: {error}") from error
    with folder as name:
        yield Path(name)
