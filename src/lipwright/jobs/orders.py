"""What a task is to do, as JSON in its row: the video, its faces, and the checked lines."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from lipwright.dubbing.placement import check_line
from lipwright.dubbing.types import API_LIMITS, Identification, Line
from lipwright.jobs.intake import sha256_of
from lipwright.jobs.values import LineRequest
from lipwright.store.artifacts import Artifacts


@dataclass(frozen=True)
class OrderedLine:
    """One line: its sound is an object of ours, or still a URL to be fetched by the worker."""

    face_id: str
    sound_start_ms: int
    sound_end_ms: int
    insert_ms: int
    speech_volume: float
    sound_key: str | None = None
    sound_url: str | None = None

    @classmethod
    def asked(cls, request: LineRequest) -> Self:
        """Return the line as it was asked for, with no sound yet."""
        return cls(
            face_id=request.face_id,
            sound_start_ms=request.sound_start_ms,
            sound_end_ms=request.sound_end_ms,
            insert_ms=request.insert_ms,
            speech_volume=request.speech_volume,
        )

    def with_key(self, key: str) -> Self:
        """Return the line with its sound as an object of ours."""
        return replace(self, sound_key=key, sound_url=None)

    def with_url(self, url: str) -> Self:
        """Return the line with its sound still to be fetched."""
        return replace(self, sound_url=url)

    def to_line(self, speech: Path) -> Line:
        """Return the line with its sound in a local file."""
        return Line(
            face_id=self.face_id,
            speech=speech,
            speech_start_ms=self.sound_start_ms,
            speech_end_ms=self.sound_end_ms,
            insert_ms=self.insert_ms,
            speech_volume=self.speech_volume,
        )


@dataclass(frozen=True)
class Order:
    """All that a worker must know to render a task."""

    video_key: str
    identification_key: str
    original_volume: float
    lines: tuple[OrderedLine, ...]

    def with_line(self, index: int, line: OrderedLine) -> Self:
        """Return the order with one line replaced."""
        lines = list(self.lines)
        lines[index] = line
        return replace(self, lines=tuple(lines))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the order that `to_dict` took apart."""
        lines = tuple(OrderedLine(**line) for line in values["lines"])
        return cls(**{**values, "lines": lines})


def checked_line(
    line: OrderedLine, identification: Identification, sound_duration_ms: int
) -> OrderedLine:
    """Check a line against the video, its faces and the sound's length, within `API_LIMITS`.

    Returns
    -------
    OrderedLine
        With an end that overshot by a rounding error put right.

    Raises
    ------
    BadInputError
        As `lipwright.dubbing.placement.check_line` says.
    """
    checked = check_line(
        line.to_line(Path("speech")),
        identification=identification,
        sound_duration_ms=sound_duration_ms,
        limits=API_LIMITS,
    )
    return replace(
        line,
        sound_start_ms=checked.speech_start_ms,
        sound_end_ms=checked.speech_end_ms,
        insert_ms=checked.insert_ms,
    )


def keep_sound(
    artifacts: Artifacts, account_id: str, path: Path, format: str, expires_at_ms: int
) -> str:
    """Publish a sound under a key made from its bytes; return the key."""
    key = f"accounts/{account_id}/sounds/{sha256_of(path)}.{format}"
    artifacts.publish(account_id, key, path, expires_at_ms)
    return key
