"""When each word of a transcript is said: forced alignment by Whisper's own attention."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from numpy.typing import NDArray

from lipwright.speech.encoder import FEATURES, RATE, SAMPLES_PER_VECTOR
from lipwright.speech.level import frame_levels
from lipwright.speech.logmel import HOP, SAMPLE_RATE, log_mel
from lipwright.speech.spelling import Word
from lipwright.speech.tokens import Tokenizer

_WINDOW = 30 * SAMPLE_RATE
"""The decoder was trained on windows of this length; shorter sounds are filled with silence."""

_CUT_AFTER = 20 * SAMPLE_RATE
"""A longer sound is cut at its quietest moment between this and the window's end."""

_MOST_WINDOWS = 24
"""Of a longer sound only so much is aligned, 8 to 12 minutes; no transcript is longer."""

_MOST_TOKENS = 220
"""The decoder reads at most 448 with what it adds; nobody says more than this in a window."""

_MOST_SURPRISE = 0.55
"""Mean log probability of the words with the sound over that without it: how much of the surprise
the sound leaves. Hard sentences scored 0.45 or less, wrong ones 0.66 or more."""

_MOST_WORDS_PER_SECOND = 8.0
"""Nobody speaks faster for long."""

_LEAST_WORD_LOG_PROBABILITY = -7.0
"""A single word below this may not have been said, so nothing is concluded from it."""

_LEAST_WORDS_FOUND = 0.3
"""Share of a long transcript's words that the model must hear by itself."""


@dataclass(frozen=True)
class TimedWord:
    """A word and when it is said, in seconds of the sound, to about 0.1 s."""

    word: Word
    start: float
    end: float


class Aligner:
    """Whisper's decoder as a function from sound and words to times.

    Parameters
    ----------
    model
        The loaded model.
    folder
        Where it came from; its vocabulary is there.

    Raises
    ------
    FailedError
        The vocabulary is damaged.
    """

    def __init__(self, model: ctranslate2.models.Whisper, folder: Path) -> None:
        self._model = model
        self._tokenizer = Tokenizer(folder / "tokenizer.json")

    def align(self, samples: NDArray[np.float32], words: Sequence[Word]) -> tuple[TimedWord, ...]:
        """Find the words in a sound.

        Parameters
        ----------
        samples
            (n,) mono sound at 16 kHz, brought to the usual level.
        words
            All that is said in it, in order.

        Returns
        -------
        The words that were found, in order. Windows whose words plainly are not what is said
        there are left out, so there may be none. Nothing after `_MOST_WINDOWS` is looked at.
        """
        windows = cut_windows(samples)[:_MOST_WINDOWS]
        heard = [self._encode(samples[a:b]) for a, b in windows]
        shares = [words] if len(windows) == 1 else self._share_out(words, heard)
        timed: list[TimedWord] = []
        for (start, stop), sound, share in zip(windows, heard, shares, strict=True):
            timed.extend(self._align_window(sound, share, start, stop))
        return tuple(timed)

    def _align_window(
        self, heard: Any, words: Sequence[Word], start: int, stop: int
    ) -> list[TimedWord]:
        tokens = [self._tokenizer.encode(f" {word.text}") for word in words]
        flat = [token for group in tokens for token in group]
        if not flat or len(flat) > _MOST_TOKENS:
            return []
        if len(words) > _MOST_WORDS_PER_SECOND * (stop - start) / SAMPLE_RATE + 1:
            return []
        alignments, likely = self._read(heard, flat, (stop - start) // HOP)
        _, guessed = self._read(_nothing_heard(), flat, _WINDOW // HOP)
        if len(likely) != len(flat) or likely.mean() < _MOST_SURPRISE * guessed.mean():
            return []
        # Pairs of (token, 20 ms), both ascending; the token after the last one is the text's end.
        begin: dict[int, float] = {}
        for token, step in alignments:
            begin.setdefault(token, step / RATE)
        end = (stop - start) / SAMPLE_RATE
        offset = start / SAMPLE_RATE
        timed = []
        places = pairwise(accumulate(map(len, tokens), initial=0))
        for word, (a, b) in zip(words, places, strict=True):
            sure = likely[a:b].mean() >= _LEAST_WORD_LOG_PROBABILITY
            known = word if sure else Word(word.text, None)
            timed.append(TimedWord(known, offset + begin.get(a, end), offset + begin.get(b, end)))
        return timed

    def _read(
        self, heard: Any, tokens: list[int], frames: int
    ) -> tuple[list[tuple[int, int]], NDArray[np.float64]]:
        """Alignment of tokens and their log probabilities; a frame is 10 ms."""
        (result,) = self._model.align(heard, [self._tokenizer.start], [tokens], max(2, frames))
        likely = np.log(np.maximum(np.array(result.text_token_probs, np.float64), 1e-9))
        return result.alignments, likely

    def _encode(self, samples: NDArray[np.float32]) -> Any:
        mel = log_mel(np.pad(samples, (0, _WINDOW - len(samples))))
        return self._model.encode(ctranslate2.StorageView.from_array(mel[None].copy()))

    def _share_out(self, words: Sequence[Word], heard: Sequence[Any]) -> list[Sequence[Word]]:
        """Which words belong to which window: by what the model hears there by itself."""
        spoken: list[str] = []
        ends = []
        for sound in heard:
            spoken += _plain(self._transcribe(sound))
            ends.append(len(spoken))
        written = ["".join(_plain(word.text)) for word in words]
        matcher = difflib.SequenceMatcher(None, spoken, written, autojunk=False)
        blocks = matcher.get_matching_blocks()
        if sum(block.size for block in blocks) < _LEAST_WORDS_FOUND * len(written):
            return [()] * len(heard)
        places = np.array([(b.a + k, b.b + k) for b in blocks for k in range(b.size)])
        cuts = [round(float(np.interp(e - 0.5, places[:, 0], places[:, 1]))) + 1 for e in ends]
        cuts[-1] = len(words)
        return [words[a:b] for a, b in zip([0, *cuts], cuts, strict=False)]

    def _transcribe(self, heard: Any) -> str:
        prompt = [[self._tokenizer.start, self._tokenizer.no_times]]
        (result,) = self._model.generate(heard, prompt, beam_size=1, max_length=_MOST_TOKENS)
        return self._tokenizer.decode(result.sequences_ids[0])


def _nothing_heard() -> Any:
    """What the decoder is given to tell how probable words are without any sound."""
    blank = np.zeros((1, _WINDOW // SAMPLES_PER_VECTOR, FEATURES), np.float32)
    return ctranslate2.StorageView.from_array(blank)


def cut_windows(samples: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Cut a sound into windows of at most 30 s at quiet moments; first and last + 1 samples."""
    levels = frame_levels(samples)
    per_level = SAMPLE_RATE // RATE
    windows = []
    start = 0
    while len(samples) - start > _WINDOW:
        first, last = (start + _CUT_AFTER) // per_level, (start + _WINDOW) // per_level
        # Quiet for 0.2 s, so that a cut does not fall into a stop consonant.
        around = np.convolve(levels[first - 5 : last + 5], np.ones(11) / 11.0, "valid")
        stop = (first + int(np.argmin(around[: last - first]))) * per_level
        windows.append((start, stop))
        start = stop
    return [*windows, (start, len(samples))]


def _plain(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


assert math.isclose(RATE * 2 * HOP, SAMPLE_RATE)
