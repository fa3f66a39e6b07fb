"""A clip on the stage: followed and looked at once, then made to say one thing after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipwright.dubbing.casting import Speaker, cast, plan_lines
from lipwright.dubbing.hearing import SPEECH_RATE
from lipwright.dubbing.identify import identify
from lipwright.dubbing.types import Identification, Line
from lipwright.errors import BadInputError
from lipwright.evaluation.cut import Ticker, cut
from lipwright.evaluation.sound import write_wave
from lipwright.evaluation.untouched import ChangeMeter
from lipwright.evaluation.view import Viewpoints
from lipwright.evaluation.watch import Seen, watch
from lipwright.faces.head import HeadPose
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.quality import lip_sync_quality
from lipwright.faces.types import FaceTrack, IdentifiedFace
from lipwright.media.audio import probe_sound, read_sound
from lipwright.media.decode import VideoReader
from lipwright.media.encode import video_writer
from lipwright.media.mix import SpokenLine, mix
from lipwright.media.movie import SOUND_RATE
from lipwright.media.prefetch import prefetched
from lipwright.media.types import F32, Frame, VideoInfo
from lipwright.models.store import require
from lipwright.render.engine import Engine, load_engine
from lipwright.render.plan import RenderPlan
from lipwright.render.walk import render_all


@dataclass(frozen=True, eq=False)
class Performance:
    """One output and what was planned for it.

    Attributes
    ----------
    path
        The mp4.
    wanted
        (T, 6) float32: the mouth curve at every frame of the clip, relative to rest.
    weight
        (T,) float32: how much of it is rendered.
    sound
        (n, 2) float32 at 48 kHz: what was put beside the picture.
    changes
        What the engine changed of the picture before it was encoded; ``None`` where somebody
        else rendered it.
    """

    path: Path
    wanted: F32
    weight: F32
    sound: F32
    changes: ChangeMeter | None


class Stage:
    """One clip, or a part of it.

    Parameters
    ----------
    clip
        Video of any container.
    folder
        Where intermediate files go.
    start_ms, end_ms
        The part; ``None`` is the end.
    face
        Id of the face; empty for the one that is largest for longest.
    pictures
        Keep a picture of every frame for a report.
    tick
        Told how far the work is.

    Raises
    ------
    BadInputError
        The clip cannot be used, or shows no face.
    """

    def __init__(
        self,
        clip: Path,
        folder: Path,
        *,
        start_ms: int = 0,
        end_ms: int | None = None,
        face: str = "",
        pictures: bool = False,
        tick: Ticker = lambda what, frame: None,
    ) -> None:
        if not clip.is_file():
            raise BadInputError("clip", "bad_value", f"there is no file {clip}")
        self.clip = clip
        self._folder = folder
        self._tick = tick
        self._pictures = pictures
        self.source, self.own_sound = cut(clip, folder, start_ms, end_ms, tick)
        self.identification: Identification = identify(self.source)
        self.face: IdentifiedFace = _chosen(self.identification, face)
        self._speakers: dict[str, tuple[Engine, Speaker]] = {}
        self._resting: dict[tuple[object, ...], Performance] = {}
        self._outputs: dict[Path, Seen] = {}

    @property
    def info(self) -> VideoInfo:
        """What the prepared clip is."""
        return self.identification.video

    @cached_property
    def _watched(self) -> tuple[Seen, Viewpoints]:
        return watch(
            self.source,
            self.face,
            pictures=self._pictures,
            progress=lambda frame: self._tick("watch the clip", frame),
        )

    @property
    def seen(self) -> Seen:
        """What the clip's own mouth does."""
        return self._watched[0]

    @property
    def views(self) -> Viewpoints:
        """From where the clip's mouth was looked at."""
        return self._watched[1]

    def watch(self, video: Path) -> Seen:
        """Look at another file from the same place; one that was already looked at only once."""
        if video not in self._outputs:
            self._outputs[video] = watch(
                video,
                self.face,
                self.views,
                pictures=self._pictures,
                progress=lambda frame: self._tick(f"watch {video.stem}", frame),
            )[0]
        return self._outputs[video]

    def line(self, speech: Path, start_ms: int = 0, transcript: str = "") -> Line:
        """As much of a sound as the clip has room for, said from its beginning.

        Raises
        ------
        BadInputError
            Field ``speech``: there is none after ``start_ms``, or it cannot be read.
        """
        if not speech.is_file():
            raise BadInputError("speech", "bad_value", f"there is no file {speech}")
        end = min(probe_sound(speech).duration_ms, start_ms + self.info.duration_ms)
        if end <= start_ms:
            raise BadInputError("speech", "too_short", f"there is no sound after {start_ms} ms")
        return Line(self.face.face_id, speech, start_ms, end, 0, transcript=transcript)

    def wanted(self, line: Line) -> tuple[F32, F32]:
        """The mouth curve and its weight at every frame, by an independent look at the clip."""
        seen, info = self.seen, self.info
        inside = np.isfinite(seen.opening)
        points = seen.points[inside]
        track = FaceTrack(
            np.flatnonzero(inside).astype(np.int64),
            seen.times[inside],
            points,
            seen.pose.angles()[inside],
            lip_sync_quality(points, _part(seen, inside), info.width, info.height),
        )
        return self._on_all_frames(plan_lines(track, [line], float(1 / info.frame_rate)))

    def perform(self, line: Line, name: str, engine: str, *, frozen: bool = False) -> Performance:
        """Make the clip say a line.

        Parameters
        ----------
        line
            From `line`.
        name
            Of the output, without suffix.
        engine
            Name of the engine.
        frozen
            Hold the lips shut instead, for just as long.

        Returns
        -------
        Lips that rest throughout are rendered only once for each engine and length, whatever
        the sound: the first such output is then given again.
        """
        chosen, speaker = self._speaker(engine, line)
        step = float(1 / self.info.frame_rate)
        plan = plan_lines(speaker.track, [line], step)
        if frozen:
            silent = np.zeros(len(plan.channels), np.float32)
            plan = replace(plan, channels=np.zeros_like(plan.channels), speaking=silent, speech=())
        rests = plan.speaking is not None and not plan.channels.any() and not plan.speaking.any()
        key = (engine, plan.weight.tobytes())
        if not rests:
            return self._perform(line, name, chosen, speaker, plan)
        if key not in self._resting:
            self._resting[key] = self._perform(line, name, chosen, speaker, plan)
        return self._resting[key]

    def _perform(
        self, line: Line, name: str, engine: Engine, speaker: Speaker, plan: RenderPlan
    ) -> Performance:
        sound = self._sound(line)
        changes = ChangeMeter()
        output = self._folder / f"{name}.mp4"
        waiting: dict[int, Frame] = {}
        with (
            VideoReader(self.source) as reader,
            video_writer(output, reader.info, sound, synthetic=True) as writer,
            prefetched(reader.frames) as frames,
        ):
            for made in render_all(engine, [(speaker.bank, plan)], _noted(frames, waiting)):
                source = waiting.pop(made.index)
                changes.add(source, made, self.views.points(made.index))
                writer.write(made.y, made.u, made.v, made.pts)
                self._tick(f"render {name}", made.index)
        return Performance(output, *self._on_all_frames(plan), sound, changes)

    def given(self, output: Path, line: Line) -> Performance:
        """An output that is already there, as if it had been performed.

        Raises
        ------
        BadInputError
            Field ``output``: it does not have the clip's size.
        """
        with VideoReader(output) as reader:
            size = (reader.info.width, reader.info.height)
        if size != (self.info.width, self.info.height):
            raise BadInputError(
                "output", "bad_value", f"it has {size[0]}x{size[1]} pixels, the clip has others"
            )
        return Performance(output, *self.wanted(line), self._sound(line), None)

    def _speaker(self, name: str, line: Line) -> tuple[Engine, Speaker]:
        """The face as an engine knows it, from a look at the whole clip."""
        if name not in self._speakers:
            engine = load_engine(name)
            whole = replace(line, speech_end_ms=line.speech_start_ms + self.info.duration_ms)
            with VideoReader(self.source) as reader:
                landmarker = FaceLandmarker(require("face_landmarker"))
                cast_faces = cast(
                    reader,
                    self.identification,
                    [whole],
                    landmarker,
                    engine,
                    lambda frame: self._tick("follow the face", frame.index),
                )
            if not cast_faces:
                raise BadInputError("clip", "no_face", f"{self.clip.name} shows no usable face")
            self._speakers[name] = engine, cast_faces[0]
        return self._speakers[name]

    def _on_all_frames(self, plan: RenderPlan) -> tuple[F32, F32]:
        count = len(self.seen.times)
        wanted, weight = np.zeros((count, 6), np.float32), np.zeros(count, np.float32)
        inside = plan.frame_indices < count
        wanted[plan.frame_indices[inside]] = plan.channels[inside]
        weight[plan.frame_indices[inside]] = plan.weight[inside]
        return wanted, weight

    def _sound(self, line: Line) -> F32:
        total = round(Fraction(self.info.duration_ms * SOUND_RATE, 1000))
        spoken = read_sound(line.speech, line.speech_start_ms, line.speech_end_ms, SOUND_RATE)
        return mix(None, [SpokenLine(spoken, 0, 1.0)], 0.0, total).samples

    def own_speech(self) -> Path:
        """The clip's own sound as a file.

        Raises
        ------
        BadInputError
            It has none.
        """
        path = self._folder / f"{self.clip.stem}-own.wav"
        if not path.exists():
            if self.own_sound is None:
                raise BadInputError("clip", "no_sound", f"{self.clip.name} has no sound of its own")
            write_wave(path, self.own_sound)
        return path


def mono(line: Line) -> NDArray[np.float32]:
    """A line's sound as models hear it: (n,) at 16 kHz."""
    sound = read_sound(line.speech, line.speech_start_ms, line.speech_end_ms, SPEECH_RATE)
    return np.asarray(sound.mean(1), dtype=np.float32)


def _noted(frames: Iterator[Frame], waiting: dict[int, Frame]) -> Iterator[Frame]:
    for frame in frames:
        waiting[frame.index] = frame
        yield frame


def _part(seen: Seen, inside: NDArray[np.bool_]) -> HeadPose:
    pose = seen.pose
    return HeadPose(pose.rotation[inside], pose.scale[inside], pose.origin[inside])


def _chosen(identification: Identification, face_id: str) -> IdentifiedFace:
    faces = [f for f in identification.faces if face_id in ("", f.face_id)]
    if not faces:
        what = f"no face {face_id}" if face_id else "no face that can be lip-synced"
        raise BadInputError("clip", "no_face", f"there is {what} in it")

    def presence(face: IdentifiedFace) -> float:
        box = face.samples[len(face.samples) // 2].box
        return float(box.width * box.height * (face.end_ms - face.start_ms) ** 0.5)

    return max(faces, key=presence)
