"""Listen to the lines, in a thread of its own while somebody looks at the faces."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from lipwright.dubbing.types import Line
from lipwright.media.audio import read_sound
from lipwright.media.scratch import on_disk
from lipwright.media.types import F32
from lipwright.speech.predict import Heard, let_speech_encoder_go, listen

SPEECH_RATE: Final = 16_000

_Sound = tuple[Path, int, int, str]


@dataclass(frozen=True, eq=False)
class Said:
    """The used part of a line's sound, mono at `SPEECH_RATE`, and what was heard in it."""

    samples: F32
    heard: Heard


def hear(line: Line) -> Said:
    """Listen to a line."""
    sound = read_sound(line.speech, line.speech_start_ms, line.speech_end_ms, SPEECH_RATE)
    mono = on_disk(sound.mean(1))
    del sound
    return Said(mono, listen(mono, line.transcript))


class Hearing:
    """Listens ahead; a context manager, at whose end the model that listens is let go.

    What a line is heard to say depends on its sound alone, not on where it lies: so lines may be
    listened to that are only guessed.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "lipwright-hearing")
        self._heard: dict[_Sound, Future[Said]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)
        self._heard.clear()
        let_speech_encoder_go()

    def begin(self, lines: Sequence[Line]) -> None:
        """Listen to these lines next, unless that is done already."""
        for line in lines:
            if _sound(line) not in self._heard:
                self._heard[_sound(line)] = self._thread.submit(copy_context().run, hear, line)

    def said(self, line: Line) -> Said:
        """What a line says, as soon as that is known.

        Raises
        ------
        BadInputError
            Its sound cannot be read.
        FailedError
            The model is missing and cannot be fetched.
        """
        self.begin([line])
        return self._heard[_sound(line)].result()


def _sound(line: Line) -> _Sound:
    return line.speech, line.speech_start_ms, line.speech_end_ms, line.transcript
