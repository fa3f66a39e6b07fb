"""Films made of one public-domain portrait: people who appear, leave, move and meet.

The portrait is NASA's picture of the astronaut Eileen Collins, which scikit-image carries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import cv2
import numpy as np
import skimage.data

from lipwright.faces.landmarker import FaceLandmarker, FaceLandmarks
from lipwright.media.color import bgr_to_yuv
from lipwright.media.types import ColorTags, Frame
from lipwright.models.store import require

RATE = Fraction(25)
FRAME_MS = 40
EYES = 40.0
"""Inter-ocular distance of the portrait, pixels."""

_LEFT, _TOP, _SIDE = 117, 14, 216
"""Square of the portrait that is head and collar."""


@cache
def landmarker() -> FaceLandmarker:
    return FaceLandmarker(require("face_landmarker"))


@cache
def astronaut() -> FaceLandmarks:
    """Landmarks of the portrait in its own pixels."""
    frame = frame_of(portrait())
    found = landmarker().locate(frame, landmarker().detect(frame)[0])
    assert found is not None
    return found


@cache
def portrait() -> np.ndarray:
    """(512, 512, 3) RGB."""
    return np.asarray(skimage.data.astronaut(), np.uint8)


def frame_of(
    rgb: np.ndarray, index: int = 0, *, rate: Fraction = RATE, color: ColorTags | None = None
) -> Frame:
    """Frame of an RGB picture with even sides."""
    tags = color or ColorTags()
    planes = bgr_to_yuv(np.ascontiguousarray(rgb[..., ::-1]), tags)
    pts = round(index * 12_800 / rate)
    return Frame(index, index / rate, pts, planes.y, planes.u, planes.v, tags)


def turned(scale: float, degrees: float, x: float, y: float) -> np.ndarray:
    """(2, 3) map that turns clockwise and scales about the portrait's face and puts it at x, y."""
    angle = np.radians(degrees)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([linear, np.array([x, y]) - linear @ np.array([224.0, 122.0])])


def placed(to_target: np.ndarray, width: int, height: int) -> np.ndarray:
    """RGB picture that shows the portrait under an affine map, wall around it."""
    scale = float(np.sqrt(abs(np.linalg.det(to_target[:, :2]))))
    # Average before shrinking, as a lens does.
    soft = cv2.GaussianBlur(portrait(), (0, 0), 0.5 / scale) if scale < 0.8 else portrait()
    return cv2.warpAffine(
        soft,
        to_target,
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(90, 100, 110),
    )


@dataclass(frozen=True)
class Person:
    """Somebody in frames ``first`` up to and without ``last``; sizes and places in pixels."""

    first: int
    last: int
    x: float
    y: float
    side: int = 120
    drift: float = 0.0
    mirrored: bool = False


@cache
def wall(width: int, height: int, shade: int = 0) -> np.ndarray:
    """A papered wall: something for a shot detector to hold on to, but no face."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    stripes = 18 * np.sin(x / 9.0 + shade) + 12 * np.sin(y / 14.0 - shade)
    base = np.array([120, 128, 112]) + np.array([30, -20, 25]) * (shade % 3)
    return np.clip(base + stripes[..., None], 0, 255).astype(np.uint8)


@cache
def _head(side: int, mirrored: bool) -> np.ndarray:
    head = portrait()[_TOP : _TOP + _SIDE, _LEFT : _LEFT + _SIDE]
    head = cv2.resize(head, (side, side), interpolation=cv2.INTER_AREA)
    return head[:, ::-1] if mirrored else head


def scene(people: Sequence[Person], index: int, width: int, height: int, shade: int) -> np.ndarray:
    picture = wall(width, height, shade).copy()
    for person in people:
        if not person.first <= index < person.last:
            continue
        head = _head(person.side, person.mirrored)
        left = round(person.x + person.drift * index - person.side / 2)
        top = round(person.y - person.side / 2)
        x0, x1 = max(left, 0), min(left + person.side, width)
        if x0 < x1:
            picture[top : top + person.side, x0:x1] = head[:, x0 - left : x1 - left]
    return picture


def film(
    count: int,
    people: Sequence[Person] = (),
    *,
    width: int = 320,
    height: int = 180,
    cuts: Sequence[int] = (),
    rate: Fraction = RATE,
) -> Iterator[Frame]:
    """Frames with a little grain; at each cut the wall becomes another one."""
    grain = np.random.default_rng(5).normal(0.0, 1.2, (height, width, 1)).round().astype(np.int16)
    for index in range(count):
        shade = 4 * sum(index >= cut for cut in cuts)
        picture = scene(people, index, width, height, shade).astype(np.int16)
        picture += np.roll(grain, (7 * index, 31 * index), (0, 1))
        yield frame_of(np.clip(picture, 0, 255).astype(np.uint8), index, rate=rate)
