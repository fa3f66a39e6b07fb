"""What a task is to do, as JSON in its row: the video, its faces, and the checked lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, Self

from lipwright.dubbing.placement import check_line, check_one_face_once
from lipwright.dubbing.types import API_LIMITS, Fit, Identification, Line
from lipwright.errors import BadInputError
from lipwright.faces.types import IdentifiedFace
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
    fit: str = Fit.STRICT.value
    pad_ms: int = 0
    transcript: str = ""

    @classmethod
    def asked(cls, request: LineRequest) -> Self:
        """Return the line as it was asked for, with no sound yet."""
        return cls(
            face_id=request.face_id,
            sound_start_ms=request.sound_start_ms,
            sound_end_ms=request.sound_end_ms,
            insert_ms=request.insert_ms,
            speech_volume=request.speech_volume,
            fit=request.fit.value,
            transcript=request.transcript,
        )

    def with_key(self, key: str) -> Self:
        """Return the line with its sound as an object of ours."""
        return replace(self, sound_key=key, sound_url=None)

    def with_url(self, url: str) -> Self:
        """Return the line with its sound still to be fetched."""
        return replace(self, sound_url=url)

    def for_largest(self, identification: Identification, sound_ms: int) -> Self:
        """Return the line, given to the video's largest face and put where that begins.

        Raises
        ------
        BadInputError
            Field ``video``, reason ``no_face``.
        """
        if not identification.faces:
            raise BadInputError("video", "no_face", "no face in it can be lip-synced")
        face = max(identification.faces, key=_largeness)
        return replace(
            self,
            face_id=face.face_id,
            sound_start_ms=0,
            sound_end_ms=sound_ms,
            insert_ms=face.start_ms,
        )

    def to_line(self, speech: Path) -> Line:
        """Return the line with its sound in a local file."""
        return Line(
            face_id=self.face_id,
            speech=speech,
            speech_start_ms=self.sound_start_ms,
            speech_end_ms=self.sound_end_ms,
            insert_ms=self.insert_ms,
            speech_volume=self.speech_volume,
            fit=Fit(self.fit),
            pad_ms=self.pad_ms,
            transcript=self.transcript,
        )


@dataclass(frozen=True)
class Order:
    """All that a worker must know to render a task.

    Attributes
    ----------
    video_key, identification_key
        Objects of ours. Without an identification the worker makes it and gives the only line
        to the largest face; without a video it fetches that from ``source_url`` before.
    original_volume
        Factor on the video's own sound.
    lines
        Who says what.
    engine
        Name of the rendering engine; empty: the default.
    watermark
        Whether a watermarked copy is made, too.
    source_url
        Where the video comes from.
    done
        The part of the work, in 0..1, that was done before rendering.
    moderated
        Whether the moderators have let the inputs pass already.
    trace
        Where in a trace the task was accepted (a W3C traceparent), if traces are made.
    """

    video_key: str
    identification_key: str
    original_volume: float
    lines: tuple[OrderedLine, ...]
    engine: str = ""
    watermark: bool = False
    source_url: str = ""
    done: float = 0.0
    moderated: bool = False
    trace: str = ""

    def with_line(self, index: int, line: OrderedLine) -> Self:
        """Return the order with one line replaced."""
        lines = list(self.lines)
        lines[index] = line
        return replace(self, lines=tuple(lines))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values."""
        values = asdict(self)
        if not self.trace:
            # A worker of a version that knows no traces then reads the order as it always did.
            del values["trace"]
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Return the order that `to_dict` took apart."""
        lines = tuple(OrderedLine(**line) for line in values["lines"])
        return cls(**{**values, "lines": lines})


def _largeness(face: IdentifiedFace) -> tuple[bool, float, int]:
    """Long enough for a line, then large, then long."""
    length_ms = face.end_ms - face.start_ms
    areas = [sample.box.width * sample.box.height for sample in face.samples]
    return length_ms >= (API_LIMITS.min_overlap_ms or 0), median(areas or [0.0]), length_ms


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
        pad_ms=checked.pad_ms,
    )


def check_no_overlap(lines: Sequence[OrderedLine]) -> None:
    """As `lipwright.dubbing.placement.check_one_face_once`."""
    check_one_face_once([line.to_line(Path("speech")) for line in lines])


def keep_sound(
    artifacts: Artifacts, account_id: str, path: Path, format: str, expires_at_ms: int
) -> str:
    """Publish a sound under a key made from its bytes; return the key."""
    key = f"accounts/{account_id}/sounds/{sha256_of(path)}.{format}"
    artifacts.publish(account_id, key, path, expires_at_ms)
    return key
