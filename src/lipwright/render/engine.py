"""What an engine is: it looks at a face once, then renders it as often as wanted.

Engines register under the entry-point group ``lipwright.engines``; the value is a callable
without arguments that returns an `Engine`.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any, Protocol

from lipwright.errors import BadInputError
from lipwright.faces.landmarker import FaceLandmarks
from lipwright.faces.types import FaceTrack
from lipwright.media.types import Frame
from lipwright.render.plan import RenderPlan

GROUP = "lipwright.engines"
DEFAULT_ENGINE = "mesh"


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
