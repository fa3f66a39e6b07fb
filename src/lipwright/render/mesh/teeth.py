"""Teeth and tongue for people whose own are never seen.

Sizes are average crown widths and heights of adults in millimetres (Wheeler's Dental Anatomy),
turned into head units with an inter-pupillary distance of 63 mm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lipwright.render.mesh.layers import Layer, canvas_grid, layer

_MM: Final = 1.0 / 63.0
_UPPER_WIDTHS: Final = (8.5, 6.5, 7.5, 7.0, 7.0, 10.0)
_LOWER_WIDTHS: Final = (5.0, 5.5, 7.0, 7.0, 7.0, 11.0)
_UPPER_SHORTER: Final = (0.0, 1.0, 0.2, 1.2, 1.8, 2.2)
_LOWER_SHORTER: Final = (0.0, 0.1, -0.2, 0.8, 1.2, 1.5)
"""Crown widths from the midline outwards, and how far each edge stays back from the first's."""

_ARCH_RADIUS: Final = 27.0 * _MM
_UPPER_EDGE: Final = 1.8 * _MM
_LOWER_EDGE: Final = 0.6 * _MM
"""Where the biting edges lie below the line on which the resting lips meet."""

_UPPER_HEIGHT: Final = 10.5 * _MM
_LOWER_HEIGHT: Final = 9.0 * _MM
_LOWER_DIMMER: Final = 0.86
_SOFT: Final = 0.45 * _MM


@dataclass(frozen=True)
class MouthColors:
    """8-bit Y, U, V of what is behind the lips, in the light of the clip."""

    teeth: tuple[float, float, float]
    gum: tuple[float, float, float]
    tongue: tuple[float, float, float]
    cavity: tuple[float, float, float]


def colors_for_skin(skin: tuple[float, float, float], full_range: bool) -> MouthColors:
    """Colours that fit a person's skin and light.

    Parameters
    ----------
    skin
        Mean Y, U, V of the lit cheeks.
    full_range
        Whether black is 0 (else 16).
    """
    black = 0.0 if full_range else 16.0
    luma = skin[0] - black
    blue, red = skin[1] - 128.0, skin[2] - 128.0

    def tone(gain: float, lift: float, u: float, v: float) -> tuple[float, float, float]:
        return black + gain * luma + lift, 128.0 + u, 128.0 + v

    return MouthColors(
        teeth=tone(0.86, 4.0, 0.5 * blue, 0.42 * red),
        gum=tone(0.66, 0.0, 0.7 * blue, 1.25 * red),
        tongue=tone(0.60, 0.0, 0.85 * blue, 1.75 * red),
        cavity=tone(0.17, 2.0, 0.5 * blue, 1.05 * red),
    )


def synthetic_upper(colors: MouthColors) -> Layer:
    """Upper teeth and gum."""
    return _teeth(colors, _UPPER_WIDTHS, _UPPER_SHORTER, _UPPER_EDGE, _UPPER_HEIGHT, up=True)


def synthetic_lower(colors: MouthColors) -> Layer:
    """Lower teeth."""
    luma, u, v = colors.teeth
    dim = replace(colors, teeth=(_LOWER_DIMMER * luma, u, v))
    return _teeth(dim, _LOWER_WIDTHS, _LOWER_SHORTER, _LOWER_EDGE, _LOWER_HEIGHT, up=False)


def synthetic_tongue(colors: MouthColors) -> Layer:
    """Tongue: a soft hump that fades upwards into the dark, with a shallow groove."""
    x, y = canvas_grid()
    top = -1.0 * _MM + 0.45 * x * x / _ARCH_RADIUS
    alpha = _step((y - top) / (7.0 * _MM)) * _step((0.34 - np.abs(x)) / 0.12)
    yuv = np.array(colors.tongue) * np.ones((*x.shape, 1))
    yuv[..., 0] *= 1.0 - 0.10 * np.exp(-((x / 0.03) ** 2))
    return layer(yuv, 0.8 * alpha)


def _teeth(
    colors: MouthColors,
    widths: tuple[float, ...],
    shorter: tuple[float, ...],
    edge: float,
    height: float,
    *,
    up: bool,
) -> Layer:
    x, y = canvas_grid()
    angle = np.arcsin(np.clip(x / _ARCH_RADIUS, -0.999, 0.999))
    along = np.abs(angle) * _ARCH_RADIUS
    bounds = np.concatenate([[0.0], np.cumsum(widths)]) * _MM
    tooth = np.clip(np.searchsorted(bounds, along.ravel(), side="right") - 1, 0, len(widths) - 1)
    tooth = tooth.reshape(x.shape)
    across = 2.0 * (along - bounds[tooth]) / (np.array(widths)[tooth] * _MM) - 1.0
    # Down from the biting edge for lower teeth, up from it for upper ones.
    inward = (edge - y) if up else (y - edge)
    back = np.array(shorter)[tooth] * _MM
    corner = 0.9 * _MM * np.abs(across) ** 5
    depth = inward - back - corner
    crown = _step(depth / _SOFT)
    gum_line = height - back - 1.6 * _MM * np.abs(across) ** 3
    gum = _step((depth - gum_line) / (1.2 * _MM))
    gap = 1.0 - 0.14 * np.exp(-(((1.0 - np.abs(across)) * np.array(widths)[tooth] / 0.35) ** 2))
    shade = gap * np.cos(angle) ** 0.9 * (0.86 + 0.14 * _step(depth / (0.7 * height)))
    white = np.array(colors.teeth) * np.ones((*x.shape, 1))
    white[..., 0] *= shade
    pink = np.array(colors.gum) * np.ones((*x.shape, 1))
    pink[..., 0] *= np.cos(angle) ** 0.9
    yuv = white * (1.0 - gum[..., None]) + pink * gum[..., None]
    alpha = crown * _step((_ARCH_RADIUS * 1.02 - np.abs(x)) / (2.0 * _MM))
    return layer(yuv, alpha)


def _step(value: NDArray[np.floating]) -> NDArray[np.floating]:
    """Smooth step from 0 to 1 while the value goes from 0 to 1."""
    share = np.clip(value, 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share))
