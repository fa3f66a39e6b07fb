"""Phones of GRID's sentences, aligned by pocketsphinx: ``python -m training.words``.

The clips are named after their sentences. Writes ``training/cache/grid_phones.npz``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from training.phones import Said, of_arpabet

CACHE = Path(__file__).parent / "cache"
PHONES_FILE = CACHE / "grid_phones.npz"

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_AS_NAMED = {"a": "EY", "r": "AA R", "z": "Z EH D"}
"""Letters that the dictionary reads as words, or in American."""

WORDS = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {c: f"letter_{c}" if c in _AS_NAMED else c for c in "abcdefghijklmnopqrstuvxyz"},
    dict(zip("z123456789", _DIGITS, strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


def load_phones() -> dict[str, list[Said]]:
    """Phones of every aligned clip, by the clip's name."""
    with np.load(PHONES_FILE) as data:
        names, phones, edges = data["names"], data["phones"], data["edges"]
    found: dict[str, list[Said]] = {}
    for name, phone, (start, end) in zip(names, phones, edges, strict=True):
        found.setdefault(str(name), []).append(Said(str(phone), float(start), float(end)))
    return found


def main() -> None:
    rows: list[tuple[str, Said]] = []
    files = sorted((CACHE / "grid_s1").glob("*.npz"))
    decoders = [_decoder()]
    for file in files:
        with np.load(file) as data:
            samples = data["samples"].astype(np.float32)
        text = " ".join(words[c] for words, c in zip(WORDS, file.stem, strict=True))
        found = _align(decoders[-1], samples, text)
        if not found:
            decoders.append(_decoder())  # A failed one stays confused.
        rows += [(file.stem, one) for one in found]
    np.savez(
        PHONES_FILE,
        names=np.array([name for name, _ in rows]),
        phones=np.array([one.phone for _, one in rows]),
        edges=np.array([(one.start, one.end) for _, one in rows]),
    )
    print(f"{len({name for name, _ in rows})} of {len(files)} clips aligned")


def _decoder() -> Any:
    from pocketsphinx import Decoder

    decoder = Decoder(lm=None, loglevel="FATAL")
    for letter, spoken in _AS_NAMED.items():
        decoder.add_word(f"letter_{letter}", spoken, True)
    return decoder


def _align(decoder: Any, samples: np.ndarray, text: str) -> list[Said]:
    """Two passes, words and then phones; nothing where the aligner gives up."""
    loud = samples * (23_000.0 / max(1.0, float(np.abs(samples).max())))
    sound = loud.astype(np.int16).tobytes()
    decoder.set_align_text(text)
    for second in (False, True):
        if second:
            if decoder.hyp() is None:
                return []
            decoder.set_alignment()
        decoder.start_utt()
        decoder.process_raw(sound, full_utt=True)
        try:
            decoder.end_utt()
        except RuntimeError:
            return []
    return [
        Said(of_arpabet(p.name), p.start / 100.0, (p.start + p.duration) / 100.0)
        for word in decoder.get_alignment()
        for p in word
    ]


if __name__ == "__main__":
    main()
