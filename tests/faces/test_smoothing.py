from __future__ import annotations

import numpy as np
import pytest

from lipwright.faces.smoothing import Smoothing, smooth, stretches


def parabolas(times, columns=3):
    a, b, c = np.random.default_rng(1).normal(0, 20, (3, columns))
    return a * times[:, None] ** 2 + b * times[:, None] + c


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9, 40, 41])
@pytest.mark.parametrize("rate", [24, 30, 60])
def test_parabolas_pass_unchanged(count, rate):
    times = 3.0 + np.arange(count) / rate
    assert np.allclose(smooth(parabolas(times), times, 0.2), parabolas(times), atol=1e-8)


def test_nothing_leaks_across_a_break():
    before, after = np.arange(20) / 25, 5.0 + np.arange(30) / 25
    times = np.concatenate([before, after])
    values = np.concatenate([parabolas(before), parabolas(after) + 1000.0])
    assert np.allclose(smooth(values, times, 0.36), values, atol=1e-7)


def test_noise_shrinks_and_the_mean_stays():
    times = np.arange(250) / 25
    noise = np.random.default_rng(2).normal(0, 1, (250, 40))
    calm = smooth(noise, times, 0.36)
    assert calm.std() < 0.6
    assert calm.std() > 0.2
    assert smooth(noise, times, 0.2).std() > calm.std()
    assert abs(calm.mean()) < 0.02


def test_a_longer_window_than_the_stretch_is_cut_to_it():
    times = np.arange(5) / 25
    noise = np.random.default_rng(3).normal(0, 1, 5)
    fit = np.polynomial.Polynomial.fit(times, noise, 2)
    assert np.allclose(smooth(noise, times, 9.0), fit(times))


def test_shapes_pass_through():
    times = np.arange(12) / 25
    landmarks = np.random.default_rng(4).normal(0, 1, (12, 478, 3)).astype(np.float32)
    out = smooth(landmarks, times, 0.2)
    assert out.shape == landmarks.shape
    assert np.allclose(out[:, 5, 1], smooth(landmarks[:, 5, 1], times, 0.2))


def test_nothing_smoothed_is_nothing():
    assert smooth(np.zeros((0, 478, 3)), np.zeros(0), 0.2).shape == (0, 478, 3)


def test_the_input_is_left_alone():
    times = np.arange(20) / 25
    values = np.random.default_rng(5).normal(0, 1, (20, 2))
    copy = values.copy()
    smooth(values, times, 0.2)
    assert np.array_equal(values, copy)


@pytest.mark.parametrize(
    ("times", "wanted"),
    [
        ([], []),
        ([1.0], [(0, 1)]),
        ([0.0, 0.04, 0.08, 0.12], [(0, 4)]),
        ([0.0, 0.04, 0.08, 0.16, 0.20], [(0, 3), (3, 5)]),
        ([0.0, 0.04, 0.08, 0.14, 0.18], [(0, 5)]),
        ([0.0, 0.04, 0.08, 2.0, 4.0, 4.04, 4.08], [(0, 3), (3, 4), (4, 7)]),
    ],
)
def test_stretches(times, wanted):
    assert stretches(np.array(times, np.float64)) == wanted


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 30, 64])
@pytest.mark.parametrize("rate", [25, 60])
def test_a_part_is_the_same_part_of_the_whole(rows, rate):
    times = np.arange(100) / rate
    times[40:] += 1.0
    times[42:] += 1.0
    times[97:] += 1.0
    values = np.random.default_rng(7).normal(0, 1, (100, 4, 2)).astype(np.float32)
    whole = smooth(values, times, 0.36)
    some = Smoothing(times, 0.36)
    parts = [some.rows(values, at, min(100, at + rows)) for at in range(0, 100, rows)]
    assert np.array_equal(np.concatenate(parts), whole)
