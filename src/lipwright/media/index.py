"""The parts of an mp4's index that FFmpeg hides: sample descriptions and edit lists."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_MAX_INDEX = 256 << 20
_CONTAINERS = {b"trak", b"mdia", b"minf", b"stbl", b"edts"}


class UnusualIndexError(Exception):
    """Something in it is not plain; says what, as the end of a sentence."""


def check_index(path: Path) -> None:
    """Make sure that the pictures of a file are described once and shown once, at one speed.

    Raises
    ------
    UnusualIndexError
        They are not.
    """
    for kind, body in _boxes(_index_of(path)):
        if kind == b"trak":
            _check_track(body)
        if kind == b"mvex":
            raise UnusualIndexError("the file is in fragments")


def _check_track(track: bytes) -> None:
    found = dict(_deep(track))
    handler = found.get(b"hdlr", b"")[8:12]
    if handler != b"vide":
        return
    descriptions = found.get(b"stsd", b"\0" * 8)
    if int.from_bytes(descriptions[4:8], "big") != 1:
        raise UnusualIndexError("the video has several sample descriptions")
    edits = found.get(b"elst")
    if edits is None:
        return
    count = int.from_bytes(edits[4:8], "big")
    form = ">QqhH" if edits[0] == 1 else ">IihH"
    size = struct.calcsize(form)
    if len(edits) < 8 + count * size:
        raise UnusualIndexError("its edit list is damaged")
    entries = [struct.unpack_from(form, edits, 8 + i * size) for i in range(count)]
    # One pause at the beginning is how a late start is written.
    shown = entries[1:] if entries and entries[0][1] == -1 else entries
    if len(shown) > 1 or any(one[2:] != (1, 0) or one[1] < 0 for one in shown):
        raise UnusualIndexError("its edit list is not a plain one")


def _index_of(path: Path) -> bytes:
    size = path.stat().st_size
    at = 0
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length, start = int.from_bytes(head[:4], "big"), 8
            if length == 1:
                length, start = int.from_bytes(head[8:16], "big"), 16
            elif length == 0:
                length = size - at
            if length < start:
                break
            if head[4:8] == b"moov":
                if length > _MAX_INDEX:
                    raise UnusualIndexError("its index is very large")
                file.seek(at + start)
                return file.read(length - start)
            at += length
    raise UnusualIndexError("it has no index")


def _deep(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    for kind, body in _boxes(data):
        if kind in _CONTAINERS:
            yield from _deep(body)
        else:
            yield kind, body


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, start = int.from_bytes(data[at : at + 4], "big"), 8
        if length == 1:
            length, start = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif length == 0:
            length = len(data) - at
        if length < start or at + length > len(data):
            return
        yield data[at + 4 : at + 8], data[at + start : at + length]
        at += length
