"""A smiling face that was filmed, followed and prepared once for all tests of this room."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "faces"))

import face_clips

from lipwright.faces.dense import FaceFollower
from lipwright.faces.landmarker import FaceLandmarker
from lipwright.faces.types import Box, FaceSample, FaceTrack, IdentifiedFace
from lipwright.faces.whereabouts import Whereabouts
from lipwright.media.types import Frame
from lipwright.render.engine import Engine, load_engine
from lipwright.render.mesh.motion import OwnMouth, source_points, target_points
from lipwright.render.plan import RenderPlan

COUNT = 16


@dataclass(frozen=True)
class Studio:
    engine: Engine
    frames: list[Frame]
    track: FaceTrack
    bank: Any

    def plan(self, channels: Any, weight: float = 1.0) -> RenderPlan:
        """The same mouth in every frame."""
        count = len(self.track.times)
        tiled = np.tile(np.asarray(channels, np.float32), (count, 1))
        return RenderPlan(self.track.frame_indices, tiled, np.full(count, weight, np.float32))

    def render(self, channels: Any, weight: float = 1.0, at: int = 8) -> Frame:
        return self.engine.render(self.bank, self.plan(channels, weight), self.frames[at])


@pytest.fixture(scope="session")
def landmarker() -> FaceLandmarker:
    return face_clips.landmarker()


@pytest.fixture(scope="session")
def studio(landmarker: FaceLandmarker) -> Studio:
    people = [face_clips.Person(0, COUNT, 116, 120, side=200, drift=1)]
    frames = list(face_clips.film(COUNT, people, width=240, height=240))
    engine = load_engine("mesh")
    return Studio(engine, frames, *_prepared(engine, landmarker, frames))


def _prepared(engine: Engine, landmarker: FaceLandmarker, frames: list[Frame]) -> Any:
    box = Box(70, 65, 160, 170)
    samples = tuple(FaceSample(frame.time_ms, box) for frame in frames)
    follower = FaceFollower(
        landmarker, Whereabouts(IdentifiedFace("0", 0, 10_000, b"", samples)).at
    )
    observer = engine.observer()
    for frame in frames:
        found = follower.add(frame)
        assert found is not None
        observer.add(frame, found)
    track = follower.finish()
    return track, engine.prepare(track, observer)


@pytest.fixture(scope="session")
def points_of() -> Any:
    """Where the mesh lies in every frame and where it shall lie: (N, P, 3) each, pixels."""

    def points(own: OwnMouth, channels: Any, weight: Any) -> tuple[Any, Any]:
        openings = (1 - weight) * own.values[:, 0] + weight * channels[:, 0]
        source = [
            source_points(own, i, max(float(openings[i]), 0.0), float(weight[i]))
            for i in range(len(weight))
        ]
        target = [target_points(own, i, channels[i], float(weight[i])) for i in range(len(weight))]
        return np.array(source), np.array(target)

    return points
