"""What children do: the only functions of jobs that open media which strangers sent.

Each takes JSON-able arguments and runs in a process of its own (see `lipwright.jobs.child`).
The imports are inside: a process that only names these functions does not load their libraries.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lipwright.dubbing.types import Fit, Limits, Line, Progress
from lipwright.jobs.child_main import Report

_DUB_SHARE = 0.85
"""How much of the work the dubbing is where a watermarked copy is made, too."""


@dataclass(frozen=True)
class ChildFunctions:
    """Names of the functions that children run; tests put their own in place."""

    identify: str = "lipwright.jobs.work:identify_video"
    probe: str = "lipwright.jobs.work:probe_speech"
    render: str = "lipwright.jobs.work:render_lines"
    warm_probe: tuple[str, ...] = ("lipwright.media.audio",)


def limits_to_dict(limits: Limits) -> dict[str, int | None]:
    """Return limits as JSON-able values."""
    return asdict(limits)


def line_to_dict(line: Line) -> dict[str, Any]:
    """Return a line as JSON-able values."""
    return {**asdict(line), "speech": str(line.speech)}


def line_from_dict(values: dict[str, Any]) -> Line:
    """Return the line that `line_to_dict` took apart."""
    return Line(**{**values, "speech": Path(values["speech"]), "fit": Fit(values["fit"])})


def identify_video(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Find the faces of ``video`` within ``limits``; returns the identification as a dict."""
    from lipwright.dubbing.identify import identify
    from lipwright.dubbing.serialize import identification_to_dict

    def progress(value: Progress) -> None:
        report(value.stage, value.fraction)

    limits = Limits(**arguments["limits"])
    identification = identify(Path(arguments["video"]), limits=limits, progress=progress)
    return dict(identification_to_dict(identification))


def probe_speech(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Look at the sound file ``speech``; returns its ``duration_ms`` and ``format``."""
    from lipwright.media.audio import probe_sound

    info = probe_sound(Path(arguments["speech"]))
    return {"duration_ms": info.duration_ms, "format": info.format}


def render_lines(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Put ``lines`` into ``video``, writing ``output``.

    ``identification`` is the path of a JSON file, ``engine`` empty for the default one. A
    ``watermarked`` path asks for a copy with a visible mark. ``banks`` is the folder of what is
    known of the faces of the video whose content hash is ``video_hash``, if anything shall be
    kept. Returns ``duration_ms``, ``frame_count``, ``frames_looked_at`` and ``warnings``.
    """
    import json

    from lipwright.dubbing.banks import FaceBanks
    from lipwright.dubbing.dub import dub
    from lipwright.dubbing.serialize import identification_from_dict
    from lipwright.render.engine import DEFAULT_ENGINE

    marked = arguments.get("watermarked")
    banks = arguments.get("banks")
    share = _DUB_SHARE if marked else 1.0

    def progress(value: Progress) -> None:
        report(value.stage, value.fraction * share)

    result = dub(
        Path(arguments["video"]),
        identification_from_dict(json.loads(Path(arguments["identification"]).read_text())),
        [line_from_dict(line) for line in arguments["lines"]],
        original_volume=arguments["original_volume"],
        output=Path(arguments["output"]),
        engine=arguments.get("engine") or DEFAULT_ENGINE,
        limits=Limits(**arguments["limits"]),
        banks=FaceBanks(Path(banks), arguments["video_hash"]) if banks else None,
        progress=progress,
    )
    if marked:
        from lipwright.media.watermark import watermark

        report("watermark", share)
        watermark(Path(arguments["output"]), Path(marked))
    return {
        "duration_ms": result.duration_ms,
        "frame_count": result.frame_count,
        "frames_looked_at": result.frames_looked_at,
        "warnings": list(result.warnings),
    }
