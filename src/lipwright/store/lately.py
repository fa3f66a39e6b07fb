"""What was looked up a moment ago, so that a thousand requests do not ask a thousand times."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lately(Generic[K, V]):
    """Values by key, each good for ``seconds``; thread-safe.

    Parameters
    ----------
    seconds
        How old a value may be when it is given out again.
    most
        How many values are remembered at the most.
    """

    def __init__(self, seconds: float, most: int = 10_000) -> None:
        self._seconds = seconds
        self._most = most
        self._lock = threading.Lock()
        self._values: dict[K, tuple[float, V]] = {}

    def get(
        self, key: K, look_up: Callable[[], V], *, keep: Callable[[V], bool] = lambda value: True
    ) -> V:
        """Return what was looked up lately, or look it up.

        Parameters
        ----------
        key
            Of what.
        look_up
            Finds the value; nothing is locked meanwhile, so several threads may do it.
        keep
            Whether a value may be given out again.
        """
        now = time.monotonic()
        with self._lock:
            known = self._values.get(key)
        if known is not None and known[0] > now and keep(known[1]):
            return known[1]
        value = look_up()
        with self._lock:
            if not keep(value):
                self._values.pop(key, None)
            elif len(self._values) < self._most or key in self._values:
                self._values[key] = (now + self._seconds, value)
            else:
                self._values = {key: (now + self._seconds, value)}
        return value

    def known(self, key: K) -> V | None:
        """Return what was looked up lately, None if nothing was; never looks up, never waits."""
        with self._lock:
            known = self._values.get(key)
        return known[1] if known is not None and known[0] > time.monotonic() else None

    def forget(self) -> None:
        """Look everything up anew."""
        with self._lock:
            self._values.clear()
