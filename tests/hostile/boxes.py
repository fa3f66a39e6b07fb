"""Taking mp4 files apart and putting them together wrongly."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"udta"}


@dataclass
class Box:
    """One box: its kind, and its content or the boxes in it."""

    kind: bytes
    content: bytes = b""
    inside: list[Box] = field(default_factory=list)

    def to_bytes(self) -> bytes:
        content = self.content + b"".join(box.to_bytes() for box in self.inside)
        return struct.pack(">I4s", 8 + len(content), self.kind) + content


def parse(data: bytes) -> list[Box]:
    """Read boxes; the containers of the index are opened."""
    boxes = []
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        content = data[at + head : at + size]
        boxes.append(Box(kind, inside=parse(content)) if kind in CONTAINERS else Box(kind, content))
        at += size
    return boxes


def changed(data: bytes, kind: bytes, change: Callable[[Box], None], first: int = 99) -> bytes:
    """Return a file in which boxes of a kind are changed; the index must stand last."""
    left = first

    def walk(boxes: list[Box]) -> None:
        nonlocal left
        for box in boxes:
            if box.kind == kind and left:
                left -= 1
                change(box)
            walk(box.inside)

    boxes = parse(data)
    walk(boxes)
    return b"".join(box.to_bytes() for box in boxes)


def with_content(data: bytes, kind: bytes, content: bytes) -> bytes:
    """Return a file in which every box of a kind holds something else."""

    def change(box: Box) -> None:
        box.content, box.inside = content, []

    return changed(data, kind, change)


def poked(data: bytes, kind: bytes, at: int, value: bytes) -> bytes:
    """Return a file with other bytes at a place within every box of a kind."""

    def change(box: Box) -> None:
        box.content = box.content[:at] + value + box.content[at + len(value) :]

    return changed(data, kind, change)
