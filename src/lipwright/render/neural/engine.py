"""The neural engine: a Wav2Lip-family generator draws the speaking mouth.

The mesh engine renders every frame first. Where the speech is silent that is all: the person's own
lips at rest. Where it speaks, the generator's lower face is laid over it, in and out as the speech
comes and goes, so that nothing the generator does in silence is ever seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.faces.head import HeadPose
from lipwright.faces.types import FaceTrack
from lipwright.media.color import bgr_matrices
from lipwright.media.types import Frame
from lipwright.models.added import require_added
from lipwright.render.mesh.bank import MeshBank
from lipwright.render.mesh.engine import MeshEngine
from lipwright.render.mesh.keeping import MeshKeeping
from lipwright.render.mesh.observer import MeshObserver
from lipwright.render.mesh.occlusion import in_front
from lipwright.render.neural.composite import colour_field, compose, shares
from lipwright.render.neural.generator import Generator
from lipwright.render.neural.mel import SpeechMel
from lipwright.render.neural.planes import cut_square
from lipwright.render.neural.square import FaceSquare, face_square
from lipwright.render.plan import RenderPlan

NAME: Final = "wav2lip"

_CALM_SECONDS: Final = 0.25
"""The colour follows the light in this time; frame by frame it would flicker."""

_FORGET_SECONDS: Final = 0.5


@dataclass(frozen=True, eq=False)
class NeuralBank:
    """What is known of one face of one video."""

    frame_indices: NDArray[np.int64]
    mesh: MeshBank
    square: FaceSquare


@dataclass
class _Course:
    """What is carried along while one plan is rendered."""

    lines: list[tuple[float, SpeechMel]]
    colour: NDArray[np.float32] | None = None
    time: float = field(default=-1e9)

    def window(self, time: float) -> NDArray[np.float32]:
        """What is heard at a time of the video."""
        begun = [line for line in self.lines if line[0] <= time + 1e-6] or self.lines[:1]
        start, heard = begun[-1]
        return heard.window(time - start)

    def calmed(self, colour: NDArray[np.float32], time: float) -> NDArray[np.float32]:
        """A colour field without flicker."""
        passed = time - self.time
        if self.colour is None or not 0.0 <= passed < _FORGET_SECONDS:
            self.colour = colour
        else:
            share = np.float32(1.0 - np.exp(-passed / _CALM_SECONDS))
            self.colour = self.colour + share * (colour - self.colour)
        self.time = time
        return self.colour


class NeuralEngine(MeshKeeping):
    """Implements `lipwright.render.walk.BatchEngine`.

    Parameters
    ----------
    model
        The generator's ONNX file; by default the one that was added as ``wav2lip``.
    threads
        Threads of the CPU for the generator; 0: all cores.

    Raises
    ------
    BadInputError
        field ``engine``: there are no weights, or onnxruntime is not installed; else see
        `lipwright.render.neural.generator.Generator`.
    """

    def __init__(self, model: Path | None = None, *, threads: int = 0) -> None:
        self.generator = Generator(model or require_added(NAME), threads=threads)
        self._mesh = MeshEngine()
        self._courses: WeakKeyDictionary[RenderPlan, _Course] = WeakKeyDictionary()

    @property
    def batch(self) -> int:
        """How many frames the generator takes at once."""
        return self.generator.batch

    def observer(self) -> MeshObserver:
        """Return a fresh observer for one face."""
        return self._mesh.observer()

    def prepare(self, track: FaceTrack, observer: MeshObserver) -> NeuralBank:
        """Build the bank of a face."""
        mesh = self._mesh.prepare(track, observer)
        square = face_square(mesh.own.pose, mesh.own.rest)
        return NeuralBank(track.frame_indices, mesh, square)

    def render(self, bank: NeuralBank, plan: RenderPlan, frame: Frame) -> Frame:
        """Render one frame; the same object comes back where nothing changes."""
        return self.render_batch(bank, plan, [frame])[0]

    def render_batch(
        self, bank: NeuralBank, plan: RenderPlan, frames: Sequence[Frame]
    ) -> list[Frame]:
        """Render consecutive frames; see `render`."""
        out = [self._mesh.render(bank.mesh, plan, frame) for frame in frames]
        places = [
            (slot, at, share)
            for slot, frame in enumerate(frames)
            for at, share in [_share(bank, plan, frame)]
            if share > 0.0
        ]
        if not places:
            return out
        course = self._course(plan)
        size = self.generator.shape.size
        faces, mels = [], []
        for slot, at, _ in places:
            frame = frames[slot]
            forth, _ = bgr_matrices(frame.color, frame.height)
            cut = cut_square(frame, bank.square.to_square[at], size)
            faces.append(np.clip(_transformed(cut, forth) / 255.0, 0.0, 1.0))
            mels.append(course.window(float(frame.time)))
        made = self.generator(np.stack(faces), np.stack(mels))
        for (slot, at, share), picture in zip(places, made, strict=True):
            base = out[slot]
            _, back = bgr_matrices(base.color, base.height)
            drawn = _transformed(picture * np.float32(255.0), back)
            square = bank.square
            maps = shares(square.region[at], square.mouth[at], size)
            under = cut_square(base, square.to_square[at], size)
            colour = course.calmed(colour_field(drawn, under, maps.rim), float(base.time))
            front = partial(_in_front, bank.mesh, at, frames[slot])
            out[slot] = compose(
                base, square.to_square[at], under, drawn + colour, maps, share, front
            )
        return out

    def _course(self, plan: RenderPlan) -> _Course:
        course = self._courses.get(plan)
        if course is None:
            lines = [(part.start, SpeechMel(part.samples)) for part in plan.speech]
            course = self._courses[plan] = _Course(lines)
        return course


def _share(bank: NeuralBank, plan: RenderPlan, frame: Frame) -> tuple[int, float]:
    """The frame's place in the bank, and how much of the generator's mouth is shown in it."""
    here = int(np.searchsorted(plan.frame_indices, frame.index))
    at = int(np.searchsorted(bank.frame_indices, frame.index))
    for indices, place in ((plan.frame_indices, here), (bank.frame_indices, at)):
        if place >= len(indices) or indices[place] != frame.index:
            return 0, 0.0
    if not plan.speech:
        return at, 0.0
    speaking = 1.0 if plan.speaking is None else float(plan.speaking[here])
    hidden = float(bank.mesh.occlusion.hidden[at])
    return at, float(plan.weight[here]) * speaking * (1.0 - hidden)


def _in_front(
    bank: MeshBank, at: int, frame: Frame, box: tuple[int, int, int, int]
) -> NDArray[np.float32] | None:
    """Which pixels of a rectangle belong to a hand, a microphone or hair before the face."""
    own = bank.own
    if not bank.occlusion.covered[at].any():
        return None
    part = slice(at, at + 1)
    pose = HeadPose(own.pose.rotation[part], own.pose.scale[part], own.pose.origin[part])
    points = pose.to_picture(own.head[part])[0]
    return in_front(bank.occlusion.covered[at], points, float(pose.scale[0]), frame, box)


def _transformed(picture: NDArray[np.float32], rows: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(cv2.transform(picture, rows), np.float32)
