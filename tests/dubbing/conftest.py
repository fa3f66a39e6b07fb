"""Films with sound on disk, identified and dubbed once for all tests of this room."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "faces"))
sys.path.insert(0, str(Path(__file__).parent))

import dubbing_clips
import face_clips

from lipwright.dubbing.identify import identify
from lipwright.dubbing.types import Identification, Progress
from lipwright.faces.landmarker import FaceLandmarker


@pytest.fixture(scope="session")
def landmarker() -> FaceLandmarker:
    return face_clips.landmarker()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dubbing")


@pytest.fixture(scope="session")
def talk(folder: Path) -> Path:
    """A smiling face for 2.6 s, one picture held twice as long, over 3 s of a quiet tone."""
    return dubbing_clips.make_film(folder / "talk.mp4", dubbing_clips.SMILE, sound=True)


@pytest.fixture(scope="session")
def mute(folder: Path) -> Path:
    """The same face for 1.6 s without a sound track."""
    return dubbing_clips.make_film(folder / "mute.mp4", dubbing_clips.SMILE, count=40)


@pytest.fixture(scope="session")
def empty(folder: Path) -> Path:
    """A wall for 1 s."""
    return dubbing_clips.make_film(folder / "empty.mp4", [], count=25)


@pytest.fixture(scope="session")
def told() -> list[Progress]:
    """What was reported while `talk` was identified."""
    return []


@pytest.fixture(scope="session")
def talk_faces(talk: Path, told: list[Progress]) -> Identification:
    return identify(talk, progress=told.append)


@pytest.fixture(scope="session")
def mute_faces(mute: Path) -> Identification:
    return identify(mute)
