"""Whose turn it is to look at a stretch of a face, where several tasks need it at once.

A lease says which pieces of a face somebody follows now. Whoever needs one of them, and does not
find it among what is known, waits until it is shared or its follower has died. Tasks that need
other pieces of the same face (another line; a part of one long render) go on side by side.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from lipwright.dubbing.bank_file import listed_names
from lipwright.dubbing.pieces import Repeats, needed_parts
from lipwright.faces.types import IdentifiedFace
from lipwright.jobs.orders import Order
from lipwright.jobs.single_flight import POLL_S, HeldLease, How, SingleFlight, short
from lipwright.settings import Settings
from lipwright.store.database import Database

_ONCE: Final = Repeats()
_SEEN: Final = "/seen"


def needed_pieces(order: Order, face: IdentifiedFace) -> frozenset[int]:
    """Which pieces of a face a task's lines need."""
    lines = [line.to_line(Path("speech")) for line in order.lines if line.face_id == face.face_id]
    return frozenset(part.piece for part in needed_parts(face, lines, _ONCE))


def known_pieces(path: Path) -> frozenset[int]:
    """Which pieces a file of what is known of a face says it has."""
    found = (name.removesuffix(_SEEN) for name in listed_names(path) if name.endswith(_SEEN))
    return frozenset(int(name) for name in found if name.isdecimal())


class BankTurns:
    """Gives turns; thread-safe, across machines."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._patience_s = settings.identify_timeout_s
        self._flight = SingleFlight(database, settings.lease_s, self._patience_s)

    def take(
        self,
        key: str,
        path: Path,
        needed: frozenset[int],
        fetch: Callable[[], None],
        check: Callable[[], object],
    ) -> tuple[HeldLease | None, How]:
        """Wait while others look at what is needed here; return the turn to look at the rest.

        Parameters
        ----------
        key
            Of the object that holds what is known of the face.
        path
            Its copy here, as ``fetch`` brought it.
        needed
            The pieces that are needed.
        fetch
            Brings the copy anew.
        check
            Called while waiting; raises to end that.

        Returns
        -------
        The turn, and how the needed pieces came about. No turn, if nothing is missing, or if
        patience ran out: then this task looks for itself.
        """
        prefix = f"face:{short(key)}:"
        missing = needed - known_pieces(path)
        how = How.KNOWN
        deadline = time.monotonic() + self._patience_s
        while missing and time.monotonic() < deadline:
            others = self._flight.held(prefix)
            if any(_covers(name, missing) for name in others):
                how = How.WAITED
                check()
                time.sleep(POLL_S)
                continue
            if how is How.WAITED:
                fetch()
                missing = needed - known_pieces(path)
                if not missing:
                    break
            lease = self._flight.hold(f"{prefix}{min(missing)}-{max(missing)}")
            if lease is not None:
                return self._settled(lease, path, needed, fetch)
            how = How.WAITED
        return None, How.DONE if missing else how

    def _settled(
        self, lease: HeldLease, path: Path, needed: frozenset[int], fetch: Callable[[], None]
    ) -> tuple[HeldLease | None, How]:
        """Look once more: the last holder may have shared and let go just before."""
        before = known_pieces(path)
        try:
            fetch()
        except BaseException:
            lease.release()
            raise
        if needed <= known_pieces(path) and not needed <= before:
            lease.release()
            return None, How.WAITED
        return lease, How.DONE


def _covers(name: str, missing: frozenset[int]) -> bool:
    """Whether somebody whose lease is called so looks at a piece that is missing here."""
    first, _, last = name.rpartition(":")[2].partition("-")
    return any(int(first) <= piece <= int(last) for piece in missing)
