"""One page that shows everything, tables, plots and film strips, and loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from math import isfinite
from pathlib import Path
from typing import Final

from lipwright.evaluation.cases import Kind
from lipwright.evaluation.catalogue import BY_KEY, METRICS, Metric, metrics_of
from lipwright.evaluation.filmstrip import filmstrip, telling_frames
from lipwright.evaluation.measure import Numbers
from lipwright.evaluation.plots import opening_plot
from lipwright.evaluation.results import medians, orders, pooled_closures, versions
from lipwright.evaluation.run import CaseResult
from lipwright.evaluation.tables import cell

_ROW_NAMES: Final = {
    "output": "output",
    "wanted": "speech model",
    "real": "real clip",
    "nothing": "doing nothing",
    "frozen": "lips held shut",
}
_KIND_NAMES: Final = {
    Kind.REVOICE: "Re-voiced with its own sound: the truth is known",
    Kind.SPEECH: "Saying another sound",
    Kind.SILENCE: "Told nothing",
}
_KIND_NOTES: Final = {
    Kind.REVOICE: (
        "The real clip is measured against itself. Doing nothing is a sound that is not its own "
        "on the old picture: the clip's own mouth, turned round in time by three different spans."
    ),
    Kind.SPEECH: (
        "Nobody knows how the person would have said it; the mouth is held against the speech "
        "model's curve. The real row is the clip's own mouth against the curve of its own sound, "
        "where it speaks. Doing nothing is the new sound on the old picture."
    ),
    Kind.SILENCE: (
        "Digital silence or room tone. Doing nothing is the old picture, whose mouth goes on."
    ),
}


def write_report(results: Sequence[CaseResult], path: Path) -> None:
    """Write the page.

    Parameters
    ----------
    results
        At least one.
    path
        Where the HTML goes; an existing file is replaced.
    """
    path.write_text(page(results), encoding="utf-8")


def page(results: Sequence[CaseResult]) -> str:
    """The page as text; it loads nothing."""
    style = resources.files(__package__).joinpath("report.css").read_text("utf-8")
    kinds = [kind for kind in Kind if any(r.case.kind is kind for r in results)]
    several = len(results) > 1
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>lipwright eval</title><style>{style}</style><body>",
        f"<h1>lipwright eval</h1><p>{_summary(results)}</p>",
    ]
    if several:
        for kind in kinds:
            parts.append(_kind_section(results, kind))
        parts.append(_orders(results, kinds))
    parts.append("<h2>Case by case</h2>" if several else "")
    parts += [_case(result, is_open=not several) for result in results]
    parts.append(_meanings(kinds))
    made_by = ", ".join(f"{name} {version}" for name, version in versions().items())
    parts.append(f"<footer>Measured with {escape(made_by)}.</footer></body></html>")
    return "\n".join(parts)


def _summary(results: Sequence[CaseResult]) -> str:
    clips = {result.case.clip for result in results}
    engines = ", ".join(sorted({result.case.engine for result in results}))
    wrong = [result.case.name for result in results if not result.container.holds]
    files = (
        "every file has its source's frames, time stamps, length and the right sound in its place"
        if not wrong
        else f"<span class='bad'>something is wrong with the files of: {escape(', '.join(wrong))}"
        "</span>"
    )
    return (
        f"{_count(len(results), 'case')} on {_count(len(clips), 'clip')}, engine "
        f"{escape(engines)}; {files}. Landmarks come from a fresh look at each finished file."
    )


def _kind_section(results: Sequence[CaseResult], kind: Kind) -> str:
    there = [result for result in results if result.case.kind is kind]
    rows = medians(results, kind)
    shown = _shown(metrics_of(kind), list(rows.values()))
    single = {result.case.name: result.rows["output"] for result in there}
    outputs = _table(shown, single, {}, last=rows["output"])
    return (
        f"<h2>{_KIND_NAMES[kind]}</h2><p>{_KIND_NOTES[kind]} "
        f"Medians of {_count(len(there), 'case')}.</p>"
        f"{_table(shown, rows, _ROW_NAMES)}<p>{_pooled(results, kind)}</p>"
        f"<details><summary>The output of each case</summary>{outputs}</details>"
    )


def _pooled(results: Sequence[CaseResult], kind: Kind) -> str:
    """Closings of all cases together."""
    pooled = pooled_closures(results, kind)
    if not pooled:
        return ""
    shares = ", ".join(f"{_ROW_NAMES[row]} {rate:.0%}" for row, (rate, _) in pooled.items())
    count = max(of for _, of in pooled.values())
    return f"Closings met, of all {count} in these clips together: {shares}."


def _table(
    metrics: Sequence[Metric],
    rows: Mapping[str, Numbers],
    names: Mapping[str, str],
    last: Numbers | None = None,
) -> str:
    heads = "".join(f'<th title="{escape(m.meaning)}">{escape(m.title)}</th>' for m in metrics)
    lines = [
        _row(names.get(key, key), metrics, numbers, "output" if key == "output" else "")
        for key, numbers in rows.items()
    ]
    if last is not None:
        lines.append(_row("median", metrics, last, "median"))
    return (
        f'<div class="wide"><table class="numbers"><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _row(name: str, metrics: Sequence[Metric], numbers: Numbers, style: str) -> str:
    cells = "".join(f"<td>{cell(m, numbers.get(m.key))}</td>" for m in metrics)
    return f'<tr class="{style}"><td>{escape(name)}</td>{cells}</tr>'


def _orders(results: Sequence[CaseResult], kinds: Sequence[Kind]) -> str:
    lines = []
    for kind in kinds:
        for order in orders(results, kind):
            verdict = "good" if order.holds else "bad"
            said = "holds" if order.holds else "does not hold"
            lines.append(
                f"<tr><td>{kind}</td><td>{escape(BY_KEY[order.metric].title)}</td>"
                f"<td>{_ROW_NAMES[order.better]} before {_ROW_NAMES[order.worse]}</td>"
                f"<td class='{verdict}'>{said}</td><td>{order.cases} of {order.of}</td></tr>"
            )
    return (
        "<h2>Do the metrics order the baselines rightly?</h2><p>A metric that does not is not to "
        "be believed. For the medians, and in how many single cases.</p>"
        '<div class="wide"><table class="numbers orders"><thead><tr><th></th><th>metric</th>'
        "<th>order</th><th>medians</th><th>cases</th></tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _case(result: CaseResult, *, is_open: bool) -> str:
    case = result.case
    shown = _shown(metrics_of(case.kind), list(result.rows.values()))
    frames = telling_frames(result)
    return (
        f"<details class='case'{' open' if is_open else ''}><summary>"
        f"<span class='kind'>{case.kind}</span><h3>{escape(case.name)}</h3>"
        f"<span class='brief'>{_brief(result)}</span></summary>"
        f"{_facts(result)}{_table(shown, result.rows, _ROW_NAMES)}"
        f"{opening_plot(result.curves, frames)}{_legend(result)}"
        f"{filmstrip(result, frames)}</details>"
    )


def _brief(result: CaseResult) -> str:
    """The numbers that say most, for the closed case."""
    keys = {
        Kind.REVOICE: ("opening_r", "lag_ms", "closure_rate", "articulation"),
        Kind.SPEECH: ("follow_r", "follow_lag_ms", "curve_closure_rate"),
        Kind.SILENCE: ("silence_motion",),
    }[result.case.kind]
    numbers = result.rows["output"]
    return ", ".join(
        f"{escape(BY_KEY[key].title)} {cell(BY_KEY[key], numbers.get(key))}" for key in keys
    )


def _facts(result: CaseResult) -> str:
    check = result.container
    facts = [f"{check.frames} frames", f"engine {escape(result.case.engine)}"]
    if result.case.kind is Kind.REVOICE:
        how = "as given" if result.offset_given else "measured"
        side = "early" if result.offset_ms < 0 else "late"
        facts.append(f"the clip's picture is {abs(result.offset_ms):.0f} ms {side}, {how}")
    if result.case.transcript:
        facts.append("with a transcript")
    if isfinite(check.sound_off_ms):
        facts.append(f"sound {check.sound_off_ms:.2f} ms late in the file")
    if not check.holds:
        facts.append(f"<span class='bad'>{escape(str(check))}</span>")
    return f"<p>{'; '.join(facts)}.</p>"


def _legend(result: CaseResult) -> str:
    names = [("true", "true mouth")] if result.curves.true is not None else []
    names += [("wanted", "wanted by the speech model"), ("rendered", "seen in the output")]
    spans = "".join(
        f"<span><i style='background:var(--{key})'></i>{name}</span>" for key, name in names
    )
    return (
        f"<div class='legend'>{spans}<span>opening of the inner lips, distances between the "
        "eyes; dotted: lips count as shut; shaded: silence; triangles: pictures below</span></div>"
    )


def _meanings(kinds: Sequence[Kind]) -> str:
    items = "".join(
        f"<dt>{escape(metric.title)}</dt><dd>{escape(metric.meaning)}{_goal(metric)}</dd>"
        for metric in METRICS
        if set(metric.kinds) & set(kinds)
    )
    return f"<h2>What the numbers mean</h2><dl>{items}</dl>"


def _goal(metric: Metric) -> str:
    return f" Best: {metric.best:g}." if isfinite(metric.best) else " More is better."


def _shown(metrics: Sequence[Metric], rows: Sequence[Numbers]) -> list[Metric]:
    """Metrics that any row has."""
    return [m for m in metrics if any(isfinite(n.get(m.key, float("nan"))) for n in rows)]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
