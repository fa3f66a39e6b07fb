"""Text to Whisper's tokens: byte-level byte-pair encoding, as GPT-2 published it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from lipwright.errors import FailedError

_CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")

# Over one class letter per character; a single plain space may lead a piece, and a longer run of
# white space leaves its last character to the piece that follows.
_PIECE = re.compile(r"_?L+|_?N+|_?O+|[_S]+(?![LNO])|[_S]+")


class Tokenizer:
    """Whisper's vocabulary.

    Parameters
    ----------
    file
        ``tokenizer.json`` of the model.

    Raises
    ------
    FailedError
        The file does not hold such a vocabulary.
    """

    def __init__(self, file: Path) -> None:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            model = content["model"]
            self._ids: dict[str, int] = model["vocab"]
            pairs = [tuple(m.split(" ") if isinstance(m, str) else m) for m in model["merges"]]
            special = {token["content"]: token["id"] for token in content["added_tokens"]}
            self.start: int = special["<|startoftranscript|>"]
            self.no_times: int = special["<|notimestamps|>"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FailedError(
                "speech_model", f"the speech model's vocabulary could not be read: {error}"
            ) from error
        self._symbols = {number: symbols for symbols, number in self._ids.items()}
        self._ranks = {pair: rank for rank, pair in enumerate(pairs)}

    def encode(self, text: str) -> list[int]:
        """Token ids of a text; special tokens in it are text like any other."""
        ids: list[int] = []
        for piece in split_pieces(text):
            symbols = "".join(_BYTES[byte] for byte in piece.encode("utf-8", "replace"))
            ids.extend(self._ids[part] for part in self._merge(list(symbols)))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """Text of token ids; special tokens are left out."""
        symbols = "".join(self._symbols.get(number, "") for number in ids)
        return bytes(map(_BYTES.index, symbols)).decode("utf-8", "replace")

    def _merge(self, parts: list[str]) -> list[str]:
        """Join neighbours, the pair that was learned first, first."""
        while len(parts) > 1:
            pairs = list(pairwise(parts))
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            joined: list[str] = []
            index = 0
            while index < len(parts):
                if tuple(parts[index : index + 2]) == best:
                    joined.append(parts[index] + parts[index + 1])
                    index += 2
                else:
                    joined.append(parts[index])
                    index += 1
            parts = joined
        return parts


def split_pieces(text: str) -> list[str]:
    """Cut a text into what is encoded by itself: words, numbers, punctuation, white space."""
    classes = "".join(map(_class_of, text))
    pieces = []
    position = 0
    while position < len(text):
        piece = next((c for c in _CONTRACTIONS if text.startswith(c, position)), None)
        if piece is None:
            match = _PIECE.match(classes, position)
            assert match is not None
            piece = text[position : match.end()]
        pieces.append(piece)
        position += len(piece)
    return pieces


def _class_of(character: str) -> str:
    if character == " ":
        return "_"
    if character.isspace():
        return "S"
    category = unicodedata.category(character)[0]
    return category if category in "LN" else "O"


def _byte_symbols() -> list[str]:
    """A printable character for every byte: itself where it is one, else one from 256 on."""
    printable = {*range(33, 127), *range(161, 173), *range(174, 256)}
    symbols = []
    spare = 256
    for byte in range(256):
        if byte in printable:
            symbols.append(chr(byte))
        else:
            symbols.append(chr(spare))
            spare += 1
    return symbols


_BYTES = _byte_symbols()
