"""Do a piece of work once in the whole fleet: who comes second waits for what the first finds.

The first holds a lease and renews it while it works. The others look for its result now and then.
If it dies, its lease lapses and one of them takes the work over; if it ends without a result (the
work was refused, or failed), each of them does the work for itself and at once, so that they are
told the true reason and do not stand in line for a thing that cannot be had. Nobody waits for
longer than a set time: the work is harmless to do twice, and waiting for ever is not.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Self, TypeVar

from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.leases import Leases
from lipwright.store.tables import LeaseRow

log = logging.getLogger(__name__)

T = TypeVar("T")

POLL_S = 0.2
_DIGITS = 40


class How(StrEnum):
    """How somebody came by a result."""

    KNOWN = "hit"
    """It was there."""
    WAITED = "waited"
    """Somebody else was working on it."""
    DONE = "miss"
    """The work was done here."""


def short(key: str) -> str:
    """Return a name for a key that fits into a lease's name, however long the key is."""
    return hashlib.sha256(key.encode()).hexdigest()[:_DIGITS]


class HeldLease:
    """A lease that a thread of its own renews until it is let go; use it as a context manager.

    It can be lost while it is held (the process was out cold): whoever holds it does what is
    harmless to do twice.
    """

    def __init__(self, leases: Leases, name: str, holder: str, seconds: float) -> None:
        self._leases = leases
        self._name = name
        self._holder = holder
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while not self._over.wait(self._seconds / 4):
            try:
                if not self._leases.renew(self._name, self._holder, self._seconds):
                    return
            except Exception:
                log.warning("the lease %s could not be renewed", self._name, exc_info=True)

    def release(self) -> None:
        """Let go; doing so again is harmless."""
        if self._over.is_set():
            return
        self._over.set()
        self._thread.join()
        try:
            self._leases.release(self._name, self._holder)
        except Exception:
            # It lapses by itself.
            log.warning("the lease %s could not be given back", self._name, exc_info=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class SingleFlight:
    """Keeps work from being done twice at the same moment; thread-safe, across machines.

    Parameters
    ----------
    database
        Holds the leases.
    lease_s
        After so many s without a sign of life, whoever works is taken for dead.
    patience_s
        Longest wait for somebody else's result.
    """

    def __init__(self, database: Database, lease_s: float, patience_s: float) -> None:
        self._database = database
        self._leases = Leases(database)
        self._lease_s = lease_s
        self._patience_s = patience_s

    def hold(self, name: str) -> HeldLease | None:
        """Take a lease; None while somebody else holds it."""
        holder = secrets.token_hex(8)
        if not self._leases.acquire(name, holder, self._lease_s):
            return None
        return HeldLease(self._leases, name, holder, self._lease_s)

    def held(self, prefix: str) -> list[str]:
        """Return the names with that prefix that somebody holds now."""
        return self._leases.held(prefix)

    def once(
        self,
        name: str,
        look: Callable[[], T | None],
        work: Callable[[], T],
        *,
        check: Callable[[], object] = lambda: None,
    ) -> tuple[T, How]:
        """Return what is known, what somebody else finds out meanwhile, or what ``work`` does.

        Parameters
        ----------
        name
            Of the lease: equal for equal work.
        look
            Returns the result if it is there.
        work
            Does the work and leaves the result where ``look`` finds it.
        check
            Called while waiting; raises to end that.
        """
        found = look()
        if found is not None:
            return found, How.KNOWN
        deadline = time.monotonic() + self._patience_s
        seen: LeaseRow | None = None
        while time.monotonic() < deadline:
            lease = self.hold(name) if self._is_free(name) else None
            if lease is not None:
                with lease:
                    # Its last holder may have ended well since we looked.
                    found = look()
                    if found is not None:
                        return found, How.KNOWN if seen is None else How.WAITED
                    return work(), How.DONE
            now = self._row(name)
            if seen is not None and _ended_in_order(seen, now):
                found = look()
                break
            seen = now or seen
            check()
            time.sleep(POLL_S)
            found = look()
            if found is not None:
                return found, How.WAITED
        if found is not None:
            return found, How.WAITED
        return work(), How.DONE

    def _is_free(self, name: str) -> bool:
        """Whether it makes sense to ask for the lease: asking takes a write lock."""
        row = self._row(name)
        return row is None or row.expires_at_ms <= now_ms()

    def _row(self, name: str) -> LeaseRow | None:
        with self._database.read() as session:
            return session.get(LeaseRow, name)


def _ended_in_order(seen: LeaseRow, now: LeaseRow | None) -> bool:
    """Whether the holder that was seen has let go, rather than died."""
    gone = now is None or now.holder != seen.holder
    return gone and seen.expires_at_ms > now_ms()
