"""What came of a run: medians, whether the baselines stand as they must, and the JSON."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import numpy as np

from lipwright.evaluation.cases import Kind
from lipwright.evaluation.catalogue import ROWS, Metric, metrics_of
from lipwright.evaluation.measure import Numbers, median_of
from lipwright.evaluation.run import CaseResult
from lipwright.speech.weights import FILES

_PACKAGES = ("lipwright", "numpy", "opencv-python-headless", "av", "ai-edge-litert", "ctranslate2")


@dataclass(frozen=True)
class Order:
    """Whether one baseline stands where it must in one metric.

    Attributes
    ----------
    metric
        Its key.
    better, worse
        Rows.
    holds
        For the medians.
    cases, of
        In how many single cases it holds, of how many.
    """

    metric: str
    better: str
    worse: str
    holds: bool
    cases: int
    of: int


def medians(results: Sequence[CaseResult], kind: Kind) -> dict[str, Numbers]:
    """Median of every number over the cases of one kind, row by row."""
    there = [result.rows for result in results if result.case.kind is kind]
    return {
        row: median_of([rows[row] for rows in there if row in rows])
        for row in ROWS
        if any(row in rows for rows in there)
    }


def orders(results: Sequence[CaseResult], kind: Kind) -> list[Order]:
    """Check that each metric tells the baselines apart the right way round."""
    there = [result.rows for result in results if result.case.kind is kind]
    middle = medians(results, kind)
    found = []
    for metric in metrics_of(kind):
        for better, worse in metric.worse:
            whole = _ahead(metric, better, worse, middle)
            if whole is not None:
                each = [_ahead(metric, better, worse, rows) for rows in there]
                known = [ahead for ahead in each if ahead is not None]
                # In a single case neither may have a fault: a silent clip already rests.
                right = sum(ahead >= 0.0 for ahead in known)
                found.append(Order(metric.key, better, worse, whole > 0.0, right, len(known)))
    return found


def pooled_closures(results: Sequence[CaseResult], kind: Kind) -> dict[str, tuple[float, int]]:
    """Closings that were met, of all cases together: a median of clips with three each is coarse.

    Returns
    -------
    Row by row, the share that was met and of how many.
    """
    key = {Kind.REVOICE: "closure", Kind.SPEECH: "curve_closure"}.get(kind)
    met: dict[str, float] = {}
    count: dict[str, float] = {}
    for result in results:
        for row, numbers in result.rows.items():
            rate = numbers.get(f"{key}_rate", math.nan)
            if key is not None and result.case.kind is kind and math.isfinite(rate):
                met[row] = met.get(row, 0.0) + rate * numbers[f"{key}s"]
                count[row] = count.get(row, 0.0) + numbers[f"{key}s"]
    return {row: (met[row] / count[row], round(count[row])) for row in met if count[row]}


def _ahead(metric: Metric, better: str, worse: str, rows: dict[str, Numbers]) -> float | None:
    """By how much one row is nearer to the best value than another; ``None`` if one has none."""
    values = [rows.get(row, {}).get(metric.key, math.nan) for row in (better, worse)]
    if not all(math.isfinite(value) for value in values):
        return None
    return metric.distance(values[1]) - metric.distance(values[0])


def versions() -> dict[str, str]:
    """What measured: packages, Python, and the speech model's weights."""
    found = {name: metadata.version(name) for name in _PACKAGES}
    for name, file in FILES.items():
        weights = resources.files("lipwright.speech").joinpath(file)
        if weights.is_file():
            digest = hashlib.sha256(weights.read_bytes()).hexdigest()
            found[f"mouth weights {name}"] = f"sha256 {digest[:12]}"
    found["python"] = platform.python_version()
    return found


def as_dict(results: Sequence[CaseResult]) -> dict[str, Any]:
    """Everything but pictures, for machines. NaN becomes null."""
    kinds = [kind for kind in Kind if any(result.case.kind is kind for result in results)]
    content = {
        "versions": versions(),
        "medians": {kind: medians(results, kind) for kind in kinds},
        "pooled_closures": {
            kind: {
                row: {"rate": rate, "of": count}
                for row, (rate, count) in pooled_closures(results, kind).items()
            }
            for kind in kinds
        },
        "orders": {kind: [asdict(order) for order in orders(results, kind)] for kind in kinds},
        "cases": [_case(result) for result in results],
    }
    return {key: _plain(value) for key, value in content.items()}


def write_json(results: Sequence[CaseResult], path: Path) -> None:
    """Write `as_dict` to a file."""
    text = json.dumps(as_dict(results), indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _case(result: CaseResult) -> dict[str, Any]:
    case, curves = result.case, result.curves
    return {
        "name": case.name,
        **asdict(case),
        "clip": case.clip.name,
        "speech": Path(case.speech).name,
        "own_offset_ms": result.offset_ms,
        "own_offset_given": result.offset_given,
        "container": {**asdict(result.container), "holds": result.container.holds},
        "rows": result.rows,
        "curves": {
            "times": np.round(curves.times, 4).tolist(),
            "wanted": np.round(curves.wanted, 4).tolist(),
            "rendered": np.round(curves.rendered, 4).tolist(),
            "true": None if curves.true is None else np.round(curves.true, 4).tolist(),
            "silent": curves.silent.tolist(),
        },
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return value.name
    return value
