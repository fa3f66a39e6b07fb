"""What is to be measured: a set of cases, read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any, Final

from lipwright.errors import BadInputError
from lipwright.render.engine import DEFAULT_ENGINE

DEVELOPMENT_SET: Final = "development"
"""Name of the set that comes with the package; its media do not."""


class Kind(StrEnum):
    """What a case asks.

    ``revoice``: the clip says its own sound again, so the truth is known. ``speech``: it says
    another sound. ``silence``: it is told nothing, and must rest.
    """

    REVOICE = "revoice"
    SPEECH = "speech"
    SILENCE = "silence"


SILENCES: Final = ("digital", "room tone")
"""What a case of silence may be driven with: zeros, or noise at -55 dB."""


@dataclass(frozen=True)
class Case:
    """One clip, one sound.

    Attributes
    ----------
    kind
        What is asked.
    clip
        Video of a person.
    speech
        Sound file for ``speech``, one of `SILENCES` for ``silence``, else empty.
    engine
        Name of the engine that renders.
    transcript
        What is said, if known.
    start_ms, end_ms
        The part of the clip that is used; ``None`` is its end.
    speech_start_ms
        Where the sound is used from.
    offset_ms
        By how much the clip's picture is later than its sound, where that is known; ``None``
        lets it be measured.
    face
        Id of the face; empty for the largest.
    settings
        Settings of lipwright for the time of the case, by their names in lower case without
        ``LIPWRIGHT_``; of use are those that the core reads, such as ``mouth_weights``.
    """

    kind: Kind
    clip: Path
    speech: str = ""
    engine: str = DEFAULT_ENGINE
    transcript: str = ""
    start_ms: int = 0
    end_ms: int | None = None
    speech_start_ms: int = 0
    offset_ms: float | None = None
    face: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the case is called in tables."""
        said = f" + {Path(self.speech).stem}" if self.speech else ""
        special = [] if self.engine == DEFAULT_ENGINE else [self.engine]
        special += [f"{name} {value}" for name, value in self.settings.items()]
        return f"{self.clip.stem}{said}" + (f" ({', '.join(special)})" if special else "")


_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "engine": (str,),
    "transcript": (str,),
    "start_ms": (int,),
    "end_ms": (int,),
    "speech_start_ms": (int,),
    "offset_ms": (int, float),
    "face": (str,),
    "settings": (dict,),
}


def read_cases(path: Path | str, media: Path | None = None, *, engine: str = "") -> list[Case]:
    """Read a set of cases.

    Parameters
    ----------
    path
        A TOML file, or `DEVELOPMENT_SET`. It has tables ``[[case]]`` with ``kind``, ``clip``
        and, as the kind needs, ``speech``; either may be a list, and every combination is a
        case. All else has the names of `Case`. A table ``[defaults]`` counts for every case.
    media
        Folder that clips and sounds are relative to; by default the file's own.
    engine
        Name of the engine of every case, whatever the file says.

    Raises
    ------
    BadInputError
        Field ``cases``.
    """
    if str(path) == DEVELOPMENT_SET:
        text = resources.files(__package__).joinpath("development.toml").read_text("utf-8")
        folder = media or Path()
    else:
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _bad("bad_value", f"{path} cannot be read: {error}") from error
        folder = media or Path(path).parent
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad("bad_value", f"it is not TOML: {error}") from error
    defaults = content.get("defaults", {})
    tables = content.get("case", [])
    if not isinstance(tables, list) or not tables or not isinstance(defaults, dict):
        raise _bad("bad_value", "there must be at least one [[case]]")
    cases: list[Case] = []
    for number, table in enumerate(tables, 1):
        cases += _expand({**defaults, **table}, folder, number)
    return [replace(case, engine=engine) for case in cases] if engine else cases


def _expand(table: Mapping[str, Any], folder: Path, number: int) -> list[Case]:
    """Every combination of the clips and the sounds of one table."""
    given = dict(table)
    try:
        kind = Kind(given.pop("kind", ""))
    except ValueError:
        raise _bad("bad_value", f"case {number}: kind must be one of {', '.join(Kind)}") from None
    clips = _names(given.pop("clip", None), "clip", number)
    sounds: Sequence[str] = [""]
    if kind is Kind.REVOICE and "speech" in given:
        raise _bad("bad_value", f"case {number}: a revoiced clip says its own sound, not another")
    if kind is Kind.SPEECH:
        sounds = [str(folder / s) for s in _names(given.pop("speech", None), "speech", number)]
    if kind is Kind.SILENCE:
        sounds = _names(given.pop("speech", list(SILENCES)), "speech", number)
        if unknown := set(sounds) - set(SILENCES):
            raise _bad("bad_value", f"case {number}: speech must be one of {SILENCES}, {unknown}")
    for name, value in given.items():
        if name not in _TYPES or not isinstance(value, _TYPES[name]) or isinstance(value, bool):
            raise _bad("bad_value", f"case {number}: {name} = {value!r} is not understood")
    if not all(isinstance(value, str) for value in given.get("settings", {}).values()):
        raise _bad("bad_value", f"case {number}: settings must be texts")
    return [Case(kind, folder / clip, sound, **given) for clip, sound in product(clips, sounds)]


def _names(value: object, name: str, number: int) -> list[str]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise _bad("bad_value", f"case {number}: {name} must be a file name, or a list of them")
    return names


def _bad(reason: str, detail: str) -> BadInputError:
    return BadInputError("cases", reason, detail)
