"""Text to speech by whoever brings an engine; lipwright has none of its own.

Engines register under the entry-point group ``lipwright.tts``; the value is a callable without
arguments that returns a `SpeechEngine`. It is called once per process, when it is first needed.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final, Protocol, cast

from lipwright.errors import BadInputError, FailedError

GROUP: Final = "lipwright.tts"


@dataclass(frozen=True)
class SpeechText:
    """What is to be said, and how.

    Attributes
    ----------
    text
        The words; never empty.
    voice
        The caller's name for a voice, empty for the engine's default.
    language
        ``en``, ``zh``, …
    speed
        1 is the voice's own pace, 2 twice as fast.
    """

    text: str
    voice: str = ""
    language: str = "en"
    speed: float = 1.0


class SpeechEngine(Protocol):
    """Makes speech of text. Called from several threads at once."""

    def speak(self, request: SpeechText, output: Path) -> None:
        """Write the speech to ``output`` as wav, mp3, m4a or aac; the bytes decide which.

        Parameters
        ----------
        request
            What to say.
        output
            A file that does not exist yet, in a folder that does.

        Raises
        ------
        BadInputError
            The text, voice or language is not one that the engine can say; field ``text``,
            ``voice`` or ``language`` and a reason of the table, e.g. ``bad_value``.
        """


def engine_names() -> list[str]:
    """Return the names of the registered engines, sorted."""
    return sorted(point.name for point in _points())


def load_speech_engine(name: str = "") -> SpeechEngine | None:
    """Return a registered engine.

    Parameters
    ----------
    name
        Which one; by default the first by name.

    Returns
    -------
    SpeechEngine or None
        None if there is no engine of that name, or none at all.

    Raises
    ------
    FailedError
        ``voice_failed``: it is there but cannot be loaded.
    """
    points = {point.name: point for point in _points()}
    chosen = name or min(points, default="")
    return _loaded(points[chosen]) if chosen in points else None


def speak(engine: SpeechEngine, request: SpeechText, output: Path) -> None:
    """Have an engine say something, and make sure that it did.

    Raises
    ------
    BadInputError
        As the engine says.
    FailedError
        ``voice_failed``: the engine failed in another way, or wrote nothing.
    """
    try:
        engine.speak(request, output)
        spoken = output.is_file() and output.stat().st_size > 0
    except (BadInputError, FailedError):
        raise
    except Exception as error:
        raise FailedError(
            "voice_failed", f"the text-to-speech engine failed: {type(error).__name__}"
        ) from error
    if not spoken:
        raise FailedError("voice_failed", "the text-to-speech engine wrote nothing")


def _points() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


@functools.cache
def _loaded(point: EntryPoint) -> SpeechEngine:
    try:
        return cast(SpeechEngine, point.load()())
    except Exception as error:
        raise FailedError(
            "voice_failed", f"the text-to-speech engine {point.name} cannot be loaded: {error}"
        ) from error
