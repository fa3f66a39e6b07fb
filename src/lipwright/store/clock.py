"""The one clock of stored times: Unix time in ms."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Return the present Unix time in ms."""
    return time.time_ns() // 1_000_000
