"""Server-sent events, as far as a task's stream uses them."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One event: its id, by which a reader goes on, and its data."""

    id: str
    data: str


class EventReader:
    """Cuts a stream of bytes into events (WHATWG HTML, section 9.2.6).

    Comments, names of events and the server's wish for a reconnection time are skipped.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._id = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[Event]:
        """Yield the events that are complete with these bytes."""
        text = self._rest + self._decoder.decode(piece)
        # A return at the very end may be half of a line's end.
        held = text[-1:] if text.endswith("\r") else ""
        text = text.removesuffix("\r").replace("\r\n", "\n").replace("\r", "\n")
        *lines, rest = text.split("\n")
        self._rest = rest + held
        for line in lines:
            if line:
                self._take(line)
            else:
                if self._data:
                    yield Event(self._id, "\n".join(self._data))
                self._data = []

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self._id = value
