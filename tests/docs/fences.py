"""The fenced code blocks of a page."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^ *```([\w+-]*) *$")
_MARK = re.compile(r"^ *<!-- not run: (.+) -->$")


@dataclass(frozen=True)
class Block:
    """One block.

    Attributes
    ----------
    line
        Number of its first line of code.
    language
        The word after the fence.
    why_not_run
        From the comment `<!-- not run: REASON -->` on the line before the fence; else empty.
    """

    line: int
    language: str
    code: str
    why_not_run: str


def blocks_of(page: Path) -> list[Block]:
    """All blocks, in order."""
    return list(_read(page.read_text().splitlines()))


def _read(lines: list[str]) -> Iterator[Block]:
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening is None:
            number += 1
            continue
        mark = _MARK.match(lines[number - 1]) if number else None
        end = number + 1
        while not _FENCE.match(lines[end]):
            end += 1
        code = textwrap.dedent("\n".join(lines[number + 1 : end])) + "\n"
        yield Block(number + 2, opening[1], code, mark[1] if mark else "")
        number = end + 1
