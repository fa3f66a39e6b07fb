"""Which consonants English spelling shows, and roughly where in the word they are."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

# Longest first. A viseme of None is a vowel, which the mouth curve shows better than spelling
# does, or a closure of the lips, which it shows as well. Silent letters take no time.
_VOWEL: Final = 1.6
_CONSONANT: Final = 1.0
_RULES: Final[tuple[tuple[re.Pattern[str], str | None, float], ...]] = tuple(
    (re.compile(pattern), viseme, length)
    for pattern, viseme, length in (
        (r"(?<=[aeiou])gh(?=t)|(?<=[ai])gh$|(?<=ou)gh$|^[kg](?=n)|^w(?=r)", None, 0.0),
        (r"^w(?=ho)|(?<=m)b$|(?<=m)n$|(?<=[aeiouy][^aeiouy])e$", None, 0.0),
        (r"tch|ch|sh|(?<=[a-z])(?:ti|ci|si)(?=on|al|an|ous)|dge|j|(?<=[a-z])ge$", "CH", _CONSONANT),
        (r"th", "TH", _CONSONANT),
        (r"ph|ff|f|v", "FF", _CONSONANT),
        (r"ss|s|zz|z|c(?=[eiy])|x", "SS", _CONSONANT),
        (r"ck|cc|c|k|q|gg|g", "kk", _CONSONANT),
        (r"tt|t|dd|d", "DD", _CONSONANT),
        (r"ng|nn|n", "nn", _CONSONANT),
        (r"ll|l", "L", _CONSONANT),
        (r"rr|wr|r", "RR", _CONSONANT),
        (r"[pbm]+", None, _CONSONANT),
        (r"wh|w|h|(?<=q)u", None, _CONSONANT),
        (r"[aeiouy]+", None, _VOWEL),
    )
)


@dataclass(frozen=True)
class SpelledSound:
    """A consonant of a word: its viseme, and where it is in 0..1 of the word's length."""

    viseme: str
    start: float
    end: float


def sounds_of(word: str) -> tuple[SpelledSound, ...]:
    """Read the consonants of an English word that the lips alone do not tell apart.

    Parameters
    ----------
    word
        As written; punctuation and accents do not matter.

    Returns
    -------
    In order; visemes are ``FF``, ``TH``, ``DD``, ``kk``, ``CH``, ``SS``, ``nn``, ``RR`` and ``L``.
    """
    bare = unicodedata.normalize("NFD", word).lower()
    letters = "".join(c for c in bare if "a" <= c <= "z")
    found: list[tuple[str | None, float]] = []
    at = 0
    while at < len(letters):
        viseme, length, at = _next(letters, at)
        found.append((viseme, length))
    total = sum(length for _, length in found)
    sounds = []
    done = 0.0
    for viseme, length in found:
        if viseme is not None:
            sounds.append(SpelledSound(viseme, done / total, (done + length) / total))
        done += length
    return tuple(sounds)


def _next(letters: str, at: int) -> tuple[str | None, float, int]:
    for pattern, viseme, length in _RULES:
        match = pattern.match(letters, at)
        if match and match.end() > at:
            return viseme, length, match.end()
    raise AssertionError(f"no rule for {letters[at]!r}")  # pragma: no cover
