"""Which library a thread belongs to that Python did not start, by what lies on its stack. Linux.

The kernel tells where a waiting thread's stack is; the addresses that its library's functions will
return to lie on it, and the list of mapped files says whose they are. Nothing is stopped for that,
and reading through ``/proc/self/mem`` cannot crash where a stack has just gone away.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

TASKS: Final = Path("/proc/self/task")
_MAPS: Final = Path("/proc/self/maps")
_MEMORY: Final = "/proc/self/mem"
_MOST: Final = 1 << 16
_WORD: Final = struct.Struct("<Q")
_EVERYBODYS: Final = ("libc.so", "libc-", "libpthread", "libstdc++", "libm.so", "ld-", "libgcc")


class _Region(NamedTuple):
    start: int
    end: int
    executable: bool
    file: str


def library_of(task: int) -> str | None:
    """File name of the library that a thread runs in; ``None`` while it runs or cannot be read."""
    try:
        words = (TASKS / str(task) / "syscall").read_text().split()
        if len(words) < 3:
            return None  # running
        pointer = int(words[-2], 16)
        regions = _regions()
        stack = next((r for r in regions if r.start <= pointer < r.end), None)
        if stack is None:
            return None
        return _library_on(_read(pointer, min(stack.end - pointer, _MOST)), regions)
    except (OSError, ValueError):
        return None


def _library_on(stack: bytes, regions: Sequence[_Region]) -> str | None:
    """The library of the outermost function, if it is none that everybody uses."""
    code = [
        (r.start, r.end, os.path.basename(r.file))
        for r in regions
        if r.executable and r.file.startswith("/")
    ]
    own = [part for part in code if not part[2].startswith(_EVERYBODYS)]
    found = None
    for (value,) in _WORD.iter_unpack(stack[: len(stack) // _WORD.size * _WORD.size]):
        for start, end, name in own:
            if start <= value < end:
                found = name
    return found


def _regions() -> list[_Region]:
    regions = []
    for line in _MAPS.read_text().splitlines():
        ends, rights, _, _, _, *file = line.split(None, 5)
        start, end = (int(address, 16) for address in ends.split("-"))
        regions.append(_Region(start, end, "x" in rights, file[0] if file else ""))
    return regions


def _read(address: int, count: int) -> bytes:
    memory = os.open(_MEMORY, os.O_RDONLY)
    try:
        return os.pread(memory, count, address)
    finally:
        os.close(memory)
