from __future__ import annotations

import cv2
import numpy as np
import pytest

from lipwright.evaluation.picture import flicker, jerk, sharpness_ratio

COUNT = 12
ALL = np.ones(COUNT, bool)


def film(shift: float = 0.7) -> np.ndarray:
    """A textured patch that drifts evenly."""
    texture = cv2.GaussianBlur(
        np.random.default_rng(5).integers(0, 255, (60, 120)).astype(np.float32), (0, 0), 1.5
    )
    texture = 128 + 2.5 * (texture - 128)
    frames = []
    for index in range(COUNT):
        move = np.array([[1.0, 0.0, -shift * index], [0.0, 1.0, 0.0]])
        frames.append(cv2.warpAffine(texture, move, (80, 60), flags=cv2.INTER_CUBIC))
    return np.clip(np.array(frames), 0, 255).astype(np.uint8)


def test_the_same_is_as_sharp_and_a_blurred_one_is_not() -> None:
    source = film()
    blurred = np.array([cv2.GaussianBlur(frame, (0, 0), 1.5) for frame in source])
    assert sharpness_ratio(source, source, ALL) == 1.0
    assert sharpness_ratio(blurred, source, ALL) < 0.5
    assert np.isnan(sharpness_ratio(source, source, ~ALL))


def test_what_goes_to_and_fro_flickers_more_than_what_drifts() -> None:
    steady = film(0.3)
    flickering = steady.astype(np.int16)
    flickering[::2] += 6
    flickering = np.clip(flickering, 0, 255).astype(np.uint8)
    assert flicker(film(0.0), ALL) == 0.0
    assert flicker(flickering, ALL) > 2 * flicker(steady, ALL)


def test_a_cut_is_no_flicker() -> None:
    cut = film(0.0)
    cut[6:] = 255 - cut[6:]
    assert flicker(cut, ALL) == 0.0


def test_jerk_is_zero_for_even_motion() -> None:
    times = np.arange(20.0)
    parabola = np.stack([times**2, times], 1)[:, None] * 1e-3
    assert jerk(parabola, 0.04) == pytest.approx(0.0, abs=1e-9)
    trembling = parabola + np.random.default_rng(6).normal(0.0, 0.01, parabola.shape)
    assert jerk(trembling, 0.04) > 100.0
    assert np.isnan(jerk(parabola[:3], 0.04))
