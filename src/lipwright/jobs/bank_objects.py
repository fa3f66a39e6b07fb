"""What renders learn of faces, kept in the object store for the next task, on whatever worker.

A render's child reads and writes plain files in a folder of its own. Here they come from the
object store and go there. In the store they carry a seal under the server's secret: whoever can
write to the store but is not this service cannot make a render believe anything.

Tasks that need the same stretch of the same face at the same moment do not all look at it: the
first does, what it saw is shared as soon as it has seen it, and the others wait for that
(`lipwright.jobs.bank_turns`).
"""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError

from lipwright.dubbing.bank_names import bank_name
from lipwright.dubbing.placement import find_face
from lipwright.dubbing.serialize import identification_from_dict
from lipwright.dubbing.types import Identification
from lipwright.jobs.bank_turns import BankTurns, needed_pieces
from lipwright.jobs.cache_metrics import count_lookup
from lipwright.jobs.orders import Order
from lipwright.jobs.single_flight import HeldLease
from lipwright.jobs.stores import Stores
from lipwright.render.names import DEFAULT_ENGINE
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.objects import MissingObjectError
from lipwright.store.signing import SEAL_BYTES

log = logging.getLogger(__name__)

MAX_BYTES: Final = 128_000_000
"""Larger ones are left where they are."""

_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class BorrowedBanks:
    """The files that one render may use.

    Attributes
    ----------
    folder
        Where they are, and where the render writes new ones.
    video
        Content hash of the video.
    account_id
        Whose they are: nobody learns from another tenant's videos.
    seals
        For each file that the render may read or write, the seal it came with or was last kept
        with, or none.
    turns
        Leases on what this render looks at, so that others wait for it.
    """

    folder: Path
    video: str
    account_id: str
    seals: dict[str, bytes]
    turns: list[HeldLease] = field(default_factory=list)
    _sharing: list[threading.Thread] = field(default_factory=list)

    def end_turns(self) -> None:
        """Let others look at what this render no longer looks at."""
        while self.turns:
            self.turns.pop().release()

    def finish_sharing(self) -> None:
        """Wait until nothing in the folder is read in the background any more."""
        while self._sharing:
            self._sharing.pop().join()


class Lend(Protocol):
    """`BankObjects.bring`."""

    def __call__(
        self,
        account_id: str,
        order: Order,
        identification: Path,
        folder: Path,
        *,
        check: Callable[[], object] = ...,
    ) -> BorrowedBanks | None:
        """Fetch what is known of the faces that speak."""


class BankObjects:
    """Brings and keeps them; thread-safe. Whatever fails here only costs time, never the task."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self._settings = settings
        self._objects = stores.objects
        self._artifacts = stores.artifacts
        self._seal = stores.file_seal
        self._turns = BankTurns(stores.database, settings)

    @contextmanager
    def lending(self) -> Iterator[Lend]:
        """Give `bring` for a block at whose end nothing of what it brought is held any more."""
        lent: list[BorrowedBanks] = []

        def bring(
            account_id: str,
            order: Order,
            identification: Path,
            folder: Path,
            *,
            check: Callable[[], object] = lambda: None,
        ) -> BorrowedBanks | None:
            return self.bring(account_id, order, identification, folder, lent=lent, check=check)

        try:
            yield bring
        finally:
            for banks in lent:
                banks.end_turns()
                banks.finish_sharing()

    def bring(
        self,
        account_id: str,
        order: Order,
        identification: Path,
        folder: Path,
        *,
        lent: list[BorrowedBanks] | None = None,
        check: Callable[[], object] = lambda: None,
    ) -> BorrowedBanks | None:
        """Fetch what is known of the faces that speak.

        Parameters
        ----------
        account_id, order
            Whose task, and what it is.
        identification
            The identification's JSON file.
        folder
            Made and filled.
        lent
            If given, this render takes turns with others; what it holds is added here, to be let
            go whatever happens.
        check
            Called while waiting for another render to look; raises to end that.

        Returns
        -------
        None where nothing shall be kept.
        """
        video = Path(order.video_key).stem
        if not self._settings.keep_banks or not _HASH.fullmatch(video):
            return None
        folder.mkdir()
        try:
            found = identification_from_dict(json.loads(identification.read_text()))
            names = _names(video, order, found)
        except Exception:
            # If something is wrong with the order, the render is the one to say it.
            log.warning("what is known of the faces is not used", exc_info=True)
            return None
        banks = BorrowedBanks(folder, video, account_id, {})
        if lent is not None:
            lent.append(banks)
        # In the order of names: two renders that need the same two faces cannot wait crosswise.
        for name, face_id in sorted(names.items()):
            key, path = _key(account_id, name), folder / name

            def fetch(key: str = key, path: Path = path, name: str = name) -> None:
                banks.seals[name] = self._bring(key, path)

            fetch()
            if lent is not None:
                needed = needed_pieces(order, find_face(found, face_id))
                try:
                    lease, how = self._turns.take(key, path, needed, fetch, check)
                except SQLAlchemyError:
                    log.warning("nobody waits for what is learned of a face", exc_info=True)
                    continue
                if lease is not None:
                    banks.turns.append(lease)
                count_lookup("bank", how)
        return banks

    def share(self, banks: BorrowedBanks | None) -> None:
        """Let others have what this render has learned, while it goes on; returns at once."""
        if banks is None or not banks.turns:
            return

        def share() -> None:
            self._keep(banks)
            banks.end_turns()

        thread = threading.Thread(target=share, name="share-banks", daemon=True)
        banks._sharing.append(thread)
        thread.start()

    def keep(self, banks: BorrowedBanks) -> None:
        """Store what the render has learned; what it only used lives on."""
        banks.finish_sharing()
        self._keep(banks)
        banks.end_turns()

    def _keep(self, banks: BorrowedBanks) -> None:
        # Sessions last so long after the video was last looked at; so do the banks.
        expires = now_ms() + round(self._settings.session_hours * 3_600_000)
        for name, came_with in list(banks.seals.items()):
            path, key = banks.folder / name, _key(banks.account_id, name)
            try:
                if not path.is_file() or path.stat().st_size > MAX_BYTES:
                    continue
                seal = self._seal.of(key, path)
                if seal == came_with and self._artifacts.keep(banks.account_id, key, expires):
                    continue
                sealed = path.with_name(f"{name}.sealed")
                with sealed.open("wb") as out, path.open("rb") as file:
                    out.write(seal)
                    while piece := file.read(1 << 20):
                        out.write(piece)
                self._artifacts.publish(banks.account_id, key, sealed, expires)
                banks.seals[name] = seal
            except Exception:
                log.warning("what was learned of a face is not kept: %s", key, exc_info=True)

    def _bring(self, key: str, path: Path) -> bytes:
        """Fetch one file; return its seal, or nothing where there is none that is right."""
        try:
            if self._objects.size(key) > MAX_BYTES + SEAL_BYTES:
                return b""
            pieces = self._objects.stream(key)
            with path.open("wb") as out:
                head = b""
                for piece in pieces:
                    if len(head) < SEAL_BYTES:
                        head += piece
                        piece = head[SEAL_BYTES:]
                    out.write(piece)
            seal = head[:SEAL_BYTES]
            if seal == self._seal.of(key, path):
                return seal
            log.warning("%s is not used: it was not sealed by this service", key)
        except MissingObjectError:
            pass
        except Exception:
            log.warning("%s is not used", key, exc_info=True)
        path.unlink(missing_ok=True)
        return b""


def _names(video: str, order: Order, found: Identification) -> dict[str, str]:
    """The files' names, each with the face that it is about."""
    engine = order.engine or DEFAULT_ENGINE
    faces = sorted({line.face_id for line in order.lines})
    return {bank_name(video, find_face(found, face_id), engine): face_id for face_id in faces}


def _key(account_id: str, name: str) -> str:
    return f"accounts/{account_id}/banks/{name}"
