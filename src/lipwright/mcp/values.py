"""What the tools take and give. The descriptions are what an assistant reads."""

from __future__ import annotations

from typing import Annotated, Protocol

from pydantic import BaseModel, Field

from lipwright.errors import LipwrightError


class DeskError(LipwrightError):
    """What was asked for cannot be done; the message is for the assistant."""


class SpokenLine(BaseModel):
    """One line that a face says."""

    speech: str = Field(description="local sound file: mp3, wav, m4a or aac")
    face: str = Field(
        default="", description="face_id from identify; empty: the most prominent face"
    )
    at_ms: int | None = Field(
        default=None, description="where it begins in the video; by default when the face appears"
    )
    speech_start_ms: int = Field(default=0, description="leave out what is before, in the sound")
    speech_end_ms: int | None = Field(default=None, description="leave out what is after")
    volume: float = Field(default=1.0, description="0 to 2")
    transcript: str = Field(default="", description="what is said, if known and in English")


class FoundFace(BaseModel):
    """A face through one stretch of the video."""

    face_id: str
    start_ms: int
    end_ms: int
    box: list[int] | None = Field(
        default=None,
        description="left, top, right, bottom in pixels, in the middle of the stretch",
    )
    image_url: str = ""


class FoundFaces(BaseModel):
    """The faces of a video that can be lip-synced; there may be none."""

    faces: list[FoundFace]
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None


class JobState(BaseModel):
    """How far a job is."""

    task_id: str
    status: str = Field(description="submitted, processing, succeeded, failed or cancelled")
    progress: int = Field(description="0 to 100")
    stage: str = ""
    message: str = Field(default="", description="why it failed")
    output: str = Field(default="", description="the finished mp4, once it has succeeded")
    warnings: list[str] = Field(default=[], description="what did not go as it might have")

    @property
    def ended(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ("succeeded", "failed", "cancelled")


Lines = Annotated[list[SpokenLine], Field(min_length=1, max_length=32)]


class Desk(Protocol):
    """Takes jobs and knows how far they are; its methods may block and are called in threads."""

    def identify(self, video: str) -> FoundFaces:
        """Find the faces of a local video."""
        ...

    def sync(self, video: str, lines: Lines, output: str, original_volume: float) -> JobState:
        """Begin a job."""
        ...

    def status(self, task_id: str, wait_s: float) -> JobState:
        """Look at a job, and wait for its end for so long."""
        ...

    def cancel(self, task_id: str) -> JobState:
        """End a job."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...
