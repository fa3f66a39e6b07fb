from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lipwright.evaluation.cases import Kind
from lipwright.evaluation.results import as_dict, medians, orders, pooled_closures, write_json
from lipwright.evaluation.run import CaseResult

Results = dict[str, CaseResult]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_metric_orders_the_baselines_rightly(results: Results, kind: Kind) -> None:
    found = orders(list(results.values()), kind)
    assert found
    assert [order for order in found if not order.holds] == []


def test_an_order_that_does_not_hold_is_said(results: Results) -> None:
    result = results["revoice"]
    rows = result.rows | {"real": result.rows["frozen"], "frozen": result.rows["real"]}
    upside_down = replace(result, rows=rows)
    broken = {o.metric for o in orders([upside_down], Kind.REVOICE) if not o.holds}
    assert {"opening_r", "m_lmd", "contrast", "articulation"} <= broken


def test_medians_leave_out_what_is_not_known(results: Results) -> None:
    first = results["revoice"]
    rows = [{"a": 1.0, "b": float("nan")}, {"a": 3.0, "b": 2.0}, {"a": 2.0}]
    several = [replace(first, rows={"output": row}) for row in rows]
    assert medians(several, Kind.REVOICE) == {"output": {"a": 2.0, "b": 2.0}}
    assert medians(several, Kind.SPEECH) == {}


def test_closings_are_counted_together(results: Results) -> None:
    first = results["revoice"]
    rows = [
        {"closure_rate": 1.0, "closures": 1.0},
        {"closure_rate": 0.5, "closures": 8.0},
        {"closure_rate": float("nan"), "closures": 0.0},
    ]
    several = [replace(first, rows={"output": row}) for row in rows]
    assert pooled_closures(several, Kind.REVOICE) == {"output": (pytest.approx(5 / 9), 9)}
    assert pooled_closures(several, Kind.SILENCE) == {}
    assert pooled_closures([first], Kind.REVOICE)["real"][0] == 1.0


def test_the_json_is_plain_and_whole(results: Results, tmp_path: Path) -> None:
    write_json(list(results.values()), tmp_path / "out.json")
    said = json.loads((tmp_path / "out.json").read_text(), parse_constant=pytest.fail)
    assert set(said["medians"]) == {"revoice", "speech", "silence"}
    assert said["versions"]["lipwright"]
    case = said["cases"][0]
    assert case["name"] == case["clip"].removesuffix(".mp4") == "talker"
    assert case["container"]["holds"] is True
    assert len(case["curves"]["times"]) == 50
    assert case["rows"]["wanted"].get("sharpness") is None
    assert as_dict(list(results.values()))["cases"][0]["rows"] == case["rows"]
