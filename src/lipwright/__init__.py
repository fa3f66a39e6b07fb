"""Video lip-sync: a real video goes in, the person in it says the line.

>>> import lipwright
>>> result = lipwright.sync("interview.mp4", "line.wav", "out.mp4")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lipwright.errors import BadInputError, FailedError, LipwrightError
    from lipwright.library import SyncResult, identify, sync

    __version__: str

__all__ = [
    "BadInputError",
    "FailedError",
    "LipwrightError",
    "SyncResult",
    "__version__",
    "identify",
    "sync",
]

_HOMES = {
    "BadInputError": "lipwright.errors",
    "FailedError": "lipwright.errors",
    "LipwrightError": "lipwright.errors",
    "SyncResult": "lipwright.library",
    "identify": "lipwright.library",
    "sync": "lipwright.library",
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
