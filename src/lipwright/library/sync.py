"""Lip-sync in one call, without a server or a database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lipwright.dubbing.banks import Banks
from lipwright.dubbing.dub import dub as dub_lines
from lipwright.dubbing.foresight import ForeseenBanks, Foresight
from lipwright.dubbing.hearing import Hearing
from lipwright.dubbing.identify import identify as identify_faces
from lipwright.dubbing.types import (
    NO_LIMITS,
    Identification,
    Line,
    Progress,
    ProgressSink,
    ignore_progress,
)
from lipwright.errors import BadInputError
from lipwright.library.cues import Cue, place_cues
from lipwright.library.foreseeing import foresee
from lipwright.library.memory import Choice, Memory, memory_of
from lipwright.library.sound import Sound
from lipwright.media.audio import probe_sound
from lipwright.media.scratch import scratch_in
from lipwright.render.engine import DEFAULT_ENGINE, load_engine

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
    lines
        What was said by whom and when, the chosen defaults filled in, in the order of the cues.
        Where the speech was an array, ``speech`` names a file that is gone.
    identification
        The faces of the video; hand it in again when the same video gets other lines.
    warnings
        Things that went otherwise than asked, one sentence each.
    frames_copied
        How many frames were taken over from the video as they are, without encoding them again:
        those of groups of pictures in which nothing changes.
    encoded_because
        Why none could be, as the end of a sentence ("the video is hevc, not H.264"); empty where
        they could.
    """

    path: Path
    duration_ms: int
    frame_count: int
    lines: tuple[Line, ...]
    identification: Identification
    warnings: tuple[str, ...] = ()
    frames_copied: int = 0
    encoded_because: str = ""

    @property
    def line(self) -> Line:
        """The line, or the first of them."""
        return self.lines[0]

    def __fspath__(self) -> str:
        """Give the file's path."""
        return str(self.path)


def identify(
    video: str | os.PathLike[str],
    *,
    cache: Choice = True,
    progress: ProgressSink = ignore_progress,
) -> Identification:
    """Find the faces of a video that can be lip-synced, and when.

    Parameters
    ----------
    video
        mp4 or mov file.
    cache
        Folder in which the answer is kept, so that the same video is not looked through twice;
        True: lipwright's folder in the user's cache, False or ``None``: keep nothing.
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
    memory = memory_of(Path(video), cache)
    found = _identified(Path(video), memory, progress)
    if memory is not None:
        memory.tidy()
    return found


def _identified(
    video: Path,
    memory: Memory | None,
    progress: ProgressSink,
    foresight: Foresight | None = None,
) -> Identification:
    if memory is None:
        return identify_faces(video, limits=NO_LIMITS, progress=progress, foresight=foresight)
    return memory.identify(video, progress, foresight)


def sync(
    video: str | os.PathLike[str],
    speech: str | os.PathLike[str] | Sound,
    output: str | os.PathLike[str] | None = None,
    *,
    face: str | int | None = None,
    at_ms: int | None = None,
    speech_start_ms: int = 0,
    speech_end_ms: int | None = None,
    speech_volume: float = 1.0,
    original_volume: float = 1.0,
    transcript: str = "",
    engine: str = DEFAULT_ENGINE,
    identification: Identification | None = None,
    cache: Choice = True,
    progress: ProgressSink = ignore_progress,
) -> SyncResult:
    """Make a face of a video say a line.

    Parameters
    ----------
    video
        mp4 or mov file.
    speech
        mp3, wav, m4a or aac file, or the samples themselves.
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
    engine
        What renders the mouth, by the name that it is registered under.
    identification
        What `identify` said of this video, if it was asked before; saves asking again.
    cache
        Folder in which is kept what is learned of the video's faces, so that its next line is
        made sooner; True: lipwright's folder in the user's cache, False or ``None``: keep
        nothing. The result is the same to the last bit.
    progress
        Told how far the work is.

    Raises
    ------
    BadInputError
        Something that was given cannot be used; its ``field`` says what.
    FailedError
        The work itself failed.
    """
    cue = Cue(speech, face, at_ms, speech_start_ms, speech_end_ms, speech_volume, transcript)
    try:
        return dub(
            video,
            [cue],
            output,
            original_volume=original_volume,
            engine=engine,
            identification=identification,
            cache=cache,
            progress=progress,
        )
    except BadInputError as error:
        error.index = None
        raise


def dub(
    video: str | os.PathLike[str],
    cues: Sequence[Cue],
    output: str | os.PathLike[str] | None = None,
    *,
    original_volume: float = 1.0,
    engine: str = DEFAULT_ENGINE,
    identification: Identification | None = None,
    cache: Choice = True,
    progress: ProgressSink = ignore_progress,
) -> SyncResult:
    """Make faces of a video say several lines, in one pass.

    Parameters
    ----------
    video
        mp4 or mov file.
    cues
        One or more; those of one face must not overlap in time.
    output, original_volume, engine, identification, cache, progress
        As for `sync`.

    Raises
    ------
    BadInputError
        Something that was given cannot be used; its ``field`` says what, and its ``index`` in
        which cue.
    FailedError
        The work itself failed.
    """
    if not cues:
        raise BadInputError("lines", "empty", "there must be at least one line")
    video = Path(video)
    output = video.with_name(f"{video.stem}-synced.mp4") if output is None else Path(output)
    files = [Path(cue.speech) for cue in cues if not isinstance(cue.speech, Sound)]
    _check_output(output, video, files)
    lengths = _lengths(cues)
    if engine != DEFAULT_ENGINE:
        # Its weights may be missing, which should be said before minutes of work.
        load_engine(engine)
    share = 0.0
    memory = memory_of(video, cache)
    banks: Banks | None = memory.banks if memory is not None else None
    with (
        Hearing() as hearing,
        scratch_in(output.absolute().parent),
        tempfile.TemporaryDirectory(prefix="lipwright-") as folder,
    ):
        if identification is None:
            share = _IDENTIFY_SHARE
            foresight = foresee(cues, lengths, engine, hearing)
            told = _part_of(progress, 0.0, share)
            identification = _identified(video, memory, told, foresight)
            if foresight is not None:
                banks = ForeseenBanks(foresight, engine, banks)
        lines, cut = place_cues(cues, identification, Path(folder), lengths)
        done = dub_lines(
            video,
            identification,
            lines,
            original_volume=original_volume,
            output=output,
            engine=engine,
            limits=NO_LIMITS,
            banks=banks,
            hearing=hearing,
            progress=_part_of(progress, share, 1.0),
        )
    if memory is not None:
        memory.tidy()
    return SyncResult(
        done.path,
        done.duration_ms,
        done.frame_count,
        tuple(lines),
        identification,
        tuple(cut) + done.warnings,
        done.frames_copied,
        done.encoded_because,
    )


def _check_output(output: Path, video: Path, sounds: Sequence[Path]) -> None:
    """Say what is wrong with the output before minutes of work, not after."""
    if not output.absolute().parent.is_dir():
        raise BadInputError("output", "no_folder", f"there is no folder {output.parent}")
    if output.is_dir():
        raise BadInputError("output", "is_folder", f"{output} is a folder")
    if output.exists() and any(
        other.exists() and output.samefile(other) for other in (video, *sounds)
    ):
        raise BadInputError("output", "is_input", "it would overwrite an input")


def _lengths(cues: Sequence[Cue]) -> dict[Path, int]:
    """Measure the sound files, before minutes of work are spent on a video for nothing."""
    lengths: dict[Path, int] = {}
    for index, cue in enumerate(cues):
        if isinstance(cue.speech, Sound):
            continue
        path = Path(cue.speech)
        try:
            lengths[path] = lengths.get(path) or probe_sound(path).duration_ms
        except BadInputError as error:
            error.index = index
            raise
    return lengths


def _part_of(progress: ProgressSink, start: float, end: float) -> ProgressSink:
    """Report a part of the work as its share of the whole."""
    return lambda part: progress(Progress(part.stage, start + (end - start) * part.fraction))
