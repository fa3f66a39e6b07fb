"""Makes `face_clips` importable: pytest's importlib mode puts no test folder on the path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import face_clips

from lipwright.faces.landmarker import FaceLandmarker, FaceLandmarks


@pytest.fixture(scope="session")
def landmarker() -> FaceLandmarker:
    return face_clips.landmarker()


@pytest.fixture(scope="session")
def astronaut() -> FaceLandmarks:
    """Landmarks of the portrait in its own pixels."""
    return face_clips.astronaut()
