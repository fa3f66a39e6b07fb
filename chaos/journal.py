"""What happened when, for the report and for whoever watches."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Event:
    """Something that happened; ``at`` is Unix time in s."""

    at: float
    kind: str
    detail: str
    data: dict[str, Any] = field(default_factory=dict)


class Journal:
    """Events in order; thread-safe."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._began = time.time()
        self._quiet = quiet
        self._lock = threading.Lock()
        self.events: list[Event] = []

    def note(self, kind: str, detail: str, **data: Any) -> None:
        """Write down that something happened, and say it."""
        event = Event(time.time(), kind, detail, data)
        with self._lock:
            self.events.append(event)
        if not self._quiet:
            clock = event.at - self._began
            print(f"{clock:7.1f} s  {kind:<12} {detail}", file=sys.stderr, flush=True)

    def of(self, kind: str) -> list[Event]:
        """Return the events of a kind."""
        with self._lock:
            return [event for event in self.events if event.kind == kind]
