from __future__ import annotations

import json
from pathlib import Path

import pytest

from lipwright.errors import FailedError
from lipwright.models.store import require
from lipwright.speech.tokens import Tokenizer, split_pieces


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(require("whisper_tiny_en") / "tokenizer.json")


# As GPT-2's own encoder numbers them.
@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", []),
        ("Hello world", [15496, 995]),
        (" And so my fellow Americans", [843, 523, 616, 5891, 3399]),
        ("Hello, world! It's 2024.", [15496, 11, 995, 0, 632, 338, 48609, 13]),
        (" naïve café", [41492, 40304]),
        ("don't  stop\n\nnow", [9099, 470, 220, 2245, 198, 198, 2197]),
        (" 🙂", [32485]),
    ],
)
def test_known_strings(tokenizer: Tokenizer, text: str, ids: list[int]) -> None:
    assert tokenizer.encode(text) == ids


@pytest.mark.parametrize("text", ["We both bought a big boat.", "naïve 中文 🙂\n\ttab", "a" * 300])
def test_there_and_back(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_special_tokens_are_text_in_a_text(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode("<|endoftext|>")
    assert len(ids) > 1
    assert tokenizer.decode([tokenizer.start, *ids, tokenizer.no_times]) == "<|endoftext|>"


def test_pieces_lose_nothing() -> None:
    text = "We'll  go;  we'd—\u3000100½ x\u0301 \ud800\x00!\n\n"
    assert "".join(split_pieces(text)) == text
    assert split_pieces(" it's 12!?") == [" it", "'s", " 12", "!?"]


@pytest.mark.parametrize("content", ["", "[]", "{}", json.dumps({"model": {"vocab": {}}})])
def test_a_damaged_vocabulary_is_said(tmp_path: Path, content: str) -> None:
    file = tmp_path / "tokenizer.json"
    file.write_text(content)
    with pytest.raises(FailedError) as caught:
        Tokenizer(file)
    assert caught.value.reason == "speech_model"
