"""Where the landmark bundle and the speech encoder lie while training."""

from __future__ import annotations

import os
from pathlib import Path


def landmark_bundle() -> Path:
    return _find("LANDMARK_BUNDLE", "face_landmarker")


def encoder_folder() -> Path:
    return _find("SPEECH_ENCODER", "whisper_tiny_en")


def _find(variable: str, name: str) -> Path:
    """A path from the environment, or else the model store's."""
    if variable in os.environ:
        return Path(os.environ[variable])
    from lipwright.models.store import require

    return require(name)
