"""Small plots as SVG that load nothing and read well on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 640
_LEFT: Final = 190
_RIGHT: Final = 70
_ROW: Final = 30
_TOP: Final = 44
_BOTTOM: Final = 34
_PLOT: Final = 210

_LIGHT: Final = ("#b3234a", "#5b7c99", "#c98a2b", "#4f8a5b", "#7a5ea8", "#3b8f9c", "#a06a4f")
_DARK: Final = ("#ff8ba3", "#8fb3d1", "#e6b566", "#86c493", "#b79ee0", "#7fc6d1", "#d3a287")
_MORE: Final = ("#8a8f98", "#a9adb5")
"""What comes after the colours, on either ground."""


@dataclass(frozen=True)
class Bar:
    """One row: a value with its least and greatest, and where it should end at most."""

    label: str
    value: float
    low: float
    high: float
    aim: float | None = None


@dataclass(frozen=True)
class Point:
    """One place of a curve."""

    x: float
    value: float
    low: float
    high: float


def bars(title: str, rows: Sequence[Bar], unit: str) -> str:
    """Draw horizontal bars; a thin line spans least to greatest, a dashed one is the aim."""
    top = max([row.high for row in rows] + [row.aim or 0.0 for row in rows]) * 1.02 or 1.0
    height = _TOP + _ROW * len(rows) + _BOTTOM
    scale = (_WIDTH - _LEFT - _RIGHT) / top
    parts = [_opened(f"{title}, {unit}", height)]
    parts += _grid_across(top, scale, height)
    for index, row in enumerate(rows):
        y = _TOP + index * _ROW
        middle = y + _ROW / 2
        end = _LEFT + row.value * scale
        parts.append(_text(_LEFT - 8, middle + 4, row.label, "end"))
        parts.append(
            f'<rect class="c0" x="{_LEFT}" y="{y + 6}" width="{max(0.5, end - _LEFT):.1f}" '
            f'height="{_ROW - 12}" rx="2"/>'
        )
        parts.append(
            f'<path class="w" d="M{_LEFT + row.low * scale:.1f} {middle}'
            f'H{_LEFT + row.high * scale:.1f}"/>'
        )
        if row.aim is not None:
            x = _LEFT + row.aim * scale
            parts.append(f'<path class="aim" d="M{x:.1f} {y + 1}V{y + _ROW - 1}"/>')
        furthest = max(row.high, row.value, row.aim or 0.0)
        parts.append(_text(_LEFT + furthest * scale + 7, middle + 4, _number(row.value)))
    return "".join([*parts, "</svg>"])


def stacks(title: str, rows: Mapping[str, Mapping[str, float]], unit: str) -> str:
    """Draw horizontal bars made of parts, the same parts in every row."""
    names = list(dict.fromkeys(name for parts in rows.values() for name in parts))
    top = max(sum(parts.values()) for parts in rows.values()) * 1.02 or 1.0
    per_line = 5
    legend = 20 * math.ceil(len(names) / per_line)
    height = _TOP + _ROW * len(rows) + _BOTTOM + legend
    scale = (_WIDTH - _LEFT - _RIGHT) / top
    out = [_opened(f"{title}, {unit}", height), *_grid_across(top, scale, height - legend)]
    for index, (label, parts) in enumerate(rows.items()):
        y, x = _TOP + index * _ROW, float(_LEFT)
        out.append(_text(_LEFT - 8, y + _ROW / 2 + 4, label, "end"))
        for name, value in parts.items():
            out.append(
                f'<rect class="c{names.index(name)}" x="{x:.1f}" y="{y + 4}" '
                f'width="{value * scale:.1f}" height="{_ROW - 8}"><title>{escape(name)} '
                f"{_number(value)}</title></rect>"
            )
            x += value * scale
        out.append(_text(x + 7, y + _ROW / 2 + 4, _number(sum(parts.values()))))
    for number, name in enumerate(names):
        x = 20 + number % per_line * 122.0
        y = height - legend + 4 + number // per_line * 20
        out.append(f'<rect class="c{number}" x="{x}" y="{y}" width="10" height="10" rx="2"/>')
        out.append(_text(x + 15, y + 9, name))
    return "".join([*out, "</svg>"])


def curves(title: str, lines: Mapping[str, Sequence[Point]], across: str, unit: str) -> str:
    """Draw lines through points whose bars span least to greatest; both axes begin at 0."""
    left, right = 62, 110
    points = [point for line in lines.values() for point in line]
    end_x, end_y = max(p.x for p in points) * 1.03, max(p.high for p in points) * 1.05
    height = _TOP + _PLOT + _BOTTOM + 10
    out = [_opened(f"{title}, {unit}", height)]

    def at_x(x: float) -> float:
        return left + x / end_x * (_WIDTH - left - right)

    def at_y(y: float) -> float:
        return _TOP + _PLOT - y / end_y * _PLOT

    for level in _ticks(end_y):
        out.append(f'<path class="g" d="M{left} {at_y(level):.1f}H{_WIDTH - right}"/>')
        out.append(_text(left - 7, at_y(level) + 4, _number(level), "end"))
    for x in dict.fromkeys(point.x for point in points):
        out.append(_text(at_x(x), _TOP + _PLOT + 17, _number(x), "middle"))
    out.append(_text((left + _WIDTH - right) / 2, height - 8, across, "middle"))
    for number, (name, line) in enumerate(lines.items()):
        drawn = "".join(
            f"{'L' if index else 'M'}{at_x(p.x):.1f} {at_y(p.value):.1f}"
            for index, p in enumerate(line)
        )
        out.append(f'<path class="l{number}" d="{drawn}"/>')
        for p in line:
            x = at_x(p.x)
            out.append(f'<path class="w" d="M{x:.1f} {at_y(p.low):.1f}V{at_y(p.high):.1f}"/>')
            out.append(
                f'<circle class="c{number}" cx="{x:.1f}" cy="{at_y(p.value):.1f}" r="4">'
                f"<title>{escape(name)} {_number(p.value)}</title></circle>"
            )
        last = line[-1]
        out.append(_text(at_x(last.x) + 10, at_y(last.value) + 4, name))
    return "".join([*out, "</svg>"])


def _opened(title: str, height: float) -> str:
    light = "".join(
        f".c{n}{{fill:{colour}}}.l{n}{{fill:none;stroke:{colour};stroke-width:2}}"
        for n, colour in enumerate((*_LIGHT, *_MORE))
    )
    dark = "".join(
        f".c{n}{{fill:{colour}}}.l{n}{{stroke:{colour}}}" for n, colour in enumerate(_DARK)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}" '
        f'width="{_WIDTH}" height="{height:.0f}" role="img" aria-label="{escape(title)}">'
        "<style>text{font:13px system-ui,sans-serif;fill:#22252a}.t{font-weight:600}"
        ".ground{fill:#fff;stroke:#d9dce1}.g{stroke:#e3e5e9}.w{stroke:#22252a;stroke-width:1.5}"
        f".aim{{stroke:#22252a;stroke-width:2;stroke-dasharray:4 3}}{light}"
        "@media (prefers-color-scheme:dark){text{fill:#e8eaed}.ground{fill:#1f2228;stroke:#3a3e46}"
        f".g{{stroke:#343840}}.w,.aim{{stroke:#e8eaed}}{dark}}}</style>"
        f'<rect class="ground" x=".5" y=".5" width="{_WIDTH - 1}" height="{height - 1:.0f}" '
        f'rx="6"/><text class="t" x="16" y="24">{escape(title)}</text>'
    )


def _grid_across(top: float, scale: float, height: float) -> list[str]:
    parts = []
    for level in _ticks(top):
        x = _LEFT + level * scale
        parts.append(f'<path class="g" d="M{x:.1f} {_TOP - 4}V{height - _BOTTOM + 4}"/>')
        parts.append(_text(x, height - _BOTTOM + 19, _number(level), "middle"))
    return parts


def _ticks(top: float) -> list[float]:
    """At most six round numbers from 0."""
    rough = top / 5.0
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    return [step * number for number in range(int(top / step) + 1)]


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100.0 else f"{value:.3g}"
