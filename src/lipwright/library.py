"""Lip-sync in one call, without a server or a database."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lipwright.dubbing.dub import dub
from lipwright.dubbing.identify import identify as identify_faces
from lipwright.dubbing.placement import check_line, find_face
from lipwright.dubbing.types import (
    NO_LIMITS,
    Identification,
    Line,
    Progress,
    ProgressSink,
    ignore_progress,
)
from lipwright.errors import BadInputError
from lipwright.faces.types import IdentifiedFace
from lipwright.media.audio import probe_sound

_IDENTIFY_SHARE = 0.25
"""Identifying is roughly this part of the whole work."""


@dataclass(frozen=True)
class SyncResult(os.PathLike[str]):
    """A finished file; use it wherever a path is expected.

    Attributes
    ----------
    path
        The mp4.
    duration_ms, frame_count
        Its length.
    line
        What was said by whom and when, the chosen defaults filled in.
    warnings
        Things that went otherwise than asked, one sentence each.
    """

    path: Path
    duration_ms: int
    frame_count: int
    line: Line
    warnings: tuple[str, ...] = ()

    def __fspath__(self) -> str:
        """Give the file's path."""
        return str(self.path)


def identify(
    video: str | os.PathLike[str], *, progress: ProgressSink = ignore_progress
) -> Identification:
    """Find the faces of a video that can be lip-synced, and when.

    Parameters
    ----------
    video
        mp4 or mov file.
    progress
        Told how far the work is.

    Returns
    -------
    Identification
        The video's properties and its faces in order of appearance; there may be none.

    Raises
    ------
    BadInputError
        The video cannot be used.
    FailedError
        The weights could not be fetched.
    """
    return identify_faces(Path(video), limits=NO_LIMITS, progress=progress)


def sync(
    video: str | os.PathLike[str],
    speech: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    face: str | int | None = None,
    at_ms: int | None = None,
    speech_start_ms: int = 0,
    speech_end_ms: int | None = None,
    speech_volume: float = 1.0,
    original_volume: float = 1.0,
    transcript: str = "",
    identification: Identification | None = None,
    progress: ProgressSink = ignore_progress,
) -> SyncResult:
    """Make a face of a video say a line.

    Parameters
    ----------
    video
        mp4 or mov file.
    speech
        mp3, wav, m4a or aac file.
    output
        Where the mp4 goes; by default beside the video, its name ending in ``-synced.mp4``.
    face
        Which face says it, an id of `identify`; by default the largest one.
    at_ms
        Where the line begins on the video's clock; by default where the face first can.
    speech_start_ms, speech_end_ms
        The part of the sound that is used, on its own clock; by default from its beginning, and
        as much as fits into the video.
    speech_volume, original_volume
        Factors from 0 to 2 on the speech and on the video's own sound.
    transcript
        What is said in the used part of the sound, if known; sharpens the lips' closures in
        English speech. One that is not what is said is ignored.
    identification
        What `identify` said of this video, if it was asked before; saves asking again.
    progress
        Told how far the work is.

    Raises
    ------
    BadInputError
        Something that was given cannot be used; its ``field`` says what.
    FailedError
        The work itself failed.
    """
    video, speech = Path(video), Path(speech)
    output = video.with_name(f"{video.stem}-synced.mp4") if output is None else Path(output)
    _check_output(output, video, speech)
    sound_ms = probe_sound(speech).duration_ms
    share = 0.0
    if identification is None:
        share = _IDENTIFY_SHARE
        identification = identify(video, progress=_part_of(progress, 0.0, share))
    chosen = choose_face(identification, None if face is None else str(face), at_ms)
    if at_ms is None:
        at_ms = chosen.start_ms
    warnings: tuple[str, ...] = ()
    if speech_end_ms is None:
        speech_end_ms, warnings = _fitting_end(
            sound_ms, speech_start_ms, at_ms, identification.video.duration_ms
        )
    line = check_line(
        Line(
            chosen.face_id,
            speech,
            speech_start_ms,
            speech_end_ms,
            at_ms,
            speech_volume,
            transcript=transcript,
        ),
        identification=identification,
        sound_duration_ms=sound_ms,
        limits=NO_LIMITS,
    )
    done = dub(
        video,
        identification,
        [line],
        original_volume=original_volume,
        output=output,
        limits=NO_LIMITS,
        progress=_part_of(progress, share, 1.0),
    )
    return SyncResult(done.path, done.duration_ms, done.frame_count, line, warnings + done.warnings)


def _check_output(output: Path, video: Path, speech: Path) -> None:
    """Say what is wrong with the output before minutes of work, not after."""
    if not output.absolute().parent.is_dir():
        raise BadInputError("output", "no_folder", f"there is no folder {output.parent}")
    if output.is_dir():
        raise BadInputError("output", "is_folder", f"{output} is a folder")
    if output.exists() and any(
        other.exists() and output.samefile(other) for other in (video, speech)
    ):
        raise BadInputError("output", "is_input", "it would overwrite an input")


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


def _area(face: IdentifiedFace) -> float:
    areas = sorted(sample.box.width * sample.box.height for sample in face.samples)
    return areas[len(areas) // 2] if areas else 0.0


def _fitting_end(
    sound_ms: int, start_ms: int, at_ms: int, video_ms: int
) -> tuple[int, tuple[str, ...]]:
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
        return sound_ms, ()
    return room, (f"the speech is cut at {room} ms of {sound_ms} ms, where the video ends",)


def _part_of(progress: ProgressSink, start: float, end: float) -> ProgressSink:
    """Report a part of the work as its share of the whole."""
    return lambda part: progress(Progress(part.stage, start + (end - start) * part.fraction))
