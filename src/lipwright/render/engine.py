"""What an engine is: it looks at a face once, then renders it as often as wanted.

Engines register under the entry-point group ``lipwright.engines``; the value is a callable
without arguments that returns an `Engine`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lipwright.errors import BadInputError
from lipwright.faces.landmarker import FaceLandmarks
from lipwright.faces.types import FaceTrack
from lipwright.media.types import Frame
from lipwright.render.names import DEFAULT_ENGINE as DEFAULT_ENGINE
from lipwright.render.names import GROUP as GROUP
from lipwright.render.plan import RenderPlan


class Observer(Protocol):
    """Sees every tracked frame of one face once, in order, and remembers what it needs."""

    def add(self, frame: Frame, face: FaceLandmarks) -> None:
        """Take the next frame and the face in it. Must not keep the frame's planes."""


class Engine(Protocol):
    """Changes mouths. Banks are the engine's own type and mean nothing to anyone else."""

    def observer(self) -> Observer:
        """A fresh observer for one face."""

    def prepare(self, track: FaceTrack, observer: Any) -> Any:
        """Build the bank of a face from its finished track and the observer that saw it."""

    def render(self, bank: Any, plan: RenderPlan, frame: Frame) -> Frame:
        """The frame with this face's mouth as planned; the frame itself where nothing changes.

        Pixels outside the face must come back untouched.
        """


@runtime_checkable
class KeepingEngine(Engine, Protocol):
    """An engine whose observers can be kept, so that the next line for a video needs no looking.

    A face is then followed in pieces of fixed length, each with an observer of its own. What is
    kept are the finished pieces; a bank is always made from the merged observers of the pieces
    that its lines need, so that it is the same whether they were kept or seen just now.
    """

    @property
    def observer_version(self) -> str:
        """Names how observers look and are packed; what another version packed is not read."""

    def pack(self, observer: Any) -> Mapping[str, NDArray[np.generic]]:
        """Take a finished observer apart; `lipwright.render.packing.pack` may do the work."""

    def unpack(self, arrays: Mapping[str, NDArray[np.generic]]) -> Any:
        """Put an observer together again.

        The arrays come from a file: any exception means that they are not right, and the frames
        are looked at again.
        """

    def merge(self, observers: Sequence[Any]) -> Any:
        """One observer that knows what these, in the order of their frames, have seen."""


def load_engine(name: str) -> Engine:
    """The engine registered under a name.

    Raises
    ------
    BadInputError
        field ``engine``, reason ``unknown_engine``.
    """
    for point in entry_points(group=GROUP):
        if point.name == name:
            engine: Engine = point.load()()
            return engine
    known = ", ".join(sorted(p.name for p in entry_points(group=GROUP)))
    raise BadInputError("engine", "unknown_engine", f"must be one of {known}; got {name!r}")
