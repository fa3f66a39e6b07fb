"""The main job: put lines into a video and write the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Final

from lipwright.dubbing.banks import Banks
from lipwright.dubbing.hearing import Hearing
from lipwright.dubbing.looping import looped_sound
from lipwright.dubbing.parts import DubJob, PartsPlan
from lipwright.dubbing.placement import check_volume
from lipwright.dubbing.types import (
    NO_LIMITS,
    DubResult,
    Identification,
    Limits,
    Line,
    Progress,
    ProgressSink,
    ignore_progress,
)
from lipwright.dubbing.warnings import LOUD
from lipwright.media.audio import sound_blocks, sound_length, track_blocks
from lipwright.media.mix import Mixing, StreamedLine
from lipwright.media.movie import SOUND_RATE
from lipwright.media.part_file import parts_folder
from lipwright.media.types import Frame, VideoInfo
from lipwright.render.engine import DEFAULT_ENGINE

_LOOKING: Final = 0.55
"""What looking at a frame takes, as a part of what decoding, rendering and encoding it take."""

_REPORT_EVERY: Final = 5


def dub(
    video: Path,
    identification: Identification,
    lines: Sequence[Line],
    *,
    original_volume: float = 1.0,
    output: Path,
    engine: str = DEFAULT_ENGINE,
    limits: Limits = NO_LIMITS,
    banks: Banks | None = None,
    hearing: Hearing | None = None,
    progress: ProgressSink = ignore_progress,
) -> DubResult:
    """Make faces of a video say lines.

    Parameters
    ----------
    video
        The file that ``identification`` is about.
    identification
        As `lipwright.dubbing.identify.identify` returned it.
    lines
        One or more; lines of the same face must not overlap.
    original_volume
        Factor on the video's own sound, 0 to 2.
    output
        Where the mp4 goes.
    engine
        Name of a registered engine.
    limits
        What the video may measure. Lines are held against limits where they are placed
        (`lipwright.dubbing.placement.check_line`); here they must only make sense.
    banks
        Where what is learned of the video's faces is kept for its next line, and found again.
        ``None`` keeps nothing; the result is the same to the last bit.
    hearing
        What listens to the lines, if it has begun already; ended here.
    progress
        Told how far the work is: stages ``track``, unless everything is known, and ``render``.

    Raises
    ------
    BadInputError
        An input cannot be used; its ``index`` says which line.
    FailedError
        The work itself failed. Nothing is left at ``output``.
    """
    check_volume("original_volume", original_volume)
    folder = output.absolute().parent
    with DubJob(video, identification, lines, engine=engine, limits=limits, scratch=folder) as job:
        known = know(job, banks, progress, hearing)
        return complete(job, known, original_volume, output, progress)


@dataclass(frozen=True)
class Known:
    """What came of looking at the faces of a job.

    Attributes
    ----------
    plan
        How the result is divided.
    looked_at
        How many frames were looked at.
    share
        Which part of the whole work that was.
    """

    plan: PartsPlan
    looked_at: int
    share: float


def know(
    job: DubJob,
    banks: Banks | None,
    progress: ProgressSink = ignore_progress,
    hearing: Hearing | None = None,
) -> Known:
    """Look at a job's faces and plan its parts."""
    tracked = _Looking(progress, job.info)
    job.look(banks, tracked.at, tracked.planned, hearing)
    return Known(job.plan_parts(), tracked.count, tracked.share)


def complete(
    job: DubJob,
    known: Known,
    original_volume: float,
    output: Path,
    progress: ProgressSink = ignore_progress,
) -> DubResult:
    """Render all parts of a job whose faces are known, mix the sound, and join them.

    The job then knows nothing of its faces any more.
    """
    plan = known.plan
    rendered = _Rendering(progress, known.share, plan, job.info)
    with parts_folder(output) as folder:
        parts = {index: folder / f"{index}" for index in plan.parts}
        for index, path in parts.items():
            job.render_part(plan, index, path, rendered.at)
        job.forget_faces()
        result = finish(job, plan, parts, mixed_sound(job, original_volume), output)
    progress(Progress("render", 1.0))
    return replace(result, frames_looked_at=known.looked_at)


def finish(
    job: DubJob,
    plan: PartsPlan,
    parts: Mapping[int, Path],
    sound: Mixing,
    output: Path,
) -> DubResult:
    """Join parts that are rendered, by whomever; nothing needs to be known of the faces."""
    count = job.join_parts(plan, parts, sound.blocks(), output)
    return DubResult(
        output,
        job.info.duration_ms,
        count,
        (*([LOUD] if sound.limited else []), *plan.warnings),
        frames_copied=plan.frames_copied,
        encoded_because=plan.encoded_because,
    )


def mixed_sound(job: DubJob, original_volume: float) -> Mixing:
    """The whole sound of a job's result; read, mixed and limited only while it is asked for.

    It is as long as the picture, or as the source's own sound where that goes on after it. A
    video that is looped brings its sound along.

    Parameters
    ----------
    job
        The job; nothing needs to be known of its faces.
    original_volume
        Factor on the video's own sound, 0 to 2.
    """
    total = round(Fraction(job.total_ms * SOUND_RATE, 1000))
    spoken = [_spoken(line) for line in job.lines]
    track = partial(track_blocks, job.video, SOUND_RATE)
    if not job.looped:
        return Mixing(track(), spoken, original_volume, total, whole=True)
    original = looped_sound(track, job.reader.info, job.total_ms, SOUND_RATE)
    return Mixing(original, spoken, original_volume, total)


def _spoken(line: Line) -> StreamedLine:
    part = line.speech_start_ms, line.speech_end_ms, SOUND_RATE
    return StreamedLine(
        partial(sound_blocks, line.speech, *part),
        sound_length(*part),
        round(Fraction(line.insert_ms * SOUND_RATE, 1000)),
        line.speech_volume,
    )


class _Looking:
    """Turns frames that were looked at into progress; its share of the whole depends on them."""

    def __init__(self, sink: ProgressSink, info: VideoInfo) -> None:
        self._sink = sink
        self._frames = max(1.0, info.duration_ms / 1000.0 * float(info.frame_rate))
        self._total = 0
        self.count = 0
        self.share = 0.0

    def planned(self, count: int) -> None:
        """So many frames (more) will be looked at."""
        self._total += count
        if not self.count:
            self.share = 1.0 - self._frames / (self._frames + _LOOKING * self._total)

    def at(self, frame: Frame) -> None:
        """Report that a frame is done."""
        if self.count % _REPORT_EVERY == 0:
            done = self.share * min(1.0, self.count / max(1, self._total))
            self._sink(Progress("track", done))
        self.count += 1


class _Rendering:
    """Turns frames that were encoded into progress."""

    def __init__(self, sink: ProgressSink, start: float, plan: PartsPlan, info: VideoInfo) -> None:
        self._sink, self._start = sink, start
        stops = [plan.stretches[index] for index in plan.parts]
        known = info.duration_ms / 1000.0 * float(info.frame_rate)
        self._total = max(
            1.0, sum((known if one.stop is None else one.stop) - one.first for one in stops)
        )
        self._count = 0

    def at(self, frame: Frame) -> None:
        """Report that a frame is done."""
        if self._count % _REPORT_EVERY == 0:
            share = min(1.0, self._count / self._total)
            self._sink(Progress("render", self._start + (1.0 - self._start) * share))
        self._count += 1
