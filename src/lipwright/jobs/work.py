"""What children do: the only functions of jobs that open media which strangers sent.

Each takes JSON-able arguments and runs in a process of its own (see `lipwright.jobs.child`).
The imports are inside: a process that only names these functions does not load their libraries.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lipwright.dubbing.types import DubResult, Fit, Limits, Line, Progress
from lipwright.jobs.child_main import Report

if TYPE_CHECKING:
    from lipwright.dubbing.banks import FaceBanks
    from lipwright.dubbing.parts import DubJob

_DUB_SHARE = 0.85
"""How much of the work the dubbing is where a watermarked copy is made, too."""


@dataclass(frozen=True)
class ChildFunctions:
    """Names of the functions that children run; tests put their own in place."""

    identify: str = "lipwright.jobs.work:identify_video"
    probe: str = "lipwright.jobs.work:probe_speech"
    render: str = "lipwright.jobs.work:render_lines"
    render_share: str = "lipwright.jobs.work:render_share"
    join: str = "lipwright.jobs.work:join_parts"
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

    Where more than ``divide_over_s`` of picture is to be encoded, in several parts, nothing is
    rendered: it returns the ``plan``, how many ``frames`` each part has, the ``share`` of the work
    that is done, and ``frames_looked_at``.
    """
    from lipwright.dubbing.dub import complete, know

    def progress(value: Progress) -> None:
        report(value.stage, value.fraction * _dub_share(arguments))

    with _open_job(arguments) as job:
        known = know(job, _banks(arguments), progress)
        frames = known.plan.frames_of_parts
        longest = arguments.get("divide_over_s", 0.0) * float(job.info.frame_rate)
        if longest and len(frames) > 1 and sum(frames.values()) > longest:
            return {
                "plan": known.plan.to_dict(),
                "frames": list(frames.items()),
                "share": known.share,
                "frames_looked_at": known.looked_at,
            }
        volume, output = arguments["original_volume"], Path(arguments["output"])
        result = complete(job, known, volume, output, progress)
    return _finished(arguments, report, result)


def render_share(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Render the parts ``indices`` of the JSON file ``plan`` into files of ``folder``.

    The other arguments are those of `render_lines`. Returns the number of ``frames``.
    """
    import json

    from lipwright.dubbing.parts import PartsPlan

    plan = PartsPlan.from_dict(json.loads(Path(arguments["plan"]).read_text()))
    folder = Path(arguments["folder"])
    with _open_job(arguments) as job:
        job.look(_banks(arguments), lambda frame: report("track", 0.0))
        report("render", 0.0)
        count = sum(
            job.render_part(plan, index, folder / str(index)) for index in arguments["indices"]
        )
    return {"frames": count}


def join_parts(arguments: dict[str, Any], report: Report) -> dict[str, Any]:
    """Join all parts of the JSON file ``plan`` that lie in ``folder`` into ``output``.

    The other arguments and what it returns are those of `render_lines`.
    """
    import json

    from lipwright.dubbing.dub import finish, mixed_sound
    from lipwright.dubbing.parts import PartsPlan

    plan = PartsPlan.from_dict(json.loads(Path(arguments["plan"]).read_text()))
    parts = {index: Path(arguments["folder"]) / str(index) for index in plan.parts}
    report("join", _dub_share(arguments))
    with _open_job(arguments) as job:
        sound = mixed_sound(job, arguments["original_volume"])
        result = finish(job, plan, parts, sound, Path(arguments["output"]))
    return _finished(arguments, report, result)


def _open_job(arguments: dict[str, Any]) -> DubJob:
    import json

    from lipwright.dubbing.parts import DubJob
    from lipwright.dubbing.serialize import identification_from_dict
    from lipwright.render.engine import DEFAULT_ENGINE

    return DubJob(
        Path(arguments["video"]),
        identification_from_dict(json.loads(Path(arguments["identification"]).read_text())),
        [line_from_dict(line) for line in arguments["lines"]],
        engine=arguments.get("engine") or DEFAULT_ENGINE,
        limits=Limits(**arguments["limits"]),
        scratch=Path(arguments["identification"]).parent,
    )


def _banks(arguments: dict[str, Any]) -> FaceBanks | None:
    from lipwright.dubbing.banks import FaceBanks

    banks = arguments.get("banks")
    return FaceBanks(Path(banks), arguments["video_hash"]) if banks else None


def _dub_share(arguments: dict[str, Any]) -> float:
    return _DUB_SHARE if arguments.get("watermarked") else 1.0


def _finished(arguments: dict[str, Any], report: Report, result: DubResult) -> dict[str, Any]:
    """Make the watermarked copy, if one is wanted, and say what there is to say."""
    marked = arguments.get("watermarked")
    if marked:
        from lipwright.media.watermark import watermark

        report("watermark", _dub_share(arguments))
        watermark(result.path, Path(marked))
    return {
        "duration_ms": result.duration_ms,
        "frame_count": result.frame_count,
        "frames_copied": result.frames_copied,
        "frames_looked_at": result.frames_looked_at,
        "warnings": list(result.warnings),
    }
