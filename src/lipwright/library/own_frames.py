"""Pictures from memory in, pictures out: for those who decode and encode themselves."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from lipwright.dubbing.casting import Speaker, cast
from lipwright.dubbing.placement import check_one_face_once, check_volume
from lipwright.dubbing.types import (
    NO_LIMITS,
    Identification,
    Limits,
    Line,
    Progress,
    ProgressSink,
    ignore_progress,
)
from lipwright.dubbing.warnings import warnings_of
from lipwright.errors import BadInputError
from lipwright.faces.intervals import faces_of
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.scan import scan
from lipwright.library.cues import Cue, place_cues
from lipwright.library.pictures import Pictures, TimedFrame, changed_rgb
from lipwright.library.sound import Sound, stereo
from lipwright.media.audio import read_sound
from lipwright.media.mix import SpokenLine, mix
from lipwright.media.movie import SOUND_RATE
from lipwright.media.types import Frame, VideoInfo
from lipwright.models.store import require
from lipwright.render.engine import DEFAULT_ENGINE, Engine, load_engine
from lipwright.render.walk import render_all

__all__ = ["DubbedFrames", "TimedFrame", "dub_frames", "identify_frames"]

GivenFrames = Iterable[TimedFrame] | Callable[[], Iterable[TimedFrame]]

_IDENTIFY_SHARE = 0.4


@dataclass(frozen=True, eq=False)
class DubbedFrames:
    """What comes of frames that were dubbed.

    Attributes
    ----------
    frames
        The frames with their times, in order, rendered while they are read. Where nobody speaks
        they are the arrays that were given. Can be read once.
    sound
        The mixed sound: stereo at 48 kHz, from the first frame on, as long as the picture.
    lines
        What is said by whom and when.
    identification
        The faces; hand it in again when the same frames get other lines.
    warnings
        Things that went otherwise than asked, one sentence each.
    """

    frames: Iterator[TimedFrame]
    sound: Sound
    lines: tuple[Line, ...]
    identification: Identification
    warnings: tuple[str, ...] = ()


def identify_frames(
    frames: GivenFrames, *, limits: Limits = NO_LIMITS, progress: ProgressSink = ignore_progress
) -> Identification:
    """Find the faces that can be lip-synced among frames of your own.

    Parameters
    ----------
    frames
        As for `dub_frames`. An iterator is used up.
    limits
        Faces that are there for less than the shortest allowed overlap are left out.
    progress
        Told that the stage ``faces`` goes on; how far it is cannot be known.

    Raises
    ------
    BadInputError
        Field ``video``: those are no frames.
    FailedError
        The weights could not be fetched.
    """
    with Pictures(frames) as pictures:
        return _identify(pictures, limits, progress)


def dub_frames(
    frames: GivenFrames,
    cues: Sequence[Cue],
    *,
    sound: Sound | None = None,
    original_volume: float = 1.0,
    engine: str = DEFAULT_ENGINE,
    identification: Identification | None = None,
    progress: ProgressSink = ignore_progress,
) -> DubbedFrames:
    """Make faces in frames of your own say lines.

    Parameters
    ----------
    frames
        Pairs of a time in seconds, ascending, and a picture, (H, W, 3) uint8 RGB, all of one
        size. They are read three times (without ``identification``), so give a list, any object
        that can be iterated over anew, or a function that returns a new iterator. A plain
        iterator works as well; its pictures are kept in a temporary file, uncompressed. They may
        be asked for in another thread, never in two at once.
    cues
        One or more; those of one face must not overlap in time.
    sound
        What the pictures sound like, from the first one on.
    original_volume
        Factor from 0 to 2 on ``sound``.
    engine
        What renders the mouth, by the name that it is registered under.
    identification
        What `identify_frames` or an earlier call said of these frames.
    progress
        Told how far the preparation is; rendering takes place while the result is read.

    Returns
    -------
    The frames, the sound and what there is to say about them.

    Raises
    ------
    BadInputError
        Something that was given cannot be used; its ``field`` says what, and its ``index`` in
        which cue.
    FailedError
        The work itself failed.
    """
    check_volume("original_volume", original_volume)
    if not cues:
        raise BadInputError("lines", "empty", "there must be at least one line")
    chosen = load_engine(engine)
    pictures = Pictures(frames)
    try:
        share = 0.0
        if identification is None:
            share = _IDENTIFY_SHARE
            identification = _identify(pictures, NO_LIMITS, progress)
        info = identification.video
        with tempfile.TemporaryDirectory(prefix="lipwright-") as folder:
            lines, cut = place_cues(cues, identification, Path(folder))
            check_one_face_once(lines)
            mixed, limited = _mixed(sound, lines, original_volume, info)
            speakers = cast(
                _Film(pictures, info),
                identification,
                lines,
                FaceLandmarker(require("face_landmarker")),
                chosen,
                lambda frame: progress(
                    Progress(
                        "track",
                        share + (1 - share) * min(1.0, frame.time_ms / max(1, info.duration_ms)),
                    )
                ),
                engine_name=engine,
            )
        progress(Progress("track", 1.0))
    except BaseException:
        pictures.close()
        raise
    return DubbedFrames(
        _rendered(pictures, chosen, speakers),
        mixed,
        tuple(lines),
        identification,
        (*cut, *warnings_of(speakers, lines, limited)),
    )


@dataclass
class _Film:
    """The pictures as the core reads videos."""

    pictures: Pictures
    info: VideoInfo

    def frames(self, start: Fraction | None = None, end: Fraction | None = None) -> Iterator[Frame]:
        """Yield the frames with ``start <= frame.time < end``."""
        for _, frame in self.pictures.pairs(start, end):
            yield frame


def _identify(pictures: Pictures, limits: Limits, progress: ProgressSink) -> Identification:
    def reporting() -> Iterator[Frame]:
        for _, frame in pictures.pairs():
            if frame.index % 10 == 0:
                progress(Progress("faces", 0.0))
            yield frame

    sightings = scan(reporting(), FaceLandmarker(require("face_landmarker")))
    shortest = limits.min_overlap_ms
    faces = faces_of(sightings) if shortest is None else faces_of(sightings, min_ms=shortest)
    return Identification(pictures.info(), tuple(faces))


def _mixed(
    sound: Sound | None, lines: Sequence[Line], original_volume: float, info: VideoInfo
) -> tuple[Sound, bool]:
    spoken = [
        SpokenLine(
            read_sound(line.speech, line.speech_start_ms, line.speech_end_ms, SOUND_RATE),
            round(Fraction(line.insert_ms * SOUND_RATE, 1000)),
            line.speech_volume,
        )
        for line in lines
    ]
    original = None if sound is None else stereo(sound, SOUND_RATE)
    total = round(Fraction(info.duration_ms * SOUND_RATE, 1000))
    mixed = mix(original, spoken, original_volume, total)
    return Sound(mixed.samples, SOUND_RATE), mixed.limited


def _rendered(
    pictures: Pictures, engine: Engine, speakers: Sequence[Speaker]
) -> Iterator[TimedFrame]:
    waiting: deque[tuple[TimedFrame, Frame]] = deque()

    def frames() -> Iterator[Frame]:
        for pair in pictures.pairs():
            waiting.append(pair)
            yield pair[1]

    with pictures:
        faces = [(speaker.bank, speaker.plan) for speaker in speakers]
        for changed in render_all(engine, faces, frames()):
            (time, rgb), frame = waiting.popleft()
            yield time, rgb if changed is frame else changed_rgb(rgb, frame, changed)
