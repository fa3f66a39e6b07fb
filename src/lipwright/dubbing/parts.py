"""The main job in parts: open it, know its faces, divide it, render each part, join them.

`lipwright.dubbing.dub` does all of it in one process. Several workers can do it, too: each opens
the job with the banks that are known by then, renders the parts that are its own by the one plan,
and whoever has all the parts joins them. The result is the same, byte for byte.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lipwright.dubbing.banks import Banks
from lipwright.dubbing.casting import Speaker, cast
from lipwright.dubbing.heap import give_back
from lipwright.dubbing.hearing import Hearing
from lipwright.dubbing.limits import check_video
from lipwright.dubbing.looping import LoopedReader, repeats_of
from lipwright.dubbing.placement import check_line, check_one_face_once
from lipwright.dubbing.types import NO_LIMITS, Identification, Limits, Line
from lipwright.dubbing.warnings import warnings_of
from lipwright.errors import BadInputError
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.media.audio import probe_sound
from lipwright.media.decode import VideoReader
from lipwright.media.groups import Groups, NotJoinableError, find_groups
from lipwright.media.join import Source, join
from lipwright.media.prefetch import prefetched
from lipwright.media.scratch import scratch_in
from lipwright.media.stretch_writer import StretchWriter, usual_threads
from lipwright.media.stretches import Stretch, plan_stretches
from lipwright.media.types import F32, Frame, VideoInfo
from lipwright.models.store import require
from lipwright.render.engine import DEFAULT_ENGINE, load_engine
from lipwright.render.walk import render_all

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PartsPlan:
    """How a result is divided; plain values that can be sent to whoever renders a part.

    Attributes
    ----------
    stretches
        In order; each that is not copied is a part, named by its place here.
    number
        Of the encoder's parameter sets.
    threads
        Of the encoder: its choices depend on how many there are.
    encoded_because
        Why no picture can be copied, as the end of a sentence; empty where they can.
    warnings
        Where faces could not speak, one sentence each.
    """

    stretches: tuple[Stretch, ...]
    number: int
    threads: int
    encoded_because: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[int, ...]:
        """The places of the stretches that are to be rendered."""
        return tuple(i for i, one in enumerate(self.stretches) if not one.copied)

    @property
    def frames_of_parts(self) -> dict[int, int]:
        """How many frames each part has; empty where that is not known."""
        found = {index: self.stretches[index] for index in self.parts}
        return {i: one.stop - one.first for i, one in found.items() if one.stop is not None}

    @property
    def frames_copied(self) -> int:
        """How many pictures are the source's own."""
        return sum((one.stop or 0) - one.first for one in self.stretches if one.copied)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON-able values."""
        return {
            **asdict(self),
            "stretches": [asdict(one) for one in self.stretches],
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PartsPlan:
        """Return the plan that `to_dict` took apart."""
        stretches = tuple(Stretch(**one) for one in values["stretches"])
        return cls(**{**values, "stretches": stretches, "warnings": tuple(values["warnings"])})


class DubJob:
    """A job that is open: its video can be read, and its lines make sense; a context manager.

    Parameters
    ----------
    video, identification, lines, engine, limits
        As `lipwright.dubbing.dub.dub` has them.
    scratch
        Folder for temporary files, which grow with the video and have no names there; ``None``:
        the system's.

    Attributes
    ----------
    video
        The file.
    info
        What the result's picture is: the video's, or the repeated video's.
    lines
        Checked.
    total_ms
        How long the result lasts.

    Raises
    ------
    BadInputError
        An input cannot be used; its ``index`` says which line.
    """

    def __init__(
        self,
        video: Path,
        identification: Identification,
        lines: Sequence[Line],
        *,
        engine: str = DEFAULT_ENGINE,
        limits: Limits = NO_LIMITS,
        scratch: Path | None = None,
    ) -> None:
        self.video = video
        self._scratch = scratch
        self.lines = [_checked(line, i, identification) for i, line in enumerate(lines)]
        if not self.lines:
            raise BadInputError("lines", "empty", "there must be at least one line")
        check_one_face_once(self.lines)
        give_back()  # of what was done before, such as identifying
        self._identification = identification
        self._engine_name = engine
        self._engine = load_engine(engine)
        self._speakers: list[Speaker] | None = None
        with ExitStack() as stack:
            self.reader = stack.enter_context(VideoReader(video))
            check_video(self.reader.info, limits)
            duration = self.reader.info.duration_ms
            self.total_ms = max([duration, *(line.end_ms for line in self.lines)])
            self._source: VideoReader | LoopedReader = self.reader
            if self.looped:
                self._source = LoopedReader(self.reader, self.total_ms)
            self.info: VideoInfo = self._source.info
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def looped(self) -> bool:
        """Whether the video is repeated."""
        return self.total_ms > self.reader.info.duration_ms

    def look(
        self,
        banks: Banks | None,
        looked: Callable[[Frame], None] = lambda frame: None,
        planned: Callable[[int], None] = lambda count: None,
        hearing: Hearing | None = None,
    ) -> None:
        """Know the faces and what their mouths shall do; to be called before all that follows.

        Parameters
        ----------
        banks
            As `lipwright.dubbing.dub.dub` has it.
        looked
            Called with every frame that was looked at.
        planned
            Called before with the number of frames, about, that will be.
        hearing
            What listens to the lines, if it has begun already; ended here.
        """
        with scratch_in(self._scratch):
            self._speakers = self._known(banks, looked, planned, hearing)
        give_back()

    def _known(
        self,
        banks: Banks | None,
        looked: Callable[[Frame], None],
        planned: Callable[[int], None],
        hearing: Hearing | None,
    ) -> list[Speaker]:
        return cast(
            self.reader,
            self._identification,
            self.lines,
            lambda: FaceLandmarker(require("face_landmarker")),
            self._engine,
            looked,
            planned=planned,
            repeats=repeats_of(self.reader.info, self.total_ms),
            banks=banks,
            engine_name=self._engine_name,
            hearing=hearing,
        )

    def forget_faces(self) -> None:
        """Let go of what is known of the faces; parts can be joined all the same."""
        self._speakers = None
        give_back()

    @property
    def speakers(self) -> list[Speaker]:
        """The faces that speak."""
        if self._speakers is None:
            raise RuntimeError("nothing is known of the faces yet")
        return self._speakers

    def plan_parts(self, threads: int = 0) -> PartsPlan:
        """Divide the result.

        Parameters
        ----------
        threads
            For the encoder; 0 takes what suits this machine.
        """
        stamps = self._source.stamps
        groups, why = self._groups
        stretches = plan_stretches(
            len(stamps),
            self._changed(len(stamps)),
            float(self.info.frame_rate),
            groups,
            self._source.keys,
        )
        if why:
            log.info("every picture is encoded anew: %s", why)
        taken = groups.sets.ids if groups is not None else set()
        return PartsPlan(
            stretches,
            min(set(range(32)) - taken),
            threads or usual_threads(),
            why,
            tuple(warnings_of(self.speakers, self.lines, False)),
        )

    def _changed(self, count: int) -> NDArray[np.bool_]:
        changed = np.zeros(count, dtype=bool)
        for speaker in self.speakers:
            plan = speaker.plan
            frames = plan.frame_indices[plan.weight > 0]
            changed[frames[frames < count]] = True
        return changed

    @cached_property
    def _groups(self) -> tuple[Groups | None, str]:
        if self.looped:
            return None, "the video is repeated"
        try:
            return find_groups(self.video, self.reader.survey), ""
        except NotJoinableError as error:
            return None, str(error)

    def render_part(
        self,
        plan: PartsPlan,
        index: int,
        path: Path,
        rendered: Callable[[Frame], None] = lambda frame: None,
    ) -> int:
        """Render and encode one part; returns how many frames it has.

        Parameters
        ----------
        plan
            The one plan of this job, whoever made it.
        index
            Which of its `PartsPlan.parts`.
        path
            Where the part goes (`lipwright.media.part_file`).
        rendered
            Called with every frame that was encoded.

        Raises
        ------
        FailedError
            ``encode_failed``. Nothing is left at ``path``.
        """
        begin, end = self._times(plan.stretches[index])
        faces = [(speaker.bank, speaker.plan) for speaker in self.speakers]
        count = 0
        with (
            StretchWriter(path, self.info, threads=plan.threads, number=plan.number) as writer,
            prefetched(lambda: self._source.frames(begin, end)) as frames,
        ):
            for frame in render_all(self._engine, faces, frames):
                writer.write(frame.y, frame.u, frame.v, frame.pts)
                rendered(frame)
                count += 1
        return count

    def _times(self, stretch: Stretch) -> tuple[Fraction | None, Fraction | None]:
        stamps, start, base = self._source.stamps, self.info.start_pts, self.info.time_base

        def time_of(index: int | None) -> Fraction | None:
            if index is None or not 0 < index < len(stamps):
                return None
            return (int(stamps[index]) - start) * base

        return time_of(stretch.first), time_of(stretch.stop)

    def join_parts(
        self,
        plan: PartsPlan,
        parts: Mapping[int, Path],
        sound: F32 | Iterable[F32] | None,
        output: Path,
    ) -> int:
        """Write the mp4; returns how many pictures it has. The faces need not be known for it.

        Parameters
        ----------
        plan
            The one plan of this job.
        parts
            The file of every one of its `PartsPlan.parts`.
        sound
            The result's sound, (n, 2) at 48 kHz, whole or in blocks.
        output
            Where it goes.

        Raises
        ------
        FailedError
            ``bad_part`` or ``encode_failed``. Nothing is left at ``output``.
        """
        source = None
        if plan.frames_copied:
            groups, why = self._groups
            assert groups is not None, why
            source = Source(self.video, self.reader.survey.stream_index, groups)
        stretches = [(one, parts.get(index)) for index, one in enumerate(plan.stretches)]
        return join(output, self.info, stretches, source, sound, synthetic=True)


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
