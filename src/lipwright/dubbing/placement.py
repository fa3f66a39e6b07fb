"""Where a line may go: on the sound's clock, on the video's clock, over the face's interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from lipwright.dubbing.looping import looped_identification
from lipwright.dubbing.types import NO_LIMITS, Fit, Identification, Limits, Line
from lipwright.errors import BadInputError
from lipwright.faces.types import IdentifiedFace

OVERSHOOT_MS: Final = 100
"""How far an end may lie past the sound's or the video's end and is then moved back to it:
clients compute ends from headers, and headers round."""

_MAX_VOLUME: Final = 2.0
_MAX_LOOPED_MS: Final = 3_600_000


def check_line(
    line: Line,
    *,
    identification: Identification,
    sound_duration_ms: int,
    limits: Limits = NO_LIMITS,
) -> Line:
    """Hold a line against its sound, its video and its face, and fit it as it asks.

    A checked line that is looked at again without limits stays as it is.

    Parameters
    ----------
    line
        The line as asked for.
    identification
        The faces of the video.
    sound_duration_ms
        True length of the sound file.
    limits
        Further limits.

    Returns
    -------
    The line, its end moved back where it overshot by no more than `OVERSHOOT_MS` or where its
    `Fit` allows more, ``pad_ms`` set where it is to be padded.

    Raises
    ------
    BadInputError
        Field ``face``, ``speech``, ``speech_start``, ``speech_end``, ``insert`` or
        ``speech_volume``.
    """
    check_volume("speech_volume", line.speech_volume)
    face = find_face(identification, line.face_id)
    asked_ms = line.speech_end_ms - line.speech_start_ms
    line = _check_crop(line, sound_duration_ms, limits)
    if line.fit is Fit.LOOP_VIDEO:
        _check_looped_length(line, limits)
        identification = looped_identification(identification, line.end_ms)
        face = find_face(identification, line.face_id)
    line = _fit_into_video(line, identification.video.duration_ms)
    _check_overlap(line, asked_ms, face, limits)
    return line


def find_face(identification: Identification, face_id: str) -> IdentifiedFace:
    """Find a face by its id, or raise BadInputError: field ``face``, reason ``unknown_face``."""
    for face in identification.faces:
        if face.face_id == face_id:
            return face
    known = ", ".join(f.face_id for f in identification.faces) or "none"
    raise BadInputError("face", "unknown_face", f"must be one of {known}; got {face_id[:40]!r}")


def check_one_face_once(lines: Sequence[Line]) -> None:
    """Refuse lines of one face that overlap: a mouth says one thing at a time.

    Raises
    ------
    BadInputError
        Field ``insert``, reason ``lines_overlap``, with the later line's index.
    """
    ordered = sorted(enumerate(lines), key=lambda item: (item[1].face_id, item[1].insert_ms))
    for (_, before), (index, line) in pairwise(ordered):
        if before.face_id == line.face_id and line.insert_ms < before.end_ms:
            raise BadInputError(
                "insert",
                "lines_overlap",
                f"face {line.face_id} already speaks until {before.end_ms} ms; "
                f"this line begins at {line.insert_ms} ms",
                index=index,
            )


def check_volume(field: str, volume: float) -> None:
    """Refuse a volume outside 0 to 2: reason ``out_of_range``."""
    if not 0.0 <= volume <= _MAX_VOLUME:
        raise BadInputError(field, "out_of_range", f"must be 0 to 2; got {volume:g}")


def _check_crop(line: Line, sound_ms: int, limits: Limits) -> Line:
    if line.speech_start_ms < 0:
        raise BadInputError(
            "speech_start", "out_of_range", f"must be at least 0 ms; got {line.speech_start_ms}"
        )
    cuts = line.fit in (Fit.TRIM, Fit.PAD)
    if line.speech_end_ms > sound_ms + OVERSHOOT_MS and not cuts:
        raise BadInputError(
            "speech_end",
            "past_sound_end",
            f"must not be past the sound's end at {sound_ms} ms; got {line.speech_end_ms}",
        )
    length = line.speech_end_ms - line.speech_start_ms
    end = min(line.speech_end_ms, sound_ms)
    if end <= line.speech_start_ms:
        raise BadInputError(
            "speech_end",
            "empty_crop",
            f"must be after the crop's start at {line.speech_start_ms} ms; "
            f"the sound lasts {sound_ms} ms",
        )
    if limits.max_speech_ms is not None and cuts:
        end = min(end, line.speech_start_ms + limits.max_speech_ms)
    elif limits.max_speech_ms is not None and length > limits.max_speech_ms:
        raise BadInputError(
            "speech_end",
            "crop_too_long",
            f"the cropped sound must last at most {limits.max_speech_ms} ms; it lasts {length} ms",
        )
    line = replace(line, speech_end_ms=end)
    if cuts:
        length = end - line.speech_start_ms
    if limits.min_speech_ms is None or length + line.pad_ms >= limits.min_speech_ms:
        return line
    if line.fit is Fit.PAD:
        return replace(line, pad_ms=limits.min_speech_ms - length)
    raise BadInputError(
        "speech_end",
        "crop_too_short",
        f"the cropped sound must last at least {limits.min_speech_ms} ms; it lasts {length} ms",
    )


def _check_looped_length(line: Line, limits: Limits) -> None:
    longest = _MAX_LOOPED_MS if limits.max_video_ms is None else limits.max_video_ms
    if line.end_ms > longest:
        raise BadInputError(
            "insert",
            "past_video_end",
            f"the looped video would last {line.end_ms} ms, more than {longest} ms",
        )


def _fit_into_video(line: Line, video_ms: int) -> Line:
    if line.insert_ms < 0:
        raise BadInputError(
            "insert", "out_of_range", f"must be at least 0 ms; got {line.insert_ms}"
        )
    over = line.end_ms - video_ms
    if over <= 0:
        return line
    length = line.speech_end_ms - line.speech_start_ms
    allowed = length if line.fit in (Fit.TRIM, Fit.PAD) else OVERSHOOT_MS
    if over > allowed or over >= length + line.pad_ms:
        raise BadInputError(
            "insert",
            "past_video_end",
            f"the inserted sound must end by the video's end at {video_ms} ms; "
            f"{line.insert_ms} + {length + line.pad_ms} ms is {line.end_ms}",
        )
    padding = min(line.pad_ms, over)
    return replace(
        line, pad_ms=line.pad_ms - padding, speech_end_ms=line.speech_end_ms - (over - padding)
    )


def _check_overlap(line: Line, asked_ms: int, face: IdentifiedFace, limits: Limits) -> None:
    overlap = min(line.end_ms, face.end_ms) - max(line.insert_ms, face.start_ms)
    needed = 1 if limits.min_overlap_ms is None else limits.min_overlap_ms
    moved = asked_ms - (line.end_ms - line.insert_ms)
    if face.end_ms >= line.end_ms and 0 < moved <= OVERSHOOT_MS and overlap > 0:
        # What was moved back from an end that overshot does not count against the caller.
        overlap += moved
    if overlap < needed:
        raise BadInputError(
            "insert",
            "too_little_overlap",
            f"the inserted sound must overlap face {face.face_id} ({face.start_ms} to "
            f"{face.end_ms} ms) by at least {needed} ms; it overlaps by {max(0, overlap)} ms",
        )
