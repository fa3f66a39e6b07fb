"""Put a generated mouth into a frame so that only the mouth is new.

The generator's lower face is laid over the frame under a feathered mask. Its colours are pulled to
those around it by a smooth field that the mask's rim decides, and away from the mouth the skin
keeps its own fine detail, which a small generator cannot draw. What lies outside the mask is not
touched.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from lipwright.media.types import U8, Frame
from lipwright.render.neural.planes import Affine, lay_back

_FEATHER: Final = 0.03
"""Standard deviation of the mask's rim, in sides of the square."""

_BORDER: Final = 0.05
"""The mask fades over so much of the square's border."""

_FIELD: Final = 0.2
"""Reach of the colour of the rim, standard deviation in sides of the square."""

_FEW: Final = 32
"""Side of the square on which that field is worked out."""

_MOST_OFF: Final = 24.0
"""Levels; a larger difference at the rim is another shape, not another colour."""

_CHIN_FROM: Final = 0.45
"""Below this share of the way from mouth to chin the rim is jaw or neck, and says nothing."""

_DETAIL: Final = 10.0
"""Levels; stronger detail is an edge, and edges move with the jaw."""

_MOUTH: Final = (1.35, 0.62)
"""Half axes of the ellipse without old detail: in half widths of the mouth, and in ways to the
chin."""

_MOUTH_RIM: Final = 0.04

Field = NDArray[np.float32]
Front = Callable[[tuple[int, int, int, int]], NDArray[np.float32] | None]


@dataclass(frozen=True, eq=False)
class Shares:
    """Maps over the square, (S, S) float32 each in 0..1.

    Attributes
    ----------
    mask
        How much of the generated picture is shown.
    detail
        How much of the frame's own detail stays.
    rim
        Where the colours of both are compared.
    """

    mask: NDArray[np.float32]
    detail: NDArray[np.float32]
    rim: NDArray[np.float32]


def shares(region: NDArray[np.float64], mouth: NDArray[np.float64], size: int) -> Shares:
    """Draw the maps of one frame.

    Parameters
    ----------
    region, mouth
        One frame of a `lipwright.render.neural.square.FaceSquare`.
    size
        Side of the square in pixels.
    """
    shift = 4
    polygon = np.rint((region * size - 0.5) * (1 << shift)).astype(np.int32)
    drawn = np.zeros((size, size), np.float32)
    cv2.fillPoly(drawn, [polygon], 1.0, cv2.LINE_8, shift)
    blurred = np.asarray(cv2.GaussianBlur(drawn, (0, 0), _FEATHER * size), np.float32)
    place = (np.arange(size, dtype=np.float32) + 0.5) / size
    inwards = np.arange(size, dtype=np.float32)
    border = np.clip(np.minimum(inwards, inwards[::-1]) / (_BORDER * size), 0.0, 1.0)
    mask = np.clip((blurred - 0.02) / 0.96, 0.0, 1.0) * border * border[:, None]
    (x, y), (half_width, to_chin) = mouth
    across, down = (place - x) / half_width, (place[:, None] - y) / to_chin
    rim = 4.0 * mask * (1.0 - mask)
    rim = rim * ((down < _CHIN_FROM) | (np.abs(across) > 1.5))
    away = np.hypot(across / _MOUTH[0], down / _MOUTH[1])
    # Inside the ellipse nothing of the old detail stays, outside of it all of it soon does.
    rise = np.clip((away - 1.0) * half_width * _MOUTH[0] / _MOUTH_RIM, 0.0, 1.0)
    detail = rise * rise * (3.0 - 2.0 * rise)
    return Shares(
        mask.astype(np.float32), np.asarray(detail, np.float32), np.asarray(rim, np.float32)
    )


def colour_field(made: Field, wanted: Field, rim: NDArray[np.float32]) -> Field:
    """What must be added to a picture so that its colours meet the wanted ones at the rim.

    Parameters
    ----------
    made, wanted
        (S, S, 3) float32: Y, U, V.
    rim
        (S, S): where they are compared.

    Returns
    -------
    (S, S, 3) float32, smooth: the differences at the rim, continued inwards by a normalised
    convolution (Knutsson and Westin, CVPR 1993).
    """
    difference = np.clip(wanted - made, -_MOST_OFF, _MOST_OFF) * rim[..., None]
    total = float(rim.sum())
    if total <= 0.0:
        return np.zeros_like(made)
    mean = difference.sum((0, 1)) / total
    # So smooth a thing needs few pixels.
    few = cv2.resize(np.dstack([difference, rim]), (_FEW, _FEW), interpolation=cv2.INTER_AREA)
    near = cv2.GaussianBlur(few, (0, 0), _FIELD * _FEW)
    weak = 0.01 * float(near[..., 3].max())
    field = (near[..., :3] + weak * mean) / (near[..., 3:] + weak)
    return np.asarray(cv2.resize(field, made.shape[:2][::-1]), np.float32)


def compose(
    frame: Frame,
    to_square: Affine,
    under: Field,
    made: Field,
    maps: Shares,
    weight: float,
    in_front: Front | None = None,
) -> Frame:
    """Put a generated picture into a frame.

    Parameters
    ----------
    frame
        What lies under it.
    to_square
        (2, 3): picture pixels to the unit square.
    under
        (S, S, 3) float32: Y, U, V of the frame, cut by `cut_square`.
    made
        (S, S, 3) float32: Y, U, V of the generated face, its colours matched.
    maps
        Of this frame.
    weight
        0 to 1: how much of it is shown at most.
    in_front
        Tells of a rectangle (left, top, right, bottom) which of its pixels, (h, w) in 0..1,
        belong to what is in front of the face.

    Returns
    -------
    A frame whose pixels outside the mask are those of ``frame``.
    """
    luma = np.dstack([made[..., 0], under[..., 0]])
    chroma = np.dstack([made[..., 1:], under[..., 1:]])
    share = np.dstack([weight * maps.mask, maps.detail])
    patch = lay_back(to_square, luma, chroma, share, (frame.width, frame.height))
    if patch is None:
        return frame
    height, width = patch.share.shape[:2]
    box = (patch.x0, patch.y0, patch.x0 + width, patch.y0 + height)
    hidden = in_front(box) if in_front else None
    if hidden is not None:
        patch.share[..., 0] *= 1.0 - hidden
    half = np.asarray(
        cv2.resize(patch.share, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.float32
    )
    luma_at, chroma_at = (patch.x0, patch.y0), (patch.x0 // 2, patch.y0 // 2)
    new_y, old_y = np.moveaxis(patch.luma, 2, 0)
    new_u, new_v, old_u, old_v = np.moveaxis(patch.chroma, 2, 0)
    return replace(
        frame,
        y=_blended(frame.y, luma_at, new_y, old_y, patch.share),
        u=_blended(frame.u, chroma_at, new_u, old_u, half),
        v=_blended(frame.v, chroma_at, new_v, old_v, half),
    )


def _blended(plane: U8, at: tuple[int, int], new: Field, under: Field, share: Field) -> U8:
    """Copy of a plane with a rectangle blended in.

    ``under`` is the plane as the square saw it: what it lacks of the plane is detail.
    """
    height, width = new.shape
    out = plane.copy()
    x0, y0 = at
    part = out[y0 : y0 + height, x0 : x0 + width]
    old = part.astype(np.float32)
    detail = np.clip(old - under, -_DETAIL, _DETAIL) * share[..., 1]
    changed = old + share[..., 0] * (new + detail - old)
    # Rounding must not touch what lies outside: there the share is exactly 0.
    part[:] = np.clip(np.rint(changed), 0, 255).astype(np.uint8)
    return out
