"""Find every face of a video, and when it can be lip-synced, in one streaming pass.

Known faces are looked at twice a second, new ones are searched for once a second and at
every cut. Where one appeared or was lost in between, the frames since the last search (a bounded
buffer) are walked one by one, so the bounds are exact to a frame while most frames are never
analysed. A face that is there for less than a second may fall between two searches.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from lipwright.faces.continuity import face_patch, looks_the_same
from lipwright.faces.detector import Detection, overlap
from lipwright.faces.head import fit_head, shape_error
from lipwright.faces.landmarker import MIN_PRESENCE, FaceLandmarker, FaceLandmarks
from lipwright.faces.portrait import portrait_jpeg
from lipwright.faces.quality import USABLE, lip_sync_quality
from lipwright.faces.shots import ShotDetector
from lipwright.faces.types import Box, FaceSample
from lipwright.media.types import Frame

_LOOK_MS: Final = 500
_SEARCH_MS: Final = 1_000
_WALK_SAMPLE_MS: Final = 200
_MAX_BUFFER: Final = 64
_SAME_FACE_IOU: Final = 0.3
_UNMOVED_IOU: Final = 0.5
_SURE_SCORE: Final = 0.8
_SURE_SHAPE: Final = 0.07
_MAX_SHAPE_ERROR: Final = 0.13
"""A new face needs a sure detection or a head-like shape; a followed one may deform more."""

_PORTRAIT_GAIN: Final = 1.15
"""A new portrait must be this much better than the old one to be worth encoding."""


@dataclass(eq=False)
class Sighting:
    """A face through frames in which it was seen and usable without a break.

    Attributes
    ----------
    shot
        Number of the shot it was seen in.
    start_ms, end_ms
        From its first frame's time to its last frame's end.
    samples
        Where it was at each look.
    portrait, portrait_score
        Its best picture so far as JPEG, and how good that is (0 before there is one).
    first_patch, last_patch
        What it looked like at its first and its last look (`face_patch`).
    """

    shot: int
    start_ms: int
    end_ms: int
    samples: list[FaceSample]
    portrait: bytes = b""
    portrait_score: float = 0.0
    first_patch: NDArray[np.float32] | None = None
    last_patch: NDArray[np.float32] | None = None


@dataclass(eq=False)
class _Active:
    sighting: Sighting
    last: FaceLandmarks
    last_index: int


class LeftOut(Protocol):
    """Knows the frames that a scan is not given of itself."""

    def time_before(self, index: int) -> Fraction:
        """Time of the frame before frame ``index``."""

    def between(self, first: int, end: int) -> Iterator[Frame]:
        """All frames with ``first <= frame.index < end``; none if none of them was left out."""


@dataclass
class FaceScan:
    """Feed frames in order with `add`, then ask `finish` for what was seen.

    Parameters
    ----------
    landmarker
        The networks; used from the calling thread only.
    left_out
        Where frames are left out, who has them: they are asked for where a face appears or is
        lost and where a shot may begin. The video's last frame must be given.
    """

    landmarker: FaceLandmarker
    left_out: LeftOut | None = None
    _shots: ShotDetector = field(default_factory=ShotDetector)
    _shot: int = -1
    _buffer: deque[Frame] = field(default_factory=lambda: deque(maxlen=_MAX_BUFFER))
    _active: list[_Active] = field(default_factory=list)
    _done: list[Sighting] = field(default_factory=list)
    _last_look_ms: int = -_SEARCH_MS
    _last_search_ms: int = -_SEARCH_MS
    _frame_ms: float = 40.0
    _now: int = 0

    @property
    def present(self) -> list[Sighting]:
        """The faces that were there at the last look; they grow as the scan goes on."""
        return [face.sighting for face in self._active]

    def add(self, frame: Frame) -> None:
        """Take the next frame."""
        step = frame.index - self._buffer[-1].index if self._buffer else 1
        if self.left_out is not None and step > 1 and not self._shots.is_calm(frame):
            for missing in self.left_out.between(self._buffer[-1].index + 1, frame.index):
                self.add(missing)
            step = frame.index - self._buffer[-1].index
        self._now = frame.index
        if self._buffer:
            skipped = self.left_out is not None and step > 1
            before = self._before(frame) if skipped else self._buffer[-1].time
            self._frame_ms = float(frame.time - before) * 1000.0
        if self._shots.begins_shot(frame, step):
            self._cut(frame)
            self._look(frame)
            self._search(frame)
        elif self._is_due(frame, self._last_search_ms, _SEARCH_MS) or self._is_full():
            self._look(frame)
            self._search(frame)
        elif self._is_due(frame, self._last_look_ms, _LOOK_MS):
            self._look(frame)
        self._buffer.append(frame)

    def _is_due(self, frame: Frame, last_ms: int, interval_ms: int) -> bool:
        return frame.time_ms - last_ms >= interval_ms - self._frame_ms / 2

    def _is_full(self) -> bool:
        return bool(self._buffer) and self._now - self._buffer[0].index >= _MAX_BUFFER

    def _before(self, frame: Frame) -> Fraction:
        assert self.left_out is not None
        return self.left_out.time_before(frame.index)

    def _fill(self) -> None:
        """Get the frames that were left out since the last search."""
        if self.left_out is None or not self._buffer:
            return
        first = self._buffer[0]
        if len(self._buffer) < self._now - first.index:
            held = {frame.index: frame for frame in self._buffer}
            held |= {f.index: f for f in self.left_out.between(first.index + 1, self._now)}
            self._buffer = deque((held[index] for index in sorted(held)), maxlen=_MAX_BUFFER)

    def finish(self) -> list[Sighting]:
        """End the pass; sightings in order of appearance, then from left to right."""
        if self._buffer:
            last = self._buffer.pop()
            self._look(last)
            self._search(last)
        for face in self._active:
            self._end(face)
        return sorted(self._done, key=lambda s: (s.start_ms, s.samples[0].box.x0))

    def _cut(self, frame: Frame) -> None:
        """A new shot may begin here: keep only faces that plainly go on through it.

        Something large that appears or leaves changes the picture as much as a cut does, but a
        person beside it stays where and what they were.
        """
        self._shot += 1
        still: list[_Active] = []
        for face in self._active:
            self._walk_forward(face)
            seen_last = bool(self._buffer) and face.last_index == self._buffer[-1].index
            found = self._usable(frame, self.landmarker.follow(frame, face.last))
            if (
                seen_last
                and found is not None
                and overlap(found.box(), face.last.box()) > _UNMOVED_IOU
                and looks_the_same(
                    face_patch(self._buffer[-1], face.last), face_patch(frame, found)
                )
            ):
                face.sighting.shot = self._shot
                self._extend(face, frame, found)
                still.append(face)
            else:
                self._done.append(face.sighting)
        self._active = still
        self._buffer.clear()

    def _end(self, face: _Active) -> None:
        """Follow a face to the last buffered frame that shows it and let go of it."""
        self._walk_forward(face)
        self._done.append(face.sighting)

    def _look(self, frame: Frame) -> None:
        """See whether the known faces are still there."""
        still: list[_Active] = []
        for face in self._active:
            if face.last_index == frame.index:
                still.append(face)
                continue
            found = self._follow(face, frame)
            if found is None or any(_same(found, other.last) for other in still):
                self._end(face)
            else:
                self._extend(face, frame, found)
                still.append(face)
        self._active = still
        self._last_look_ms = frame.time_ms

    def _follow(self, face: _Active, frame: Frame) -> FaceLandmarks | None:
        """The face in a later frame; frame by frame where it has moved too far for one step."""
        found = self._usable(frame, self.landmarker.follow(frame, face.last))
        if found is None:
            self._walk_forward(face)
            if self._buffer and face.last_index == self._buffer[-1].index:
                found = self._usable(frame, self.landmarker.follow(frame, face.last))
        return found

    def _search(self, frame: Frame) -> None:
        """Look for new faces; from here on earlier frames are not needed any more."""
        for detection in self.landmarker.detect(frame):
            if any(overlap(detection.box, f.last.box()) > _SAME_FACE_IOU for f in self._active):
                continue
            found = self._discover(frame, detection)
            if found is not None and not any(_same(found, f.last) for f in self._active):
                self._active.append(self._begin(frame, found))
        self._last_search_ms = frame.time_ms
        self._buffer.clear()

    def _begin(self, frame: Frame, found: FaceLandmarks) -> _Active:
        """Start a sighting, walking back through the buffer to its first frame."""
        start, samples, last = frame.time_ms, [FaceSample(frame.time_ms, found.box())], found
        self._fill()
        for earlier in reversed(self._buffer):
            seen = self._usable(earlier, self.landmarker.follow(earlier, last))
            if seen is None or self._taken(earlier.time_ms, seen.box()):
                break
            start, last = earlier.time_ms, seen
        if start != frame.time_ms:
            samples.insert(0, FaceSample(start, last.box()))
        face = _Active(Sighting(self._shot, start, start, samples), found, frame.index)
        self._extend(face, frame, found, sample=False)
        return face

    def _taken(self, time_ms: int, box: Box) -> bool:
        """Whether a sighting that has ended already covers this place at this time."""
        return any(
            s.shot == self._shot
            and s.start_ms <= time_ms < s.end_ms
            and overlap(s.samples[-1].box, box) > _SAME_FACE_IOU
            for s in self._done
        )

    def _walk_forward(self, face: _Active) -> None:
        """Follow a face through the frames after its last look, to the last one that shows it."""
        self._fill()
        for frame in self._buffer:
            if frame.index <= face.last_index:
                continue
            found = self._usable(frame, self.landmarker.follow(frame, face.last))
            if found is None:
                return
            since = frame.time_ms - face.sighting.samples[-1].time_ms
            self._extend(face, frame, found, sample=since >= _WALK_SAMPLE_MS)

    def _extend(
        self, face: _Active, frame: Frame, found: FaceLandmarks, *, sample: bool = True
    ) -> None:
        face.last, face.last_index = found, frame.index
        sighting = face.sighting
        sighting.end_ms = round(float(frame.time) * 1000.0 + self._frame_ms)
        if sample:
            sighting.samples.append(FaceSample(frame.time_ms, found.box()))
        sighting.last_patch = face_patch(frame, found)
        if sighting.first_patch is None:
            sighting.first_patch = sighting.last_patch
        score = _portrait_score(frame, found)
        if score > _PORTRAIT_GAIN * sighting.portrait_score:
            sighting.portrait, sighting.portrait_score = portrait_jpeg(frame, found), score

    def _discover(self, frame: Frame, detection: Detection) -> FaceLandmarks | None:
        """The face that a detection promises, if there really is one."""
        located = self.landmarker.locate(frame, detection)
        if located is None:
            return None
        sure = detection.score >= _SURE_SCORE
        return self._usable(frame, located, _MAX_SHAPE_ERROR if sure else _SURE_SHAPE)

    def _usable(
        self, frame: Frame, found: FaceLandmarks, max_shape_error: float = _MAX_SHAPE_ERROR
    ) -> FaceLandmarks | None:
        if found.score < MIN_PRESENCE:
            return None
        points = found.points[None]
        pose = fit_head(points)
        if shape_error(points, pose)[0] > max_shape_error:
            return None
        quality = lip_sync_quality(points, pose, frame.width, frame.height)[0]
        return found if quality >= USABLE else None


def scan(
    frames: Iterable[Frame], landmarker: FaceLandmarker, left_out: LeftOut | None = None
) -> list[Sighting]:
    """Find the sightings of all faces of a video; memory does not grow with its length."""
    seen = FaceScan(landmarker, left_out)
    for frame in frames:
        seen.add(frame)
    return seen.finish()


def looks(times_ms: Sequence[int]) -> list[int]:
    """Which frames a scan looks at, by index, where no shot begins but the first.

    Parameters
    ----------
    times_ms
        Of all frames.
    """
    found: list[int] = []
    search = look = -_SEARCH_MS
    searched = 0
    for index, time in enumerate(times_ms):
        early = (time - times_ms[index - 1]) / 2 if index else 0.0
        if time - search >= _SEARCH_MS - early or index - searched >= _MAX_BUFFER:
            search = look = time
            searched = index
        elif time - look >= _LOOK_MS - early:
            look = time
        else:
            continue
        found.append(index)
    return [*found, len(times_ms) - 1] if times_ms else []


def _same(a: FaceLandmarks, b: FaceLandmarks) -> bool:
    return overlap(a.box(), b.box()) > _SAME_FACE_IOU


def _portrait_score(frame: Frame, face: FaceLandmarks) -> float:
    """Frontal, large and sharp is good."""
    pose = fit_head(face.points[None])
    yaw, pitch, _ = (abs(float(v)) for v in pose.angles()[0])
    box = face.box()
    x0, y0 = max(0, int(box.x0)), max(0, int(box.y0))
    region = frame.y[y0 : max(y0 + 2, int(box.y1)), x0 : max(x0 + 2, int(box.x1))]
    if region.shape[0] < 2 or region.shape[1] < 2:
        return 0.0
    detail = float(np.abs(np.diff(region[::2].astype(np.int16), axis=1)).mean())
    return float(pose.scale[0]) * (1.0 + detail) / (1.0 + (yaw + pitch) / 20.0)
