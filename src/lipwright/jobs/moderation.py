"""Moderators: other people's code that may refuse what goes in and what comes out.

Moderators register under the entry-point group ``lipwright.moderation``; the value is a callable
without arguments that returns a `Moderator`. It is called once per process, when it is first
needed. All registered moderators are asked, by name; the first refusal counts. A moderator that
fails lets nothing through.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final, Protocol, cast

from lipwright.dubbing.types import Identification
from lipwright.errors import BadInputError, FailedError

log = logging.getLogger(__name__)

GROUP: Final = "lipwright.moderation"
_MAX_WORDS = 500


@dataclass(frozen=True)
class ShownFace:
    """A face that is to speak: its id, when it can be seen (ms), and its portrait as a JPEG."""

    face_id: str
    start_ms: int
    end_ms: int
    image_jpeg: bytes


@dataclass(frozen=True)
class SpokenSound:
    """What a face is to say: the sound's file, and the words where the caller gave them."""

    face_id: str
    path: Path
    transcript: str = ""


@dataclass(frozen=True)
class Submission:
    """What a moderator sees. The files are there only while he is asked.

    Attributes
    ----------
    account_id
        Who asks.
    video
        The source video.
    faces
        The faces that are to speak; the video may show others.
    sounds
        One for each line.
    """

    account_id: str
    video: Path
    faces: tuple[ShownFace, ...]
    sounds: tuple[SpokenSound, ...]


class Moderator(Protocol):
    """Looks at inputs and outputs. Called from several threads at once."""

    def check_inputs(self, submission: Submission) -> str | None:
        """Return why this must not be rendered, in words for the caller, or None."""

    def check_output(self, submission: Submission, output: Path) -> str | None:
        """Return why the finished video must not be handed out, or None."""


def are_there_moderators() -> bool:
    """Whether any moderator is registered: else nobody needs to gather what he would see."""
    return bool(_points())


def check_inputs(submission: Submission) -> None:
    """Ask every moderator about the inputs.

    Raises
    ------
    BadInputError
        Field ``lines``, reason ``moderated``.
    FailedError
        ``moderator_failed``.
    """
    _ask(lambda moderator: moderator.check_inputs(submission))


def check_output(submission: Submission, output: Path) -> None:
    """Ask every moderator about the finished video; raises as `check_inputs`."""
    _ask(lambda moderator: moderator.check_output(submission, output))


def shown_faces(identification: Identification, face_ids: set[str]) -> tuple[ShownFace, ...]:
    """Return the faces that are to speak, as moderators see them."""
    return tuple(
        ShownFace(face.face_id, face.start_ms, face.end_ms, face.image_jpeg)
        for face in identification.faces
        if face.face_id in face_ids
    )


def _ask(question: Callable[[Moderator], str | None]) -> None:
    for point in _points():
        try:
            refusal = question(_loaded(point))
        except Exception as error:
            log.exception("moderator %s failed", point.name)
            raise FailedError("moderator_failed", "a moderator could not do its work") from error
        if refusal:
            log.info("moderator %s refuses: %s", point.name, refusal)
            raise BadInputError(
                "lines", "moderated", f"refused by moderation: {refusal[:_MAX_WORDS]}"
            )


def _points() -> list[EntryPoint]:
    return sorted(entry_points(group=GROUP), key=lambda point: point.name)


@functools.cache
def _loaded(point: EntryPoint) -> Moderator:
    return cast(Moderator, point.load()())
