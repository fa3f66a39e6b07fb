"""Write requests: which video, and which face says what."""

from __future__ import annotations

import base64
import io
import os
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lipwright.client.errors import NotOfferedError, UnusableError
from lipwright.client.values import Face, Line, Session

MOST_INLINE_BYTES = 9_000_000
"""Sounds of up to this many bytes in all travel inside the request, as Base64."""

_AS_MUCH_AS_FITS_MS = 60_000
"""lipwright cuts a line of this length back to what there is, if it may trim."""


@dataclass(frozen=True)
class Extras:
    """What a create may have beside its lines; the last three are lipwright's own."""

    external_task_id: str = ""
    callback_url: str = ""
    watermark: bool = False
    fit: str = ""
    engine: str = ""
    consent: bool = False

    def fields(self) -> dict[str, Any]:
        """Return those that were given, by their names in the request."""
        fields: dict[str, Any] = {
            "external_task_id": self.external_task_id,
            "callback_url": self.callback_url,
            "watermark_info": {"enabled": True} if self.watermark else None,
            "fit": self.fit,
            "engine": self.engine,
            "consent": self.consent,
        }
        return {name: value for name, value in fields.items() if value}


@dataclass(frozen=True)
class Sound:
    """A line's sound: a URL, or a file's bytes and how long they play if that is easily told."""

    url: str = ""
    content: bytes = b""
    path: Path | None = None
    duration_ms: int | None = None


def is_url(value: object) -> bool:
    """Whether something is a URL rather than a file."""
    return isinstance(value, str) and value.lower().startswith(("http://", "https://"))


def existing(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file that is there and not empty; raises `UnusableError`."""
    found = Path(path)
    if not found.is_file():
        raise UnusableError(f"there is no file {found}")
    if found.stat().st_size == 0:
        raise UnusableError(f"the file {found} is empty")
    return found


def read_sound(sound: str | os.PathLike[str] | bytes) -> Sound:
    """Read a local sound; of a URL there is nothing to read.

    Raises
    ------
    UnusableError
        There is no such file, or nothing in it.
    """
    if isinstance(sound, bytes):
        if not sound:
            raise UnusableError("the sound is empty")
        return Sound(content=sound, duration_ms=wave_ms(sound))
    if is_url(sound):
        return Sound(url=str(sound))
    path = existing(sound)
    content = path.read_bytes()
    return Sound(content=content, path=path, duration_ms=wave_ms(content))


def wave_ms(content: bytes) -> int | None:
    """Return how long a wav plays, rounded down; None if it is none."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            frames, rate = int(file.getnframes()), int(file.getframerate())
    except (wave.Error, EOFError):
        return None
    return 1000 * frames // rate if rate > 0 else None


def choice_of(line: Line, sound: Sound, *, lipwright: bool, fit: str) -> dict[str, Any]:
    """Write a line as the request has it.

    Parameters
    ----------
    sound
        The line's; its URL is used if it has one.
    lipwright
        Whether the service knows lipwright's own fields.
    fit
        What the request as a whole says of sounds that do not fit.

    Raises
    ------
    UnusableError
        The line's end cannot be told.
    NotOfferedError
        The line wants what only lipwright offers.
    """
    if not lipwright and (line.fit or line.transcript):
        raise NotOfferedError("only lipwright's own server knows fit and transcript")
    end_ms, own_fit = line.end_ms, line.fit
    if end_ms is None:
        end_ms = sound.duration_ms
        if lipwright and not (own_fit or fit):
            own_fit = "trim"
        if end_ms is None:
            if not lipwright or (own_fit or fit) not in ("trim", "pad"):
                raise UnusableError("end_ms is needed: the sound's length is not known here")
            end_ms = line.start_ms + _AS_MUCH_AS_FITS_MS
    face = line.face
    at_ms = line.at_ms if line.at_ms is not None else face.start_ms if isinstance(face, Face) else 0
    choice: dict[str, Any] = {
        "face_id": face.face_id if isinstance(face, Face) else str(face),
        "sound_file": sound.url or base64.b64encode(sound.content).decode(),
        "sound_start_time": line.start_ms,
        "sound_end_time": end_ms,
        "sound_insert_time": at_ms,
        "sound_volume": line.volume,
        "original_audio_volume": line.original_volume,
    }
    if own_fit:
        choice["fit"] = own_fit
    if line.transcript:
        choice["transcript"] = line.transcript
    return choice


def lines_of(lines: Line | Sequence[Line]) -> list[Line]:
    """Return one line or several as a list; raises `UnusableError` if there are none."""
    several = [lines] if isinstance(lines, Line) else list(lines)
    if not several:
        raise UnusableError("there must be a line at least")
    return several


def face_of(session: Session, face: Face | str | int | None) -> Face:
    """Return the face that was asked for, or the one that is there longest.

    Raises
    ------
    UnusableError
        The video has no such face, or none at all.
    """
    if isinstance(face, Face):
        return face
    if not session.faces:
        raise UnusableError("the video has no face that can be lip-synced")
    if face is None:
        return max(session.faces, key=lambda one: one.end_ms - one.start_ms)
    for one in session.faces:
        if one.face_id == str(face):
            return one
    known = ", ".join(one.face_id for one in session.faces)
    raise UnusableError(f"the video has no face {face}; it has {known}")
