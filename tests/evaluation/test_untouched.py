from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest

from lipwright.evaluation.untouched import ChangeMeter
from lipwright.faces.head import reference_head
from lipwright.media.types import ColorTags, Frame

SIDE = 240


def frame() -> Frame:
    texture = np.random.default_rng(7).integers(40, 200, (SIDE, SIDE)).astype(np.uint8)
    luma = cv2.GaussianBlur(texture, (0, 0), 2.0)
    chroma = np.full((SIDE // 2, SIDE // 2), 128, np.uint8)
    return Frame(0, Fraction(0), 0, luma, chroma, chroma.copy(), ColorTags())


def face() -> np.ndarray:
    """(478, 3): a face of 30 pixels between the eyes, in the middle."""
    return (reference_head() * 30.0 + [120.0, 90.0, 0.0]).astype(np.float32)


def changed(source: Frame, where: np.ndarray, by: int, plane: str = "y") -> Frame:
    values = getattr(source, plane).copy()
    values[where] += by
    return replace(source, **{plane: values})


def disc(x: int, y: int, radius: int, side: int = SIDE) -> np.ndarray:
    mask = np.zeros((side, side), np.uint8)
    cv2.circle(mask, (x, y), radius, 1, -1)
    return mask > 0


def test_a_frame_that_was_passed_on_counts_for_nothing() -> None:
    meter, source = ChangeMeter(), frame()
    meter.add(source, source, face())
    assert (meter.frames, meter.outside) == (0, 0)
    assert np.isnan(meter.seam)


def test_the_mouth_may_change_and_the_wall_may_not() -> None:
    source = frame()
    mouth = ChangeMeter()
    mouth.add(source, changed(source, disc(120, 125, 18), 20), face())
    assert (mouth.frames, mouth.outside) == (1, 0)
    wall = ChangeMeter()
    wall.add(source, changed(source, disc(10, 10, 4), 3), face())
    assert wall.outside == 3


@pytest.mark.parametrize("plane", ["u", "v"])
def test_colour_counts_too(plane: str) -> None:
    source, meter = frame(), ChangeMeter()
    meter.add(source, changed(source, disc(5, 5, 2, SIDE // 2), 9, plane), face())
    assert meter.outside == 9


def test_without_a_face_nothing_may_change() -> None:
    source, meter = frame(), ChangeMeter()
    nobody = np.full((478, 3), np.nan, np.float32)
    meter.add(source, changed(source, disc(120, 125, 18), 20), nobody)
    assert meter.outside == 20


def test_a_hard_edge_is_a_seam_and_a_soft_one_is_not() -> None:
    source = frame()
    hard, soft = ChangeMeter(), ChangeMeter()
    hard.add(source, changed(source, disc(120, 125, 20), 40), face())
    bump = 40 * cv2.GaussianBlur(disc(120, 125, 16).astype(np.float32), (0, 0), 8.0)
    luma = np.clip(source.y + bump, 0, 255).astype(np.uint8)
    soft.add(source, replace(source, y=luma), face())
    assert hard.seam > 1.5
    assert soft.seam == pytest.approx(1.0, abs=0.1)
