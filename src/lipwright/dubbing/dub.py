"""The main job: put lines into a video and write the result."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from lipwright.dubbing.banks import FaceBanks
from lipwright.dubbing.casting import cast, check_one_face_once
from lipwright.dubbing.following import FrameSource
from lipwright.dubbing.limits import check_video
from lipwright.dubbing.looping import LoopedReader, looped_sound, repeats_of
from lipwright.dubbing.placement import check_line, check_volume
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
from lipwright.dubbing.warnings import warnings_of
from lipwright.errors import BadInputError
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.media.audio import probe_sound, read_sound, read_track
from lipwright.media.decode import VideoReader
from lipwright.media.encode import SOUND_RATE, VideoWriter
from lipwright.media.mix import SpokenLine, mix
from lipwright.media.prefetch import prefetched
from lipwright.media.types import F32, Frame, VideoInfo
from lipwright.models.store import require
from lipwright.render.engine import DEFAULT_ENGINE, load_engine
from lipwright.render.walk import render_all

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
    banks: FaceBanks | None = None,
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
    lines = [_checked(line, i, identification) for i, line in enumerate(lines)]
    if not lines:
        raise BadInputError("lines", "empty", "there must be at least one line")
    check_one_face_once(lines)
    chosen = load_engine(engine)
    with VideoReader(video) as reader:
        info = reader.info
        check_video(info, limits)
        total_ms = max([info.duration_ms, *(line.end_ms for line in lines)])
        sound, limited = _sound(video, info, lines, original_volume, total_ms)
        tracked = _Looking(progress, info)
        speakers = cast(
            reader,
            identification,
            lines,
            lambda: FaceLandmarker(require("face_landmarker")),
            chosen,
            tracked.at,
            planned=tracked.planned,
            repeats=repeats_of(info, total_ms),
            banks=banks,
            engine_name=engine,
        )
        source: FrameSource = reader
        if total_ms > info.duration_ms:
            source = LoopedReader(reader, total_ms)
            info = source.info
        rendered = _Steps(progress, "render", tracked.share, 1.0, info)
        count = 0
        with (
            VideoWriter(output, info, sound, synthetic=True) as writer,
            prefetched(source.frames) as frames,
        ):
            faces = [(speaker.bank, speaker.plan) for speaker in speakers]
            for frame in render_all(chosen, faces, frames):
                writer.write(frame.y, frame.u, frame.v, frame.pts)
                rendered.at(frame)
                count += 1
    progress(Progress("render", 1.0))
    warnings = tuple(warnings_of(speakers, lines, limited))
    return DubResult(output, info.duration_ms, count, warnings, tracked.count)


def _checked(line: Line, index: int, identification: Identification) -> Line:
    try:
        return check_line(
            line,
            identification=identification,
            sound_duration_ms=probe_sound(line.speech).duration_ms,
        )
    except BadInputError as error:
        error.index = index
        raise


def _sound(
    video: Path,
    info: VideoInfo,
    lines: Sequence[Line],
    original_volume: float,
    total_ms: int,
) -> tuple[F32, bool]:
    """The mixed sound and whether it had to be limited.

    It is as long as the picture, or as the source's own sound where that goes on after it. A
    video that is looped to last ``total_ms`` brings its sound along.
    """
    original = read_track(video, SOUND_RATE) if info.has_audio else None
    spoken = [
        SpokenLine(
            read_sound(line.speech, line.speech_start_ms, line.speech_end_ms, SOUND_RATE),
            round(Fraction(line.insert_ms * SOUND_RATE, 1000)),
            line.speech_volume,
        )
        for line in lines
    ]
    total = round(Fraction(total_ms * SOUND_RATE, 1000))
    if original is not None and total_ms > info.duration_ms:
        original = looped_sound(original, info, total_ms, SOUND_RATE)
    elif original is not None:
        total = max(total, len(original))
    mixed = mix(original, spoken, original_volume, total)
    return mixed.samples, mixed.limited


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


class _Steps:
    """Turns frames into progress of one stage."""

    def __init__(
        self, sink: ProgressSink, stage: str, start: float, end: float, info: VideoInfo
    ) -> None:
        self._sink, self._stage = sink, stage
        self._start, self._span = start, end - start
        self._duration_ms = max(1, info.duration_ms)

    def at(self, frame: Frame) -> None:
        """Report a frame of the video as done."""
        if frame.index % _REPORT_EVERY == 0:
            share = min(1.0, frame.time_ms / self._duration_ms)
            self._sink(Progress(self._stage, self._start + self._span * share))
