"""One set of mouth phones for every source of phone timings.

The set is what GRID's sentences hold, in the ARPAbet letters of the aligner. A sound that GRID
lacks is written as a mixture of sounds that look alike on the lips.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_NAMES = "SIL B P M F V W Y R L T D N S Z TH DH CH JH K G IY IH EY EH AE AA AO AH OW UW AY AW"
PHONES = tuple(_NAMES.split(" "))
_INDEX = {phone: index for index, phone in enumerate(PHONES)}

_ALIKE = {
    "SH": {"CH": 1.0},
    "ZH": {"JH": 1.0},
    "NG": {"G": 0.5, "K": 0.5},
    "UH": {"UW": 0.5, "AH": 0.5},
    "ER": {"R": 0.5, "AH": 0.5},
    "HH": {"AH": 0.6, "K": 0.4},
    "OY": {"AO": 0.6, "IY": 0.4},
    "AX": {"AH": 0.7, "IH": 0.3},
    "UE": {"UW": 0.6, "IY": 0.4},
    "OE": {"UW": 0.4, "EH": 0.6},
}

_IPA = {
    "b": "B", "p": "P", "m": "M", "f": "F", "v": "V", "ʋ": "V", "β": "V", "ɸ": "F", "w": "W",
    "ɥ": "W", "ʍ": "W", "ɰ": "G", "j": "Y", "ʎ": "Y", "ʝ": "Y", "ɲ": "N", "ɹ": "R", "ɻ": "R",
    "r": "D", "ɾ": "D", "ɽ": "D", "ʁ": "K", "ʀ": "K", "l": "L", "ɫ": "L", "ɭ": "L", "ɬ": "L",
    "t": "T", "ʈ": "T", "d": "D", "ɖ": "D", "n": "N", "ɳ": "N", "ɴ": "NG", "ŋ": "NG", "s": "S",
    "z": "Z", "ʦ": "S", "ʣ": "Z", "θ": "TH", "ð": "DH", "ʃ": "SH", "ʂ": "SH", "ɕ": "SH",
    "ç": "HH", "ʒ": "ZH", "ʐ": "ZH", "ʑ": "ZH", "ʧ": "CH", "ʨ": "CH", "ʤ": "JH", "ʥ": "JH",
    "k": "K", "c": "K", "q": "K", "g": "G", "ɡ": "G", "ɟ": "G", "ɣ": "G", "x": "HH", "χ": "HH",
    "h": "HH", "ɦ": "HH", "ħ": "HH", "ʕ": "AH", "ʔ": "K",
    "i": "IY", "ɪ": "IH", "ᵻ": "IH", "ɨ": "IH", "e": "EH", "ɛ": "EH", "æ": "AE", "a": "AA",
    "ɑ": "AA", "ɒ": "AO", "ɔ": "AO", "o": "OW", "ʌ": "AH", "ɐ": "AH", "ə": "AX", "ᵊ": "AX",
    "ɜ": "ER", "ɚ": "ER", "ɘ": "AX", "u": "UW", "ʊ": "UH", "ɯ": "IH", "ɤ": "AH", "y": "UE",
    "ʏ": "UE", "ø": "OE", "œ": "OE", "ɞ": "OE",
    "A": "EY", "I": "AY", "O": "OW", "Q": "OW", "W": "AW", "Y": "OY", "T": "D",
}  # fmt: skip
"""Letters of the International Phonetic Alphabet, and Kokoro's capitals for diphthongs."""

_ROUGH = {"ax": "AX", "axr": "ER", "pau": "SIL", "h#": "SIL", "ssil": "SIL", "brth": "SIL"}


@dataclass(frozen=True)
class Said:
    """A phone and when it is said, in seconds."""

    phone: str
    start: float
    end: float


def of_ipa(letter: str) -> str | None:
    """The mouth phone of one IPA letter; ``None`` for marks that are no sound."""
    return _IPA.get(letter)


def of_arpabet(name: str) -> str:
    return _ROUGH.get(name, name.rstrip("012").upper())


def number_of(phone: str) -> int:
    """Its place in `PHONES`, or that of the one most like it."""
    alike = _ALIKE.get(phone)
    return _INDEX[max(alike, key=alike.__getitem__) if alike else phone]


def occupancy(said: Iterable[Said], count: int, rate: float = 50.0) -> np.ndarray:
    """(count, len(PHONES)) share of each frame, which lies around j / rate, that a phone fills."""
    shares = np.zeros((count, len(PHONES)), np.float32)
    for one in said:
        start, end = one.start * rate + 0.5, one.end * rate + 0.5
        for frame in range(max(0, int(start)), min(count, int(np.ceil(end)))):
            part = min(end, frame + 1) - max(start, frame)
            for phone, share in _ALIKE.get(one.phone, {one.phone: 1.0}).items():
                shares[frame, _INDEX.get(phone, 0)] += max(0.0, part) * share
    shares[:, 0] += np.maximum(0.0, 1.0 - shares.sum(1))
    return shares
