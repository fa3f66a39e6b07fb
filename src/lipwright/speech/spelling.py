"""Where English spelling says that the lips meet: p, b and m, less the silent ones."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 5_000
"""Characters of a transcript that are read; a minute of fast speech has about 1,200."""

_LONGEST_WORD = 40
_LEAST_LATIN = 0.8
"""Share of a transcript's letters that must be a to z: the model knows English only."""

_PLAIN = str.maketrans({"\u2018": "'", "\u2019": "'", "\u2013": " ", "\u2014": " "})

# What is spelled but not said, replaced by as many other characters so that places stay.
_SILENT = [
    (re.compile(pattern), put)
    for pattern, put in (
        (r"^(?=p[nst])p", "-"),  # psalm, pneumonia, pterosaur
        (r"psych", "-sych"),
        (r"^mn", "-n"),  # mnemonic
        (r"(?<=(?:de|ou))bt", "-t"),  # debt, doubt
        (r"(?<=su)btl", "-tl"),  # subtle
        (r"(?<=cei)pt", "-t"),  # receipt
        (r"^corps(?:men)?$", "cor-s"),
        (r"^coup(?=s?$)", "cou-"),
        (r"^ph|ph(?!erd|azard|ill|eld|ole|old|eap|ouse|ead|am$)", "f-"),  # but shepherd, uphill
    )
]

_NOT_TEXT = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "So", "Sk"})

_MEETING = re.compile(r"[pbm]+")
_NARROWING = re.compile(r"[fvw]+|qu|^on(?:e|ce)")
_NAMED_MEETING, _NAMED_NARROWING = set("bmpw"), set("fv")
"""Letters whose names do: bee, em, pee, double u; ef, vee."""


@dataclass(frozen=True)
class Word:
    """A word of a transcript.

    Attributes
    ----------
    text
        As it was written, with its punctuation.
    meetings
        Where the lips meet, from 0 (the word's beginning) to 1 (its end), ascending; ``None``
        when spelling does not tell, as for numbers and symbols.
    narrowings
        Where they come near each other and may well touch: f, v and w. In the same measure.
    """

    text: str
    meetings: tuple[float, ...] | None
    narrowings: tuple[float, ...] = ()


def read_transcript(text: str) -> tuple[Word, ...]:
    """Words of a transcript; none if it is not plainly English letters.

    Anything may be given. Control characters, symbols and pictures count as white space, and
    nothing after `LONGEST` characters is read.
    """
    kept = unicodedata.normalize("NFKC", text[:LONGEST].translate(_PLAIN))[:LONGEST]
    kept = "".join(" " if unicodedata.category(c) in _NOT_TEXT else c for c in kept)
    letters = [c for c in kept if c.isalpha()]
    latin = sum(c.isascii() for c in letters)
    if latin < _LEAST_LATIN * max(len(letters), 1) or latin == 0:
        return ()
    shouted = latin > 12 and sum(c.isupper() for c in letters) > 0.8 * len(letters)
    chunks = [c for c in kept.split() if len(c) <= _LONGEST_WORD and any(map(str.isalnum, c))]
    return tuple(read_word(chunk, shouted=shouted) for chunk in chunks)


def read_word(chunk: str, *, shouted: bool = False) -> Word:
    """What the lips do in a written word.

    Parameters
    ----------
    chunk
        The word with its punctuation.
    shouted
        The text is all capitals, so that they do not mean an abbreviation.
    """
    if any(c.isdigit() or (c.isalpha() and not _is_latin(c)) for c in chunk):
        return Word(chunk, None)
    letters = "".join(c for c in _unaccented(chunk) if c.isascii() and c.isalpha())
    said = letters.lower()
    if len(said) == 1 or (letters.isupper() and not shouted and _is_abbreviation(letters)):
        named = [((i + 0.5) / len(said), c) for i, c in enumerate(said)]
        return Word(
            chunk,
            tuple(place for place, c in named if c in _NAMED_MEETING),
            tuple(place for place, c in named if c in _NAMED_NARROWING),
        )
    for silent, put in _SILENT:
        said = silent.sub(put, said)
    return Word(
        chunk,
        tuple(_place(match, len(said)) for match in _MEETING.finditer(said)),
        tuple(_place(match, len(said)) for match in _NARROWING.finditer(said)),
    )


def _place(match: re.Match[str], length: int) -> float:
    """Middle of the letters; a word's first sound is at its very beginning."""
    return 0.0 if match.start() == 0 else (match.start() + match.end()) / 2 / length


def _is_abbreviation(letters: str) -> bool:
    return len(letters) <= 3 or not set(letters) & set("AEIOUY")


def _is_latin(character: str) -> bool:
    return unicodedata.name(character, "").startswith("LATIN")


def _unaccented(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
