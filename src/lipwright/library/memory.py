"""A folder in which what was learned of videos is kept, so that their next line is made sooner.

It holds what was found in a video (faces and portraits) and what was seen of a face that spoke.
Everything is found again by the video's bytes, whatever its name; nothing in it is ever needed.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lipwright.dubbing.banks import FaceBanks, tidy
from lipwright.dubbing.foresight import Foresight
from lipwright.dubbing.identify import identify as identify_faces
from lipwright.dubbing.made_by import content_hash, made_by
from lipwright.dubbing.serialize import identification_from_dict, identification_to_dict
from lipwright.dubbing.types import NO_LIMITS, Identification, Progress, ProgressSink

log = logging.getLogger(__name__)

CACHE_DIR_VARIABLE: Final = "LIPWRIGHT_CACHE_DIR"
MAX_BYTES: Final = 2_000_000_000
MAX_AGE_S: Final = 30 * 86_400.0

Choice = str | os.PathLike[str] | bool | None
"""A folder; True: the user's own; False or None: keep nothing."""


@dataclass(frozen=True)
class Memory:
    """What is kept of one video.

    Attributes
    ----------
    folder
        Shared by all videos.
    video
        The video's content hash.
    """

    folder: Path
    video: str

    @property
    def banks(self) -> FaceBanks:
        """What was seen of its faces."""
        return FaceBanks(self.folder, self.video)

    def identify(
        self, path: Path, progress: ProgressSink, foresight: Foresight | None = None
    ) -> Identification:
        """Say which faces are in the video, looking only if that was not asked before."""
        kept = self.folder / f"{self.video}-{made_by()}.json"
        with suppress(FileNotFoundError):
            try:
                found = identification_from_dict(json.loads(kept.read_bytes()))
                kept.touch()
            except FileNotFoundError:
                raise
            except Exception as error:  # whatever is wrong with it, it is of no use
                log.warning("%s is not used: %s", kept.name, error)
            else:
                progress(Progress("faces", 1.0))
                return found
        found = identify_faces(path, limits=NO_LIMITS, progress=progress, foresight=foresight)
        try:
            _write(kept, json.dumps(identification_to_dict(found)).encode())
        except OSError as error:
            log.warning("%s is not kept: %s", kept.name, error)
        return found

    def tidy(self) -> None:
        """Remove what was not used for a month, and what goes beyond 2 GB."""
        with suppress(OSError):
            tidy(self.folder, max_bytes=MAX_BYTES, max_age_s=MAX_AGE_S)


def memory_of(video: Path, cache: Choice) -> Memory | None:
    """Where a video's memory is; ``None`` if nothing shall be kept or there is no such video."""
    folder = cache_folder() if cache is True else Path(cache) if cache else None
    if folder is None:
        return None
    try:
        return Memory(folder, content_hash(video))
    except OSError:
        return None  # whoever reads the video next says what is wrong with it


def cache_folder() -> Path | None:
    """The user's folder: the environment's choice (empty: none), else below the cache folder."""
    chosen = os.environ.get(CACHE_DIR_VARIABLE)
    if chosen is not None:
        return Path(chosen).expanduser() if chosen else None
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "lipwright" / "videos"
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "lipwright" / "videos"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        fresh.replace(path)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
