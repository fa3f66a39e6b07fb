"""The folder of weights on this machine: fetch on first use, verify, hand out paths."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from lipwright.errors import FailedError
from lipwright.models.catalogue import CATALOGUE, WeightFile, Weights
from lipwright.models.fetch import fetch, sha256_of
from lipwright.models.progress import FetchReport, default_report

MODELS_DIR_VARIABLE = "LIPWRIGHT_MODELS_DIR"
_STAMPS = ".verified.json"

Stamps = dict[str, list[object]]
"""For each file that was once read in full: its right hash, and its size and mtime then."""


class FileState(StrEnum):
    """What is known of one file of a set."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"


def models_folder() -> Path:
    """Folder that holds the weights: the environment's choice, else the user's cache folder."""
    if chosen := os.environ.get(MODELS_DIR_VARIABLE):
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "lipwright" / "models"
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "lipwright" / "models"


def use_models_folder(folder: Path) -> None:
    """Make this process and its children look for weights in ``folder``."""
    os.environ[MODELS_DIR_VARIABLE] = str(folder.expanduser().absolute())


def require(name: str) -> Path:
    """Give the path of a set of weights, fetching it on first use.

    Parameters
    ----------
    name
        A name of `lipwright.models.catalogue.CATALOGUE`.

    Returns
    -------
    Path
        The set's one file if it is a single-file set, else its folder.

    Raises
    ------
    FailedError
        The weights are not here and no source could give them.
    """
    return _process_store(models_folder()).require(name)


class ModelStore:
    """Weights in one folder; safe to use from several threads and processes.

    Parameters
    ----------
    folder
        Where the sets lie, one sub-folder each; made when something is fetched.
    catalogue
        The sets that exist, by name.
    report
        Is shown what is fetched; by default a progress bar on a terminal, else a line.
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Mapping[str, Weights] = CATALOGUE,
        *,
        report: FetchReport | None = None,
    ) -> None:
        self.folder = folder
        self._catalogue = catalogue
        self._report = report
        self._known_good: set[str] = set()
        self._guard = threading.Lock()

    def require(self, name: str) -> Path:
        """Give the path of a set, fetching what is not here; see `require`."""
        weights = self._catalogue[name]
        with self._guard:
            if name not in self._known_good:
                self._make_good(weights)
                self._known_good.add(name)
        return self.path(name)

    def pull(self, name: str) -> Path:
        """Fetch what is missing or wrong, after reading every byte that is here."""
        with self._guard:
            self._known_good.discard(name)
            with suppress(OSError):
                (self.folder / name / _STAMPS).unlink()
        return self.require(name)

    def path(self, name: str) -> Path:
        """Path of a set, whether or not it is here."""
        weights = self._catalogue[name]
        folder = self.folder / name
        return folder / weights.files[0].name if weights.single else folder

    def states(self, name: str, *, thorough: bool = False) -> dict[str, FileState]:
        """State of each file of a set.

        Parameters
        ----------
        name
            Name of the set.
        thorough
            Read every byte; otherwise size, time and an earlier reading are believed.
        """
        weights = self._catalogue[name]
        stamps: Stamps = {} if thorough else self._read_stamps(weights)
        return {file.name: self._state(weights, file, stamps) for file in weights.files}

    def _make_good(self, weights: Weights) -> None:
        if not self._not_good(weights):
            return
        try:
            with _only_one_process(self.folder / f".{weights.name}.lock"):
                # Another process may have fetched them while this one waited for the lock.
                if missing := self._not_good(weights):
                    report = self._report or default_report()
                    fetch(weights, missing, self.folder / weights.name, report)
                    self._not_good(weights)  # Stamps them.
        except OSError as error:
            raise FailedError(
                "models_unavailable",
                f"cannot put the weights {weights.name} into {self.folder}: "
                f"{error.strerror or error}",
            ) from error

    def _not_good(self, weights: Weights) -> list[WeightFile]:
        """Files to fetch; what had to be read in full and is right gets a stamp."""
        stamps = self._read_stamps(weights)
        fresh: Stamps = {}
        bad = []
        for file in weights.files:
            if self._state(weights, file, stamps) is not FileState.OK:
                bad.append(file)
            else:
                fresh[file.name] = self._stamp_of(weights, file)
        if fresh != stamps:
            self._write_stamps(weights, fresh)
        return bad

    def _state(self, weights: Weights, file: WeightFile, stamps: Stamps) -> FileState:
        path = self.folder / weights.name / file.name
        if not path.is_file():
            return FileState.MISSING
        if path.stat().st_size != file.size:
            return FileState.WRONG
        if stamps.get(file.name) == self._stamp_of(weights, file):
            return FileState.OK
        return FileState.OK if sha256_of(path) == file.sha256 else FileState.WRONG

    def _stamp_of(self, weights: Weights, file: WeightFile) -> list[object]:
        found = (self.folder / weights.name / file.name).stat()
        return [file.sha256, found.st_size, found.st_mtime_ns]

    def _read_stamps(self, weights: Weights) -> Stamps:
        try:
            stamps = json.loads((self.folder / weights.name / _STAMPS).read_text())
        except (OSError, ValueError):
            return {}
        return stamps if isinstance(stamps, dict) else {}

    def _write_stamps(self, weights: Weights, stamps: Stamps) -> None:
        """Remember what was read; a folder that cannot be written to is read again next time."""
        path = self.folder / weights.name / _STAMPS
        temporary = path.with_name(f"{_STAMPS}.{os.getpid()}")
        with suppress(OSError):
            temporary.write_text(json.dumps(stamps))
            temporary.replace(path)


@functools.cache
def _process_store(folder: Path) -> ModelStore:
    return ModelStore(folder)


@contextmanager
def _only_one_process(lock: Path) -> Iterator[None]:
    """Hold a lock file; the system lets go of it even when the holder is killed."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
