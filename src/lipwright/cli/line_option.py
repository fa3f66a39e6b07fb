"""``--line FACE:SPEECH@MS``: who says what when, in one word of the command line.

FACE is a number and may be left out, with its colon or without it; so a drive letter is never
taken for a face. MS is digits after the last ``@`` and may be left out, too; so an address-like
name is never taken for a time. A name that would be misread is put in double quotes (which have
to get past the shell), or the empty part is written out: ``:0:take.wav`` is the file
``0:take.wav``, ``take@100@`` the file ``take@100``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_FACE = re.compile(r"(\d*):(?!//)")
_PLACE = re.compile(r"@(\d*)$")


@dataclass(frozen=True)
class SpokenBy:
    """One ``--line``: the file's name as typed, and what was said of face and place."""

    speech: str
    face: str | None = None
    at_ms: int | None = None


def read_line(text: str) -> SpokenBy:
    """Take a ``--line`` apart.

    Raises
    ------
    ValueError
        With a sentence for people: it names no file, or quotes are not closed.
    """
    face: str | None = None
    at_ms: int | None = None
    rest = text
    if match := _FACE.match(rest):
        face = match[1] or None
        rest = rest[match.end() :]
    if rest.startswith('"'):
        name, quote, tail = rest[1:].partition('"')
        if not quote:
            raise ValueError(f"the quote in {text!r} is not closed")
        place = _PLACE.fullmatch(tail)
        if tail and place is None:
            raise ValueError(f"after the quoted name in {text!r} only @MS may follow")
    else:
        place = _PLACE.search(rest)
        name = rest[: place.start()] if place else rest
    if place is not None and place[1]:
        at_ms = int(place[1])
    if not name:
        raise ValueError(f"{text!r} names no sound; it must be FACE:SPEECH@MS")
    return SpokenBy(name, face, at_ms)
