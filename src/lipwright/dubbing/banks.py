"""What was learned of a video's faces, kept in a folder for the next line.

A file belongs to the bytes of a video, a face of it, an engine, and the code that looked. It holds
the pieces (`lipwright.dubbing.pieces`) that were followed so far.
"""

from __future__ import annotations

import logging
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from lipwright.dubbing.bank_file import (
    BadBankError,
    ScratchArrays,
    StoredArray,
    open_arrays,
    write_arrays,
)
from lipwright.dubbing.bank_names import bank_name
from lipwright.dubbing.pieces import seconds_of
from lipwright.faces.types import FaceTrack, IdentifiedFace
from lipwright.render.engine import KeepingEngine
from lipwright.render.packing import PackingError, below, pack, unpack

log = logging.getLogger(__name__)

LANDMARKS: Final = 478
"""Of a face."""

_OURS: Final = re.compile(r"\.?[0-9a-f]{64}-[0-9a-f]{16,32}\.(bank|json)(\.[0-9]+-[0-9a-f]{8})?")
"""Kept files, and what a writer that died left behind."""


class KnownPiece:
    """What was seen of a face in one piece: its track, and the observer that an engine had there.

    The track's indices and times are those of the video itself.
    """

    def __init__(self, track: FaceTrack, observer: Any) -> None:
        self._track, self._observer = track, observer

    @property
    def track(self) -> FaceTrack:
        """The face's."""
        return self._track

    @property
    def observer(self) -> Any:
        """The engine's."""
        return self._observer


class StoredPiece(KnownPiece):
    """One that lies in a file, and is in memory only while it is used.

    Parameters
    ----------
    find
        Says where its arrays are, named as `FaceBank` names them.
    engine
        That packed the observer.
    """

    def __init__(
        self, find: Callable[[], Mapping[str, StoredArray]], engine: KeepingEngine
    ) -> None:
        self._find = find
        self._engine = engine

    @property
    def arrays(self) -> Mapping[str, StoredArray]:
        """What it is packed into."""
        return self._find()

    @property
    def track(self) -> FaceTrack:
        """The face's, read now."""
        return unpack(FaceTrack, self._read("track."))

    @property
    def observer(self) -> Any:
        """The engine's, read now."""
        return self._engine.unpack(self._read("observer."))

    def _read(self, prefix: str) -> dict[str, NDArray[Any]]:
        return {name: array.read() for name, array in below(self.arrays, prefix).items()}


class Shelf:
    """Where pieces lie that are known, for as long as a job lasts; in a file without a name.

    Parameters
    ----------
    engine
        Whose observers they have.
    """

    def __init__(self, engine: KeepingEngine) -> None:
        self._engine = engine
        self._file: ScratchArrays | None = None

    def put(self, known: KnownPiece) -> StoredPiece:
        """The same piece without the memory that it takes."""
        if isinstance(known, StoredPiece):
            return known
        if self._file is None:
            self._file = ScratchArrays()
        return StoredPiece(self._file.store(_packed(known, self._engine)), self._engine)


class Bank(Protocol):
    """What is known of one face: `FaceBank`, or something in front of it."""

    def get(self, piece: int) -> KnownPiece | None:
        """Return what is known of a piece, or ``None``."""

    def forget(self, piece: int) -> None:
        """Drop a piece that turned out to be wrong."""

    def add(self, piece: int, known: KnownPiece) -> None:
        """Remember a piece that was followed just now."""

    def save(self) -> None:
        """Keep what is new."""


class Banks(Protocol):
    """What is known of the faces of one video: `FaceBanks`, or something in front of it."""

    def open(self, face: IdentifiedFace, engine_name: str, engine: KeepingEngine) -> Bank:
        """Return what is known of a face."""


@dataclass(frozen=True)
class FaceBanks:
    """The kept files of one video.

    Attributes
    ----------
    folder
        Where they lie; may hold other videos' files too.
    video
        `lipwright.dubbing.made_by.content_hash` of the video.
    """

    folder: Path
    video: str

    def open(self, face: IdentifiedFace, engine_name: str, engine: KeepingEngine) -> FaceBank:
        """Read what is known of a face; nothing, if the file is missing, damaged or of others."""
        path = self.folder / bank_name(self.video, face, engine_name)
        about = {"name": path.name, "observer": engine.observer_version}
        pieces: defaultdict[str, dict[str, StoredArray]] = defaultdict(dict)
        try:
            for name, array in open_arrays(path, about).items():
                piece, _, part = name.partition("/")
                pieces[piece][part] = array
            path.touch()  # what is used is swept last
        except FileNotFoundError:
            pass
        except (BadBankError, OSError) as error:
            log.warning("%s is not used: %s", path.name, error)
        return FaceBank(path, about, engine, dict(pieces))


@dataclass(eq=False)
class FaceBank:
    """One file: the pieces of one face that are known. Made by `FaceBanks.open`."""

    path: Path
    about: Mapping[str, str]
    engine: KeepingEngine
    _pieces: dict[str, dict[str, StoredArray]] = field(default_factory=dict)
    _new: dict[int, KnownPiece] = field(default_factory=dict)
    _saved: bool = True

    def get(self, piece: int) -> KnownPiece | None:
        """Return what is known of a piece, or ``None``."""
        arrays = self._pieces.get(str(piece))
        if not arrays:
            return None
        try:
            found = StoredPiece(lambda: arrays, self.engine)
            _check(found.track, piece)
            found.observer  # noqa: B018 - whether it can be read
        except Exception as error:  # an engine may stumble over wrong values in any way
            log.warning("piece %d of %s is not used: %s", piece, self.path.name, error)
            self.forget(piece)
            return None
        return found

    def forget(self, piece: int) -> None:
        """Drop a piece that turned out to be wrong."""
        self._pieces.pop(str(piece), None)
        self._new.pop(piece, None)

    def add(self, piece: int, known: KnownPiece) -> None:
        """Remember a piece that was followed just now."""
        self._new[piece] = known
        self._saved = False

    def save(self) -> None:
        """Write the file if there is anything new; whatever prevents it is only worth a word."""
        if self._saved:
            return
        pieces: dict[str, Mapping[str, NDArray[Any] | StoredArray]] = dict(self._pieces)
        for piece, known in self._new.items():
            pieces[str(piece)] = (
                known.arrays if isinstance(known, StoredPiece) else _packed(known, self.engine)
            )
        self._saved = True
        arrays = {
            f"{at}/{name}": array for at, one in pieces.items() for name, array in one.items()
        }
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_arrays(self.path, self.about, arrays)
        except (BadBankError, OSError) as error:
            log.warning("%s is not kept: %s", self.path.name, error)


def _packed(known: KnownPiece, engine: KeepingEngine) -> dict[str, NDArray[Any]]:
    """A piece's arrays as they lie in a file."""
    arrays: dict[str, NDArray[Any]] = {}
    for part, found in (("track", pack(known.track)), ("observer", engine.pack(known.observer))):
        arrays |= {f"{part}.{name}": array for name, array in found.items()}
    # Even where there is nothing to tell, it is known that there is nothing.
    arrays["seen"] = np.array(True)
    return arrays


def tidy(folder: Path, *, max_bytes: int, max_age_s: float) -> int:
    """Remove kept files that were not used for long, and the longest unused ones beyond a size.

    Parameters
    ----------
    folder
        Whatever else is in it, is left alone.
    max_bytes
        How much all of them together may take.
    max_age_s
        Since a file was last used, s.

    Returns
    -------
    How many were removed.
    """
    found = []
    now = time.time()
    removed = 0
    # A folder or file that vanishes meanwhile was somebody else's to remove.
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            if _OURS.fullmatch(path.name) is None:
                continue
            with suppress(FileNotFoundError):
                stat = path.stat()
                found.append((stat.st_mtime, stat.st_size, path))
    room = max_bytes
    for used, size, path in sorted(found, reverse=True):
        room -= size
        if room < 0 or now - used > max_age_s:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _check(track: FaceTrack, piece: int) -> None:
    """Refuse what no follower makes; raises `PackingError`."""
    count = len(track.frame_indices)
    begin, end = (float(edge) for edge in seconds_of(piece))
    right = (
        track.shown_frames is None
        and track.frame_indices.shape == track.times.shape == track.quality.shape == (count,)
        and track.landmarks.shape == (count, LANDMARKS, 3)
        and track.pose.shape == (count, 3)
        and bool((track.frame_indices >= 0).all() and (np.diff(track.frame_indices) > 0).all())
        and bool((track.times >= begin - 1e-6).all() and (track.times < end + 1e-6).all())
        and bool(np.isfinite(track.landmarks).all() and np.isfinite(track.pose).all())
        and bool(((track.quality >= 0) & (track.quality <= 1)).all())
    )
    if not right:
        raise PackingError("its track is impossible")
