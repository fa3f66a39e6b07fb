"""The smallest possible run of the real thing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lipwright.benchmark.films import Film
from lipwright.benchmark.jobs import Request
from lipwright.benchmark.measure import Bench
from lipwright.benchmark.plan import FULL, QUICK, Plan, with_rounds
from lipwright.benchmark.report import page, plots_of, write_report
from lipwright.benchmark.results import SECTIONS, measure, write_json
from lipwright.benchmark.stages import STAGES, available
from lipwright.benchmark.tables import table
from lipwright.errors import FailedError

TINY = Plan(
    main=Film(320, 180, 1),
    main_rounds=1,
    long=Film(320, 180, 4),
    long_rounds=1,
    line_ms=500,
    series_rounds=1,
    lengths=(Film(320, 180, 1), Film(320, 180, 2)),
    resolutions=(),
    faces=(),
    lines=(),
    lines_film=Film(320, 180, 1),
    short_line_ms=500,
    starts=1,
    engine_rounds=1,
)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    bench = Bench(tmp_path_factory.mktemp("bench"))
    only = ["ratios", "length", *(["stages"] if available() else [])]
    return measure(bench, TINY, only=only)


def test_everything_was_measured_and_ratios_are_those_of_the_runs(result: dict[str, Any]) -> None:
    assert result["skipped"] == {}
    (video,) = result["sections"]["ratios"]["videos"]
    assert (video["frames"], video["width"], video["seconds"]) == (25, 320, 1.0)
    assert set(video["jobs"]) == {"decode", "transcode", "identify", "sync", "known"}
    for job in video["jobs"].values():
        (run,) = job["runs"]
        assert 0 < run["seconds"] < run["process_seconds"]
        assert 10 < job["peak_mb"] < 2000
        assert job["seconds"]["min"] == job["seconds"]["median"] == run["seconds"]
    sync, plain = video["jobs"]["sync"], video["jobs"]["transcode"]
    one = next(r for r in video["ratios"] if r["name"] == "sync / transcode")
    assert one["clock"]["median"] == sync["seconds"]["median"] / plain["seconds"]["median"]
    assert one["cpu"]["max"] == sync["cpu_seconds"]["max"] / plain["cpu_seconds"]["max"]
    assert one["aim"] == 1.5
    assert one["met"] == (one["clock"]["median"] <= 1.5)
    assert sync["runs"][0]["more"]["frames"] == 25


def test_a_series_has_a_point_for_each_size(result: dict[str, Any]) -> None:
    series = result["sections"]["length"]
    assert [point["size"] for point in series["points"]] == [1.0, 2.0]
    assert series["fits"]["sync, clock"]["verdict"] == "two sizes cannot tell"
    assert series["fits"]["sync, clock"]["bend"] is None


@pytest.mark.skipif(not available(), reason="only Linux tells what a thread does")
def test_stages_add_up_to_what_was_spent(result: dict[str, Any]) -> None:
    (video,) = result["sections"]["stages"]["videos"]
    spent = {stage: ms["median"] for stage, ms in video["stages"]["sync"].items()}
    assert set(spent) == set(STAGES)
    (run,) = video["jobs"]["sync"]["runs"]
    assert 0.5 < sum(spent.values()) * 25 / 1000.0 / run["cpu_seconds"] <= 1.0
    assert spent["landmarks"] > 0
    assert spent["encoding"] > 0


def test_it_can_be_written_and_read(result: dict[str, Any], tmp_path: Path) -> None:
    write_json(result, tmp_path / "bench.json")
    read = json.loads((tmp_path / "bench.json").read_text())
    assert read == result
    write_report(read, tmp_path / "bench.md")
    text = (tmp_path / "bench.md").read_text()
    assert "sync / transcode" in text
    for name in plots_of(read):
        assert f"](images/bench-{name}.svg)" in text
        assert (tmp_path / "images" / f"bench-{name}.svg").read_text().startswith("<svg")


def test_what_cannot_be_measured_is_said_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lipwright.benchmark.engines.find_spec", lambda name: None)
    result = measure(Bench(tmp_path), TINY, only=["engines"])
    assert result["sections"] == {}
    assert "lipwright[bench]" in result["skipped"]["engines"]
    assert "Not measured: onnxruntime is not installed" in page(result, {})


def test_a_child_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_bytes(b"no video")
    with pytest.raises(FailedError, match="decode could not be measured: video: "):
        Bench(tmp_path).run(Request("decode", video=str(tmp_path / "no.mp4")))


def test_rounds_are_everywhere_the_same() -> None:
    plan = with_rounds(FULL, 5)
    rounds = plan.main_rounds, plan.long_rounds, plan.series_rounds, plan.starts
    assert rounds == (5, 5, 5, 5)
    assert plan.main == FULL.main
    assert set(vars(QUICK)) == set(vars(FULL))
    assert len(SECTIONS) == 9


def test_tables_are_aligned() -> None:
    assert table([["job", "s"], ["sync", "10"]]) == "| job  |  s |\n|------|---:|\n| sync | 10 |"
