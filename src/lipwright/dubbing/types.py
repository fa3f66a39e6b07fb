"""What the whole job takes and gives, free of HTTP, tasks and databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lipwright.faces.types import IdentifiedFace
from lipwright.media.types import VideoInfo


@dataclass(frozen=True)
class Limits:
    """What a video and a line may measure; ``None`` means no limit.

    The HTTP API uses `API_LIMITS`; the library and the command line use none of them.
    """

    max_video_bytes: int | None = None
    min_video_ms: int | None = None
    max_video_ms: int | None = None
    min_side: int | None = None
    max_side: int | None = None
    max_speech_bytes: int | None = None
    min_speech_ms: int | None = None
    max_speech_ms: int | None = None
    min_overlap_ms: int | None = None


NO_LIMITS = Limits()
API_LIMITS = Limits(
    max_video_bytes=100_000_000,
    min_video_ms=2_000,
    max_video_ms=60_000,
    min_side=512,
    max_side=2160,
    max_speech_bytes=5_000_000,
    min_speech_ms=2_000,
    max_speech_ms=60_000,
    min_overlap_ms=2_000,
)


class Fit(StrEnum):
    """What happens when a line's sound does not fit its place.

    ``strict`` refuses it, as the API documents. ``trim`` cuts what goes past the sound's, the
    video's or the limit's end. ``pad`` is ``trim`` and fills a sound that is too short with
    silence. ``loop_video`` repeats the video until the line has room.
    """

    STRICT = "strict"
    TRIM = "trim"
    PAD = "pad"
    LOOP_VIDEO = "loop_video"


@dataclass(frozen=True)
class Line:
    """One line of speech for one face.

    Attributes
    ----------
    face_id
        Which face of the identification says it.
    speech
        Sound file.
    speech_start_ms, speech_end_ms
        The part of the sound that is used, on the sound's own clock.
    insert_ms
        Where that part begins on the video's clock.
    speech_volume
        Factor on the speech, 0 to 2.
    fit
        What to do when the sound does not fit.
    pad_ms
        Silence after the used part of the sound, during which the mouth still rests; set by
        checking a line that asks for padding.
    transcript
        What is said, if the caller knows; sharpens the lips' closures in English speech.
    """

    face_id: str
    speech: Path
    speech_start_ms: int
    speech_end_ms: int
    insert_ms: int
    speech_volume: float = 1.0
    fit: Fit = Fit.STRICT
    pad_ms: int = 0
    transcript: str = ""

    @property
    def end_ms(self) -> int:
        """Where the line ends on the video's clock."""
        return self.insert_ms + self.speech_end_ms - self.speech_start_ms + self.pad_ms


@dataclass(frozen=True)
class Identification:
    """The faces of a video that can be lip-synced, and when."""

    video: VideoInfo
    faces: tuple[IdentifiedFace, ...]


@dataclass(frozen=True)
class Progress:
    """How far a job is: the stage's name and the fraction of the whole job in 0..1."""

    stage: str
    fraction: float


ProgressSink = Callable[[Progress], None]


def ignore_progress(progress: Progress) -> None:
    """Drop the report."""


@dataclass(frozen=True)
class DubResult:
    """A finished file and what there is to say about it.

    Attributes
    ----------
    path
        The mp4.
    duration_ms, frame_count
        Its length.
    warnings
        Things that went otherwise than asked, one sentence each.
    frames_looked_at
        How many frames were looked at to know the faces; 0 if everything was known before.
    frames_copied
        How many frames are the source's own, taken over without decoding them.
    encoded_because
        Why none could be, as the end of a sentence ("the video is hevc, not H.264"); empty where
        they could.
    """

    path: Path
    duration_ms: int
    frame_count: int
    warnings: tuple[str, ...] = ()
    frames_looked_at: int = 0
    frames_copied: int = 0
    encoded_because: str = ""
