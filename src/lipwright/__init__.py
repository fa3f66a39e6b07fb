"""Video lip-sync: a real video goes in, the person in it says the line.

>>> import lipwright
>>> result = lipwright.sync("interview.mp4", "line.wav", "out.mp4")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lipwright.dubbing.types import Identification, Line, Progress
    from lipwright.errors import BadInputError, FailedError, LipwrightError
    from lipwright.library import (
        Blendshapes,
        Cue,
        DubbedFrames,
        Sound,
        SyncResult,
        TimedFrame,
        Viseme,
        VisemeSet,
        blendshapes,
        contact_sheet,
        curve_to_csv,
        curve_to_dict,
        dub,
        dub_frames,
        face_sheet,
        identify,
        identify_frames,
        mouth_curve,
        sync,
        visemes,
        visemes_to_tsv,
    )
    from lipwright.speech.types import MouthCurve

    __version__: str

__all__ = [
    "BadInputError",
    "Blendshapes",
    "Cue",
    "DubbedFrames",
    "FailedError",
    "Identification",
    "Line",
    "LipwrightError",
    "MouthCurve",
    "Progress",
    "Sound",
    "SyncResult",
    "TimedFrame",
    "Viseme",
    "VisemeSet",
    "__version__",
    "blendshapes",
    "contact_sheet",
    "curve_to_csv",
    "curve_to_dict",
    "dub",
    "dub_frames",
    "face_sheet",
    "identify",
    "identify_frames",
    "mouth_curve",
    "sync",
    "visemes",
    "visemes_to_tsv",
]

_HOMES = {
    "BadInputError": "lipwright.errors",
    "Blendshapes": "lipwright.library",
    "Cue": "lipwright.library",
    "DubbedFrames": "lipwright.library",
    "FailedError": "lipwright.errors",
    "Identification": "lipwright.dubbing.types",
    "Line": "lipwright.dubbing.types",
    "LipwrightError": "lipwright.errors",
    "MouthCurve": "lipwright.speech.types",
    "Progress": "lipwright.dubbing.types",
    "Sound": "lipwright.library",
    "SyncResult": "lipwright.library",
    "TimedFrame": "lipwright.library",
    "Viseme": "lipwright.library",
    "VisemeSet": "lipwright.library",
    "blendshapes": "lipwright.library",
    "contact_sheet": "lipwright.library",
    "curve_to_csv": "lipwright.library",
    "curve_to_dict": "lipwright.library",
    "dub": "lipwright.library",
    "dub_frames": "lipwright.library",
    "face_sheet": "lipwright.library",
    "identify": "lipwright.library",
    "identify_frames": "lipwright.library",
    "mouth_curve": "lipwright.library",
    "sync": "lipwright.library",
    "visemes": "lipwright.library",
    "visemes_to_tsv": "lipwright.library",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: the command line must not wait for FFmpeg to say its help."""
    if name == "__version__":
        from importlib.metadata import version

        return version("lipwright")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
