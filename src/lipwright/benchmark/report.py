"""The page of results: what was measured on what, tables, and a plot for each question."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lipwright.benchmark.charts import Bar, Point, bars, curves, stacks
from lipwright.benchmark.tables import section_tables

Found = Mapping[str, Any]

MEMORY_AIM_MB: Final = 600.0
"""What one render at 1080p should hold at most."""

_HEAD: Final = """\
# Benchmarks

What lipwright costs beside the plainest work on the same video. This page is written by
`lipwright bench --report docs/benchmarks.md`; run `lipwright bench` for your own machine, or
`lipwright bench --quick` for a rough answer in a few minutes.

Every job runs in a process of its own, so that its peak memory is its own, and all of them take
turns: whatever else the machine does meets them alike. Ratios are worked out round by round. Shown
are medians, and in brackets the least and the greatest. Processor seconds are those of all cores
together and hardly depend on what else is going on."""

_TITLES: Final = {
    "ratios": "The whole job",
    "line": "A short line in a long video",
    "stages": "Where the processor's time goes",
    "length": "Longer videos",
    "resolution": "Larger pictures",
    "faces": "More faces",
    "lines": "More lines",
    "startup": "Starting",
    "engines": "The engines and Wav2Lip",
}
_NOTES: Final = {
    "ratios": (
        "The face speaks from the first frame to the last. `transcode` reads every frame and "
        "writes it with lipwright's own encoder settings, sound included; `sync` is the whole of "
        "`lipwright sync` with nothing known of the video, `known` the same for a video that had "
        "a line before."
    ),
    "line": (
        "A line of 3 s in the middle, held against writing the whole video anew. The film has a "
        "key frame every 2 s. `known`: the video had this line before."
    ),
    "stages": (
        "Milliseconds of one core for each frame of the video, by looking on every 8 ms while it "
        "is dubbed. Landmarks include finding the faces; decode is all readings of the video "
        "together; planning is the speech model and what the engine prepares."
    ),
    "length": "Does a long video cost more a second than a short one? Does it take more memory?",
    "resolution": "The same scene in several sizes.",
    "faces": "All of them speak all the time, in one pass.",
    "lines": "Lines of 2 s of the same face, spread over 15 s.",
    "startup": (
        "From the start of the process: to the end of `lipwright --help`, to the first answer of "
        "`/healthz`, and what a first job spends on imports and on loading models beyond what the "
        "second one in the same process takes."
    ),
    "engines": (
        "Rendering only: following the face, decoding and encoding are left out. The network is "
        "Wav2Lip's published architecture for faces of 96 pixels, with random weights; its cost "
        "is the real one."
    ),
}
_GROWTH: Final = (
    "Fixed and each are those of cost = fixed + each * size. The exponent is that of "
    "cost = size^p; a fixed part such as loading models makes it less than 1. The bend is the "
    "quadratic term at the largest size, as a part of the cost there: 0 is a straight line. "
    "Exponent and bend with their standard errors."
)


def write_report(result: Found, path: Path) -> None:
    """Write the page, and its plots as ``images/bench-NAME.svg`` beside it.

    Parameters
    ----------
    result
        What `lipwright.benchmark.results.measure` returned.
    path
        Of the Markdown file.
    """
    images = path.parent / "images"
    plots = plots_of(result)
    if plots:
        images.mkdir(exist_ok=True)
    for name, drawn in plots.items():
        (images / f"bench-{name}.svg").write_text(drawn + "\n", encoding="utf-8")
    path.write_text(page(result, plots), encoding="utf-8")


def page(result: Found, plots: Mapping[str, str]) -> str:
    """The page as text, naming the plots there are."""
    parts = [_HEAD, _measured_on(result)]
    for name, found in result["sections"].items():
        parts += [f"## {_TITLES[name]}", _NOTES[name]]
        for plot in (name, f"{name}-memory"):
            if plot in plots:
                parts.append(f"![{_TITLES[name]}](images/bench-{plot}.svg)")
        parts.append(section_tables(name, found))
        if "fits" in found:
            parts.append(_GROWTH)
    for name, why in result["skipped"].items():
        parts += [f"## {_TITLES[name]}", f"Not measured: {why}."]
    return "\n\n".join(parts) + "\n"


def plots_of(result: Found) -> dict[str, str]:
    """Draw one plot for each question that was asked, by name."""
    drawn: dict[str, str] = {}
    for name, found in result["sections"].items():
        title = _TITLES[name]
        if name in ("ratios", "line"):
            if not found["videos"]:
                continue
            drawn[name] = bars(title, _ratio_bars(found), "times")
            drawn[f"{name}-memory"] = bars("Peak memory", _memory_bars(found), "MB")
        elif name == "stages":
            rows = {
                f"{video['name']} {job}" if len(found["videos"]) > 1 else job: {
                    stage: spread["median"] for stage, spread in stages.items()
                }
                for video in found["videos"]
                for job, stages in video["stages"].items()
            }
            drawn[name] = stacks(title, rows, "core ms a frame")
        elif name == "startup":
            drawn[name] = bars(title, _start_bars(found), "seconds")
        elif name == "engines":
            rows_of = [_bar(job, one["clock"]) for job, one in found["jobs"].items()]
            drawn[name] = bars(title, [_shorter(bar) for bar in rows_of], "ms a frame")
        else:
            drawn[name] = curves(title, _series(found, "seconds"), found["unit"], "seconds")
            if name == "length":
                drawn["length-memory"] = curves(
                    "Peak memory", _memory_series(found), found["unit"], "MB"
                )
    return drawn


def _ratio_bars(found: Found) -> list[Bar]:
    several = len(found["videos"]) > 1
    rows = []
    for video in found["videos"]:
        for one in video["ratios"]:
            # Six times decoding would leave no room for what the aims are about.
            if one["name"] != "transcode / decode":
                name = f"{video['name']}: {one['name']}" if several else one["name"]
                rows.append(_bar(name, one["clock"], one["aim"]))
    return rows


def _memory_bars(found: Found) -> list[Bar]:
    jobs = found["videos"][0]["jobs"].items()
    return [
        Bar(
            name,
            job["peak_mb"],
            job["peak_mb"],
            job["peak_mb"],
            MEMORY_AIM_MB if name in ("sync", "known") or name.startswith("line") else None,
        )
        for name, job in jobs
    ]


def _start_bars(found: Found) -> list[Bar]:
    return [
        _bar(name, one["seconds"], found["aims"].get(name)) for name, one in found["starts"].items()
    ]


def _series(found: Found, what: str) -> dict[str, list[Point]]:
    return {
        job: [_point(point["size"], point["jobs"][job][what]) for point in found["points"]]
        for job in ("sync", "transcode")
    }


def _memory_series(found: Found) -> dict[str, list[Point]]:
    return {
        job: [
            Point(point["size"], *[point["jobs"][job]["peak_mb"]] * 3) for point in found["points"]
        ]
        for job in ("sync", "transcode")
    }


def _bar(label: str, spread: Found, aim: float | None = None) -> Bar:
    return Bar(label, spread["median"], spread["min"], spread["max"], aim)


def _shorter(bar: Bar) -> Bar:
    words = bar.label.replace("Wav2Lip network alone", "network").replace(" in all", "")
    return Bar(words, bar.value, bar.low, bar.high)


def _point(x: float, spread: Found) -> Point:
    return Point(x, spread["median"], spread["min"], spread["max"])


def _measured_on(result: Found) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"Measured on {result['when']}: {machine['processor']}, {machine['cores']} cores of which "
        f"{result['threads']} were used, {machine['memory_gb']:g} GB of memory, "
        f"{machine['system']}; {versions}."
    )
