"""The questions, one function each: what is run, and what is worked out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from lipwright.benchmark.cost import Cost, Ratio, ratio, spread
from lipwright.benchmark.fit import fit
from lipwright.benchmark.jobs import Request
from lipwright.benchmark.measure import Bench
from lipwright.benchmark.plan import Plan
from lipwright.benchmark.stages import STAGES, available
from lipwright.errors import FailedError

RATIOS: Final = (
    ("sync", "transcode", 1.5),
    ("known", "transcode", 1.2),
    ("identify", "decode", 1.3),
    ("transcode", "decode", None),
    ("known", "sync", None),
)
"""Job, what it is held against, and the most that it should cost of that."""

LINE_RATIOS: Final = (
    ("line", "transcode", 0.35),
    ("line known", "transcode", None),
)


def ratios(bench: Bench, plan: Plan, videos: Sequence[Path]) -> dict[str, Any]:
    """Every job on the same video, from its first frame to its last."""
    found = []
    for video in videos or [bench.film(plan.main)]:
        about = bench.look(video)
        speech = str(bench.voice(about["seconds"]))
        jobs = {name: Request(name, str(video), speech) for name in ("decode", "transcode")}
        jobs["identify"] = Request("identify", str(video))
        jobs["sync"] = Request("sync", str(video), speech)
        jobs["known"] = _known(bench, jobs["sync"], f"ratios-{video.stem}")
        costs = bench.rounds(jobs, plan.main_rounds, about["name"])
        found.append({**about, **_compared(costs, RATIOS)})
    return {"videos": found}


def line(bench: Bench, plan: Plan, videos: Sequence[Path]) -> dict[str, Any]:
    """A short line in a long video."""
    found = []
    for video in videos or [bench.film(plan.long)]:
        about = bench.look(video)
        if about["seconds"] * 1000.0 < 3 * plan.line_ms:
            bench.told(f"{about['name']} is too short for a line that leaves most of it alone")
            continue
        at = round(about["seconds"] * 1000.0 / 2.0)
        asked = Request(
            "sync",
            str(video),
            str(bench.voice(plan.line_ms / 1000.0)),
            at_ms=at,
            line_ms=plan.line_ms,
        )
        jobs = {
            "transcode": Request("transcode", str(video)),
            "line": asked,
            "line known": _known(bench, asked, f"line-{video.stem}"),
        }
        costs = bench.rounds(jobs, plan.long_rounds, f"line in {about['name']}")
        found.append({**about, "line_ms": plan.line_ms, **_compared(costs, LINE_RATIOS)})
    return {"videos": found}


def length(bench: Bench, plan: Plan, videos: Sequence[Path]) -> dict[str, Any]:
    """Cost against the video's length."""
    requests = {}
    for film in plan.lengths:
        video, speech = str(bench.film(film)), str(bench.voice(film.seconds))
        requests[float(film.seconds)] = Request("sync", video, speech)
    return _series(bench, plan, "seconds of video", requests)


def resolution(bench: Bench, plan: Plan, videos: Sequence[Path]) -> dict[str, Any]:
    """Cost against the picture's size."""
    requests = {}
    for film in plan.resolutions:
        video, speech = str(bench.film(film)), str(bench.voice(film.seconds))
        requests[film.width * film.height / 1e6] = Request("sync", video, speech)
    return _series(bench, plan, "megapixels", requests)


def faces(bench: Bench, plan: Plan, videos: Sequence[Path]) -> dict[str, Any]:
    """Cost against the number of faces that speak all the time."""
    requests = {}
    for film in plan.faces:
        video, speech = str(bench.film(film)), str(bench.voice(film.seconds))
        requests[float(film.faces)] = Request("sync", video, speech, faces=film.faces)
    return _series(bench, plan, "faces", requests)


def lines(bench: Bench, plan: Plan, videos: Sequence[Path]) -> dict[str, Any]:
    """Cost against the number of lines, each as long as the others, spread over the video."""
    film = plan.lines_film
    video = str(bench.film(film))
    speech = str(bench.voice(max(plan.lines) * plan.short_line_ms / 1000.0))
    step = film.seconds * 1000 // max(plan.lines)
    requests = {
        float(count): Request(
            "sync",
            video,
            speech,
            at_ms=100,
            line_ms=plan.short_line_ms,
            lines=count,
            more={"step_ms": step},
        )
        for count in plan.lines
    }
    return _series(bench, plan, "lines", requests)


def _known(bench: Bench, asked: Request, name: str) -> Request:
    """The same job on a video that lipwright has seen: it is shown to it once, uncounted."""
    known = replace(asked, cache=str(bench.folder / f"cache-{name}"))
    bench.told(f"getting to know {Path(asked.video).stem}")
    bench.run(known)
    return known


def _compared(
    costs: Mapping[str, Sequence[Cost]], pairs: Sequence[tuple[str, str, float | None]]
) -> dict[str, Any]:
    compared = [
        ratio(f"{job} / {other}", costs[job], costs[other], aim) for job, other, aim in pairs
    ]
    return {"jobs": described(costs), "ratios": [_described_ratio(one) for one in compared]}


def described(costs: Mapping[str, Sequence[Cost]]) -> dict[str, Any]:
    """Costs as JSON has them: the spread of each number, and every run."""
    return {
        name: {
            "seconds": asdict(spread([cost.seconds for cost in runs])),
            "cpu_seconds": asdict(spread([cost.cpu_seconds for cost in runs])),
            "peak_mb": max(cost.peak_mb for cost in runs),
            "runs": [asdict(cost) for cost in runs],
        }
        for name, runs in costs.items()
    }


def _described_ratio(one: Ratio) -> dict[str, Any]:
    met = None if one.aim is None else one.clock.median <= one.aim
    return {**asdict(one), "met": met}


def _series(
    bench: Bench, plan: Plan, unit: str, requests: Mapping[float, Request]
) -> dict[str, Any]:
    """Sync and transcode at several sizes, in turn, and how they grow."""
    jobs = {}
    for size, asked in requests.items():
        jobs[f"transcode {size:g}"] = Request("transcode", asked.video)
        jobs[f"sync {size:g}"] = asked
    costs = bench.rounds(jobs, plan.series_rounds, unit)
    points, fits = [], {}
    for size in requests:
        sync, plain = costs[f"sync {size:g}"], costs[f"transcode {size:g}"]
        points.append(
            {
                "size": size,
                "jobs": described({"transcode": plain, "sync": sync}),
                "ratio": _described_ratio(ratio("sync / transcode", sync, plain)),
            }
        )
    for job in ("transcode", "sync"):
        runs = [(size, cost) for size in requests for cost in costs[f"{job} {size:g}"]]
        sizes = [size for size, _ in runs]
        for name, values in (
            ("clock", [cost.seconds for _, cost in runs]),
            ("cpu", [cost.cpu_seconds for _, cost in runs]),
            ("memory", [cost.peak_mb for _, cost in runs]),
        ):
            grown = fit(sizes, values)
            fits[f"{job}, {name}"] = {**asdict(grown), "verdict": grown.verdict}
    return {"unit": unit, "points": points, "fits": fits}


def stages(bench: Bench, plan: Plan, videos: Sequence[Path]) -> dict[str, Any]:
    """Core milliseconds a frame in each stage of a sync with nothing cached, and with all known."""
    if not available():
        raise FailedError("bench", "only Linux tells how much each thread works")
    found = []
    for video in videos or [bench.film(plan.main)]:
        about = bench.look(video)
        fresh = Request("stages", str(video), str(bench.voice(about["seconds"])))
        known = _known(bench, replace(fresh, job="sync"), f"stages-{video.stem}")
        jobs = {"sync": fresh, "known": replace(known, job="stages")}
        costs = bench.rounds(jobs, plan.main_rounds, f"stages of {about['name']}")
        found.append(
            {
                **about,
                "stages": {
                    job: {stage: asdict(spread(_core_ms(runs, stage))) for stage in STAGES}
                    for job, runs in costs.items()
                },
                "jobs": described(costs),
            }
        )
    return {"videos": found}


def _core_ms(runs: Sequence[Cost], stage: str) -> list[float]:
    return [1000.0 * run.more["core_seconds"][stage] / run.more["frames"] for run in runs]
