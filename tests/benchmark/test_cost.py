from __future__ import annotations

from lipwright.benchmark.cost import Cost, Spread, ratio, spread


def test_a_spread_is_least_median_greatest() -> None:
    assert spread([3.0, 1.0, 2.0, 10.0]) == Spread(1.0, 2.5, 10.0)


def test_ratios_are_taken_round_by_round() -> None:
    slow_round = Cost(20.0, 4.0, 0.0), Cost(10.0, 2.0, 0.0)
    quick_round = Cost(3.0, 3.0, 0.0), Cost(2.0, 2.0, 0.0)
    jobs, others = zip(slow_round, quick_round, strict=True)
    found = ratio("one / other", jobs, others, 1.5)
    # Medians of their own would give 11.5 / 6.
    assert found.clock == Spread(1.5, 1.75, 2.0)
    assert found.cpu == Spread(1.5, 1.75, 2.0)
    assert found.aim == 1.5
