"""Curves as inline SVG."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.evaluation.curves import LEVELS_PER_SECOND, Curves

Scale = Callable[[float], float]

_WIDTH: Final = 1120
_LEFT: Final = 44
_PLOT_HEIGHT: Final = 190
_WAVE_HEIGHT: Final = 44
_GAP: Final = 22
_TOP: Final = 8
_LEAST_TOP: Final = 0.12


def opening_plot(curves: Curves, marked: Sequence[int] = ()) -> str:
    """Opening over time, wanted, rendered and true, above the sound's waveform.

    Parameters
    ----------
    curves
        Of one case.
    marked
        Frames that the film strip shows.
    """
    lines = [("wanted", curves.wanted), ("rendered", curves.rendered)]
    if curves.true is not None:
        lines.insert(0, ("true", curves.true))
    top = max(_LEAST_TOP, *(_highest(values) for _, values in lines)) * 1.05
    end = float(curves.times[-1]) if len(curves.times) else 1.0

    def x(seconds: float) -> float:
        return _LEFT + seconds / max(end, 1e-3) * (_WIDTH - _LEFT - 6)

    def y(opening: float) -> float:
        return _TOP + (1.0 - opening / top) * _PLOT_HEIGHT

    bottom = _TOP + _PLOT_HEIGHT
    height = bottom + _GAP + _WAVE_HEIGHT + 4
    parts = [
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="opening of the lips over time">'
    ]
    for first, last in _runs(curves.silent):
        left, right = x(float(curves.times[first])), x(float(curves.times[last]))
        parts.append(
            f'<rect class="silent" x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" '
            f'height="{height - _TOP - 4}"/>'
        )
    step = 0.05 if top < 0.3 else 0.1
    for level in np.arange(0.0, top, step):
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - 6}" y1="{y(level):.1f}" '
            f'y2="{y(level):.1f}"/><text x="{_LEFT - 6}" y="{y(level) + 4:.1f}" '
            f'text-anchor="end">{level:.2f}</text>'
        )
    if np.isfinite(curves.shut):
        parts.append(
            f'<line class="shut" x1="{_LEFT}" x2="{_WIDTH - 6}" y1="{y(curves.shut):.1f}" '
            f'y2="{y(curves.shut):.1f}"/>'
        )
    for second in range(int(end) + 1):
        parts.append(
            f'<text x="{x(second):.1f}" y="{bottom + 15}" text-anchor="middle">{second} s</text>'
        )
    for frame in marked:
        at = x(float(curves.times[frame]))
        parts.append(f'<path class="mark" d="M{at:.1f} {bottom + 1}l4 6h-8z"/>')
    for name, values in lines:
        parts.append(f'<path class="{name}" d="{_path(curves.times, values, x, y)}"/>')
    parts.append(_waveform(curves, x, bottom + _GAP + _WAVE_HEIGHT / 2))
    parts.append("</svg>")
    return "".join(parts)


def _path(times: NDArray[np.float64], values: NDArray[np.float64], x: Scale, y: Scale) -> str:
    """Polyline with breaks where nothing was seen."""
    pieces, pen = [], "M"
    for time, value in zip(times.tolist(), values.tolist(), strict=True):
        if not np.isfinite(value):
            pen = "M"
            continue
        pieces.append(f"{pen}{x(time):.1f} {y(max(value, 0.0)):.1f}")
        pen = "L"
    return "".join(pieces)


def _waveform(curves: Curves, x: Scale, middle: float) -> str:
    loudness = curves.loudness
    if not len(loudness):
        return ""
    scale = _WAVE_HEIGHT / 2 / max(float(np.abs(loudness).max()), 1e-2)
    bars = [
        f"M{x((at + 0.5) / LEVELS_PER_SECOND):.1f} {middle - float(high) * scale:.1f}"
        f"V{middle - float(low) * scale + 0.4:.1f}"
        for at, (low, high) in enumerate(loudness)
    ]
    return f'<path class="wave" d="{"".join(bars)}"/>'


def _runs(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(int)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _highest(values: NDArray[np.float64]) -> float:
    seen = values[np.isfinite(values)]
    return float(seen.max()) if len(seen) else 0.0
