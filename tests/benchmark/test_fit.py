from __future__ import annotations

import math

import numpy as np
import pytest

from lipwright.benchmark.fit import fit

SIZES = [5.0, 15.0, 60.0] * 3


def noisy(costs: list[float]) -> list[float]:
    chance = np.random.default_rng(0)
    return [cost * float(1.0 + 0.01 * chance.standard_normal()) for cost in costs]


def test_a_power_is_found() -> None:
    found = fit(SIZES, [3.0 * size**1.5 for size in SIZES])
    assert found.exponent == pytest.approx(1.5)
    assert found.exponent_error == pytest.approx(0.0, abs=1e-9)


def test_what_is_in_proportion_is_straight_with_a_fixed_part_too() -> None:
    found = fit(SIZES, noisy([4.0 + 0.5 * size for size in SIZES]))
    assert found.fixed == pytest.approx(4.0, rel=0.1)
    assert found.each == pytest.approx(0.5, rel=0.05)
    assert found.exponent < 0.8
    assert abs(found.bend) < 3 * found.bend_error
    assert found.verdict == "straight"


def test_a_quadratic_part_is_seen_and_measured() -> None:
    found = fit(SIZES, noisy([1.0 + 0.5 * size + 0.01 * size**2 for size in SIZES]))
    assert found.bend == pytest.approx(36.0 / 67.0, abs=0.05)
    assert found.verdict == "grows faster than in proportion"


def test_noise_is_not_taken_for_a_bend() -> None:
    chance = np.random.default_rng(1)
    costs = [size * float(chance.uniform(0.6, 1.4)) for size in SIZES]
    assert fit(SIZES, costs).verdict == "straight as far as the noise lets see"


@pytest.mark.parametrize(
    ("sizes", "words"),
    [([1.0, 2.0, 1.0, 2.0], "two sizes cannot tell"), ([1.0, 2.0, 4.0], "one round cannot tell")],
)
def test_too_little_is_said_to_be(sizes: list[float], words: str) -> None:
    found = fit(sizes, sizes)
    assert found.verdict == words
    assert math.isnan(found.bend_error)
