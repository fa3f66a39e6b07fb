"""Paint the inside of an open mouth: cavity, lower teeth and tongue on the jaw, upper teeth on
the skull, all clipped by the lips and darkened where the lips shade them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.render.mesh.layers import ABOVE, HALF_WIDTH, PIXELS_PER_UNIT, Layer

_SHIFT: Final = 4
_SUPERSAMPLE: Final = 4
_CURVE_STEPS: Final = 6
_LINE_DARKNESS: Final = 0.42
_LINE_GAP: Final = 0.03
_LINE_WIDTH: Final = 0.008
"""Where lips touch little light comes out: how dark, until which gap, how wide (head units)."""

_SHUT_PIXELS: Final = (0.6, 1.6)
_SHADOW_REACH: Final = 0.075
_TONGUE_SHARE: Final = 0.5
_SHADOW_ON_TONGUE: Final = 0.7
_NARROW: Final = 0.10
_SHADOW: Final = 0.62
_DIM: Final = 0.35
_CORNER_GAP: Final = 0.85
_CORNER_DARK: Final = 0.35
"""How much light the lips keep out: at their edge, and from everything when they hardly part."""


@dataclass(frozen=True, eq=False)
class MouthInterior:
    """What is behind one person's lips.

    Attributes
    ----------
    upper, lower, tongue
        Layers fixed to the skull, to the jaw, and lying loosely in it.
    cavity
        Y, U, V of the dark.
    meeting
        (3,), head units: where the middle of the resting lips meets, on the teeth's plane.
    upper_shadow
        How much of the lips' shadow falls on the upper layer, 0..1.
    """

    upper: Layer
    lower: Layer
    tongue: Layer
    cavity: tuple[float, float, float]
    meeting: NDArray[np.float64]
    upper_shadow: float


def outline_mask(
    outline: NDArray[np.float64], x0: int, y0: int, width: int, height: int
) -> NDArray[np.float32]:
    """Coverage in 0..1 of each pixel of a rectangle by a smooth curve through the outline.

    Parameters
    ----------
    outline
        (20, 2), pixels: left corner, upper lip, right corner, lower lip.
    x0, y0, width, height
        The rectangle.
    """
    curve = _smooth_outline(outline) - np.array([x0, y0]) + 0.5
    fine = np.zeros((height * _SUPERSAMPLE, width * _SUPERSAMPLE), np.uint8)
    corners = np.rint((curve * _SUPERSAMPLE - 0.5) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(fine, [corners], 255, cv2.LINE_8, _SHIFT)
    small = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    mask = np.asarray(small, dtype=np.float32) / np.float32(255.0)
    # The fill draws its own outline, so that even a shut mouth covers a thin line.
    shut = np.clip((_gap(mask) - _SHUT_PIXELS[0]) / (_SHUT_PIXELS[1] - _SHUT_PIXELS[0]), 0.0, 1.0)
    return mask * np.float32(shut)


def lip_line(
    outline: NDArray[np.float64], scale: float, x0: int, y0: int, width: int, height: int
) -> NDArray[np.float32]:
    """Darkness in 0..1 of the line on which lips touch; 0 everywhere once they part.

    Parameters
    ----------
    outline
        (20, 2), pixels, as for `outline_mask`.
    scale
        Pixels per head unit.
    x0, y0, width, height
        The rectangle.
    """
    half = len(outline) // 2
    upper, lower = outline[1:half], outline[half + 1 :][::-1]
    gap = float(np.linalg.norm(lower - upper, axis=1).max()) / scale
    strength = _LINE_DARKNESS * min(1.0, max(0.0, 1.0 - gap / _LINE_GAP))
    line = np.zeros((height, width), np.uint8)
    if strength > 0.0:
        middle = np.concatenate([outline[:1], (upper + lower) / 2.0, outline[half : half + 1]])
        corners = np.rint((_catmull_rom(middle) - [x0, y0]) * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(line, [corners], False, 255, 1, cv2.LINE_AA, _SHIFT)
    soft = cv2.GaussianBlur(line, (0, 0), max(0.6, _LINE_WIDTH * scale)).astype(np.float32)
    peak = max(1.0, float(soft.max()))
    return np.asarray(soft * np.float32(strength / peak), dtype=np.float32)


def _smooth_outline(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """Catmull-Rom curve through upper and lower lip separately, sharp at the corners."""
    half = len(outline) // 2
    upper = _catmull_rom(outline[: half + 1])
    lower = _catmull_rom(np.concatenate([outline[half:], outline[:1]]))
    return np.concatenate([upper[:-1], lower[:-1]])


def _catmull_rom(points: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    p0, p1, p2, p3 = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(_CURVE_STEPS) / _CURVE_STEPS)[None, :, None]
    a, b, c, d = (p[:, None] for p in (p0, p1, p2, p3))
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])


def paint(
    interior: MouthInterior,
    rotation: NDArray[np.float64],
    scale: float,
    origin: NDArray[np.float64],
    jaw_drop: float,
    mask: NDArray[np.float32],
    x0: int,
    y0: int,
) -> NDArray[np.float32]:
    """Paint the mouth's inside for one frame.

    Parameters
    ----------
    interior
        The person's layers.
    rotation, scale, origin
        The head's frame, as in `lipwright.faces.head.HeadPose`, of this frame.
    jaw_drop
        How far the jaw is down from rest, head units.
    mask
        (h, w) coverage of the mouth's inside, from `outline_mask`.
    x0, y0
        Corner of the mask's rectangle in the picture.

    Returns
    -------
    (h, w, 3) float32 Y, U, V; meaningful where the mask is above 0.
    """
    height, width = mask.shape
    light = (_light(mask, scale) * _towards_corners(mask))[..., None]
    picture: NDArray[np.floating] = np.empty((height, width, 3), np.float32)
    picture[:] = interior.cavity
    layers = (
        (interior.tongue, _TONGUE_SHARE * jaw_drop, _SHADOW_ON_TONGUE),
        (interior.lower, jaw_drop, 1.0),
        (interior.upper, 0.0, interior.upper_shadow),
    )
    # Between lips that hardly part there is only a dark line.
    narrow = 1.0 - min(1.0, _gap(mask) / max(1.0, _NARROW * scale))
    for layer, drop, usual_shadow in layers:
        shadow = usual_shadow + (1.0 - usual_shadow) * narrow
        to_canvas = _picture_to_canvas(interior, rotation, scale, origin, drop, x0, y0)
        seen = cv2.warpAffine(
            layer.picture,
            to_canvas,
            (width, height),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
        )
        lit = (1.0 - shadow * (1.0 - light)) * (1.0 - _DIM * narrow * usual_shadow)
        color, alpha = seen[..., :3], seen[..., 3:]
        color[..., :1] = lit * color[..., :1] + (1.0 - lit) * interior.cavity[0] * alpha
        picture = picture * (1.0 - alpha) + color
    return picture.astype(np.float32)


def _towards_corners(mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """(1, w) in 0..1: where the lips come together at the sides, it gets dark."""
    gap = mask.sum(axis=0, keepdims=True)
    share = np.clip(gap / max(1.0, _CORNER_GAP * float(gap.max())), 0.0, 1.0)
    return np.asarray(_CORNER_DARK + (1.0 - _CORNER_DARK) * share, dtype=np.float32)


def _gap(mask: NDArray[np.float32]) -> float:
    """Height in pixels of the widest column of a mask."""
    return float(mask.sum(axis=0).max())


def _light(mask: NDArray[np.float32], scale: float) -> NDArray[np.float32]:
    """(h, w) in 0..1: lips keep light out, most of all under the upper lip."""
    reach = max(0.8, _SHADOW_REACH * scale)
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    closeness = 1.0 - cv2.GaussianBlur(padded, (0, 0), reach)[1:-1, 1:-1]
    lowered = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.8 * reach]])
    from_above = cv2.warpAffine(
        closeness, lowered, (mask.shape[1], mask.shape[0]), borderMode=cv2.BORDER_REPLICATE
    )
    shadow = np.clip(0.45 * closeness + 0.55 * from_above, 0.0, 1.0)
    return np.asarray(1.0 - _SHADOW * shadow, dtype=np.float32)


def _picture_to_canvas(
    interior: MouthInterior,
    rotation: NDArray[np.float64],
    scale: float,
    origin: NDArray[np.float64],
    drop: float,
    x0: int,
    y0: int,
) -> NDArray[np.float64]:
    """(2, 3) affine map from the rectangle's pixels to a canvas's pixels."""
    anchor = interior.meeting + np.array([0.0, drop, 0.0])
    forward = scale * rotation[:2, :2]
    centre = scale * rotation[:2] @ anchor + origin[:2] - np.array([x0, y0])
    back = np.linalg.inv(forward) * PIXELS_PER_UNIT
    shift = np.array([HALF_WIDTH, ABOVE]) * PIXELS_PER_UNIT - 0.5 - back @ centre
    return np.column_stack([back, shift])
