from __future__ import annotations

import numpy as np
import pytest

from lipwright.speech.sampling import sample_curve, spacing


def wave(hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(200) / 50.0).astype(np.float32)[:, None]


@pytest.mark.parametrize("fps", [24.0, 25.0, 30000 / 1001, 60.0])
def test_natural_motion_passes_without_delay(fps: float) -> None:
    times = np.arange(0.5, 3.5, 1 / fps)
    sampled = sample_curve(wave(4.0), 50.0, times)[:, 0]
    truth = np.sin(2 * np.pi * 4.0 * times)
    assert np.corrcoef(sampled, truth)[0, 1] > 0.999
    assert sampled.std() / truth.std() > 0.93


def test_slow_frame_rates_do_not_alias() -> None:
    """At 10 per second a motion of 9 Hz would pose as one of 1 Hz."""
    times = np.arange(0.5, 3.5, 0.1)
    assert np.abs(sample_curve(wave(9.0), 50.0, times)).max() < 0.15
    assert np.abs(sample_curve(wave(1.0), 50.0, times)).max() > 0.9


def test_uneven_times() -> None:
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0.5, 3.5, 60))
    sampled = sample_curve(wave(2.0), 50.0, times)[:, 0]
    assert np.corrcoef(sampled, np.sin(2 * np.pi * 2.0 * times))[0, 1] > 0.99


def test_ends_are_held() -> None:
    curve = np.linspace(0.0, 1.0, 51, dtype=np.float32)[:, None]
    assert sample_curve(curve, 50.0, np.array([-5.0, 9.0]))[:, 0] == pytest.approx([0.0, 1.0])


def test_nothing_to_sample() -> None:
    assert sample_curve(np.zeros((0, 6), np.float32), 50.0, np.arange(3.0)).shape == (3, 6)
    assert sample_curve(np.zeros((5, 6), np.float32), 50.0, np.zeros(0)).shape == (0, 6)


def test_spacing_of_stills_is_bounded() -> None:
    assert spacing(np.array([0.0, 0.04, 0.08, 2.0])).max() <= 0.1
    assert spacing(np.array([1.0])) == pytest.approx([0.04])
