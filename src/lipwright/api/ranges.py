"""Which part of a file a request asks for (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"(\d*)\s*-\s*(\d*)", re.ASCII)


@dataclass(frozen=True)
class Part:
    """Bytes ``start`` up to, not including, ``end`` of a file."""

    start: int
    end: int


class UnsatisfiableError(ValueError):
    """The range is well-formed but holds no byte of the file."""


def asked_part(header: str | None, if_range: str | None, size: int, etag: str) -> Part | None:
    """Return the part that a request wants, or None for the whole file.

    A header that is malformed, of another unit, or asks for several parts is ignored, as the
    standard allows; so is one whose ``If-Range`` names another state of the file.

    Parameters
    ----------
    header, if_range
        The request's ``Range`` and ``If-Range``.
    size
        The file's length in bytes.
    etag
        The file's strong entity tag, with quotes.

    Raises
    ------
    UnsatisfiableError
        Nothing of the file lies in the range.
    """
    if header is None or (if_range is not None and if_range.strip() != etag):
        return None
    unit, _, spec = header.partition("=")
    match = _RANGE.fullmatch(spec.strip())
    if unit.strip().lower() != "bytes" or match is None:
        return None
    first, last = match.groups()
    if len(first) > 18 or len(last) > 18 or not (first or last):
        return None
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise UnsatisfiableError
        return Part(size - length, size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise UnsatisfiableError
    return Part(start, min(int(last) + 1, size) if last else size)


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether the caller already holds this state of the file."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags
