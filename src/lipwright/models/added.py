"""Weights that users bring themselves: a copy in the models folder, with its hash and licence.

lipwright neither fetches nor ships these; whether they may be used is between the user and whoever
made them, so what the user says of their licence is kept and shown beside them.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Final

from lipwright.errors import BadInputError, FailedError
from lipwright.models.fetch import sha256_of
from lipwright.models.store import FileState, models_folder

ADDABLE: Mapping[str, str] = MappingProxyType(
    {"wav2lip": "Wav2Lip-family generator of your own (ONNX), for the engine wav2lip"}
)
"""What can be added, and what it is, by the name of the engine that runs it."""

UNKNOWN_LICENCE: Final = "not told"

_RECORD: Final = "added.json"
_FILE: Final = "{name}.onnx"


@dataclass(frozen=True)
class AddedModel:
    """One file that a user brought.

    Attributes
    ----------
    name
        A name of `ADDABLE`.
    sha256, size
        Of the file, as it was when it was added.
    licence
        In the user's words.
    origin
        The name of the file that was copied.
    facts
        What was found in it, such as ``faces 96x96``.
    """

    name: str
    sha256: str
    size: int
    licence: str
    origin: str
    facts: str


def add_model(folder: Path, name: str, source: Path, licence: str, facts: str) -> AddedModel:
    """Copy a checked file into the models folder, in place of an older one.

    Parameters
    ----------
    folder
        The models folder.
    name
        A name of `ADDABLE`.
    source
        The file; whether it is what it claims to be is for the caller to check.
    licence
        In the user's words; empty if nothing was said.
    facts
        What the check found.

    Raises
    ------
    FailedError
        It cannot be copied.
    """
    target = folder / name / _FILE.format(name=name)
    fresh = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(source, fresh)
            model = AddedModel(
                name,
                sha256_of(fresh),
                fresh.stat().st_size,
                licence.strip() or UNKNOWN_LICENCE,
                source.name,
                facts,
            )
            fresh.replace(target)
            fresh.write_text(json.dumps(asdict(model), indent=2) + "\n", encoding="utf-8")
            fresh.replace(target.with_name(_RECORD))
        finally:
            with suppress(FileNotFoundError):
                fresh.unlink()
    except OSError as error:
        raise FailedError(
            "models_unavailable", f"cannot put {source.name} into {folder}: {error.strerror}"
        ) from error
    return model


def find_added(folder: Path, name: str) -> AddedModel | None:
    """What was added under a name; ``None`` if nothing was, or no record of it is left."""
    try:
        told = json.loads((folder / name / _RECORD).read_text(encoding="utf-8"))
        model = AddedModel(**told)
    except (OSError, ValueError, TypeError):
        return None
    return model if model.name == name else None


def added_path(folder: Path, name: str) -> Path:
    """Where the file of a name lies, whether or not it is there."""
    return folder / name / _FILE.format(name=name)


def added_state(folder: Path, name: str, *, thorough: bool = False) -> FileState:
    """Whether the file is the one that was added.

    Parameters
    ----------
    folder, name
        As for `find_added`.
    thorough
        Read every byte; otherwise its length is believed.
    """
    model, path = find_added(folder, name), added_path(folder, name)
    if model is None or not path.is_file():
        return FileState.MISSING
    if path.stat().st_size != model.size:
        return FileState.WRONG
    if thorough and sha256_of(path) != model.sha256:
        return FileState.WRONG
    return FileState.OK


def check_added(name: str, folder: Path | None = None) -> None:
    """Refuse an engine that cannot run here, before any work is done.

    Parameters
    ----------
    name
        The engine; one that needs no weights of the user's is never refused.
    folder
        The models folder; by default this process's.

    Raises
    ------
    BadInputError
        field ``engine``; reason ``no_onnxruntime``, or ``no_weights`` (none were added, or the
        file is not the one that was).
    """
    if name not in ADDABLE:
        return
    if find_spec("onnxruntime") is None:
        raise BadInputError(
            "engine",
            "no_onnxruntime",
            f"{name} needs onnxruntime, which is not installed here: "
            'pip install "lipwright[neural]"',
        )
    state = added_state(folder or models_folder(), name)
    if state is not FileState.OK:
        wrong = "those that lie here are not those that were added; " * (state is FileState.WRONG)
        raise BadInputError(
            "engine",
            "no_weights",
            f"{name} has no weights here: {wrong}lipwright models add {name} FILE.onnx "
            "brings yours, of which you must have the licence",
        )


def require_added(name: str) -> Path:
    """Path of a user's own weights in this process's models folder.

    Raises
    ------
    BadInputError
        See `check_added`.
    """
    check_added(name)
    return added_path(models_folder(), name)
