"""What is asked for, and the defaults that make it a line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lipwright.dubbing.placement import check_line, find_face
from lipwright.dubbing.types import NO_LIMITS, Identification, Line
from lipwright.errors import BadInputError
from lipwright.faces.types import IdentifiedFace
from lipwright.library.sound import Sound, write_wav
from lipwright.media.audio import probe_sound


@dataclass(frozen=True)
class Cue:
    """One line that somebody in the video shall say.

    Attributes
    ----------
    speech
        mp3, wav, m4a or aac file, or the samples themselves.
    face
        Which face says it, an id of `lipwright.identify`; by default the largest one that is
        there at ``at_ms``.
    at_ms
        Where the line begins on the video's clock; by default where an earlier cue of the same
        face ends, and without one where the face first can speak.
    speech_start_ms, speech_end_ms
        The part of the sound that is used, on its own clock; by default from its beginning, and
        as much as fits into the video.
    volume
        Factor from 0 to 2 on the speech.
    transcript
        What is said in the used part of the sound, if known; sharpens the lips' closures in
        English speech. One that is not what is said is ignored.
    """

    speech: str | os.PathLike[str] | Sound
    face: str | int | None = None
    at_ms: int | None = None
    speech_start_ms: int = 0
    speech_end_ms: int | None = None
    volume: float = 1.0
    transcript: str = ""


def place_cues(
    cues: Sequence[Cue],
    identification: Identification,
    folder: Path,
    lengths: Mapping[Path, int] | None = None,
) -> tuple[list[Line], list[str]]:
    """Fill in what the cues leave open.

    Parameters
    ----------
    cues
        In any order.
    identification
        The faces of the video.
    folder
        Where sounds that are arrays are written; they must stay until the lines were dubbed.
    lengths
        Of sound files, ms, as far as they were measured already.

    Returns
    -------
    Checked lines in the order of the cues, and sentences about what was cut.

    Raises
    ------
    BadInputError
        A cue cannot be used; ``index`` says which.
    """
    lines: list[Line] = []
    warnings: list[str] = []
    for index, cue in enumerate(cues):
        try:
            speech = speech_file(cue.speech, folder / f"speech-{index}.wav")
            sound_ms = (lengths or {}).get(speech) or probe_sound(speech).duration_ms
            line, cut = _place(cue, speech, sound_ms, identification, lines)
        except BadInputError as error:
            error.index = index
            raise
        lines.append(line)
        warnings += cut
    return lines, warnings


def choose_face(
    identification: Identification, face_id: str | None, at_ms: int | None
) -> IdentifiedFace:
    """Take the face that was asked for, or the largest one that is there at ``at_ms``.

    Raises
    ------
    BadInputError
        Field ``video`` (there is no face at all) or ``face`` (it is unknown).
    """
    faces = identification.faces
    if not faces:
        raise BadInputError("video", "no_face", "there is no face in it that can be lip-synced")
    if face_id is not None:
        return find_face(identification, face_id)
    if at_ms is not None:
        there = [face for face in faces if face.start_ms <= at_ms < face.end_ms]
        later = [face for face in faces if face.start_ms > at_ms]
        faces = tuple(there or later or faces)
    # Seen twice as large counts more than seen for twice as long, but a face in the background
    # that is there throughout beats one that walks through a corner for a moment.
    return max(faces, key=lambda face: _area(face) * (face.end_ms - face.start_ms) ** 0.5)


def speech_file(speech: str | os.PathLike[str] | Sound, path: Path) -> Path:
    """The file of a speech; samples are written to ``path`` first."""
    if isinstance(speech, Sound):
        write_wav(path, speech)
        return path
    return Path(speech)


def _place(
    cue: Cue, speech: Path, sound_ms: int, identification: Identification, before: Sequence[Line]
) -> tuple[Line, list[str]]:
    face = choose_face(identification, None if cue.face is None else str(cue.face), cue.at_ms)
    at_ms = cue.at_ms
    if at_ms is None:
        ends = [line.end_ms for line in before if line.face_id == face.face_id]
        at_ms = max([face.start_ms, *ends])
    warnings: list[str] = []
    end_ms = cue.speech_end_ms
    if end_ms is None:
        end_ms, warnings = _fitting_end(
            sound_ms, cue.speech_start_ms, at_ms, identification.video.duration_ms
        )
    line = Line(
        face.face_id,
        speech,
        cue.speech_start_ms,
        end_ms,
        at_ms,
        cue.volume,
        transcript=cue.transcript,
    )
    checked = check_line(
        line, identification=identification, sound_duration_ms=sound_ms, limits=NO_LIMITS
    )
    return checked, warnings


def _area(face: IdentifiedFace) -> float:
    areas = sorted(sample.box.width * sample.box.height for sample in face.samples)
    return areas[len(areas) // 2] if areas else 0.0


def _fitting_end(sound_ms: int, start_ms: int, at_ms: int, video_ms: int) -> tuple[int, list[str]]:
    """End of the speech that the video has room for, and a warning if that is not all of it.

    Raises
    ------
    BadInputError
        There is no room at all.
    """
    if at_ms >= video_ms:
        raise BadInputError(
            "insert",
            "past_end",
            f"must be inside the video, which lasts {video_ms} ms; got {at_ms}",
        )
    room = start_ms + video_ms - at_ms
    if room >= sound_ms:
        return sound_ms, []
    return room, [f"the speech is cut at {room} ms of {sound_ms} ms, where the video ends"]
