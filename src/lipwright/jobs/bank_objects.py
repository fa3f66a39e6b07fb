"""What renders learn of faces, kept in the object store for the next task, on whatever worker.

A render's child reads and writes plain files in a folder of its own. Here they come from the
object store and go there. In the store they carry a seal under the server's secret: whoever can
write to the store but is not this service cannot make a render believe anything.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lipwright.dubbing.bank_names import bank_name
from lipwright.dubbing.placement import find_face
from lipwright.dubbing.serialize import identification_from_dict
from lipwright.jobs.orders import Order
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
        For each file that the render may read or write, the seal it came with, or none.
    """

    folder: Path
    video: str
    account_id: str
    seals: dict[str, bytes]


class BankObjects:
    """Brings and keeps them; thread-safe. Whatever fails here only costs time, never the task."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self._settings = settings
        self._objects = stores.objects
        self._artifacts = stores.artifacts
        self._seal = stores.file_seal

    def bring(
        self, account_id: str, order: Order, identification: Path, folder: Path
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

        Returns
        -------
        None where nothing shall be kept.
        """
        video = Path(order.video_key).stem
        if not self._settings.keep_banks or not _HASH.fullmatch(video):
            return None
        folder.mkdir()
        try:
            names = _names(video, order, identification)
        except Exception:
            # If something is wrong with the order, the render is the one to say it.
            log.warning("what is known of the faces is not used", exc_info=True)
            return None
        seals = {name: self._bring(_key(account_id, name), folder / name) for name in names}
        return BorrowedBanks(folder, video, account_id, seals)

    def keep(self, banks: BorrowedBanks) -> None:
        """Store what the render has learned; what it only used lives on."""
        # Sessions last so long after the video was last looked at; so do the banks.
        expires = now_ms() + round(self._settings.session_hours * 3_600_000)
        for name, came_with in banks.seals.items():
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


def _names(video: str, order: Order, identification: Path) -> list[str]:
    found = identification_from_dict(json.loads(identification.read_text()))
    engine = order.engine or DEFAULT_ENGINE
    faces = sorted({line.face_id for line in order.lines})
    return [bank_name(video, find_face(found, face_id), engine) for face_id in faces]


def _key(account_id: str, name: str) -> str:
    return f"accounts/{account_id}/banks/{name}"
