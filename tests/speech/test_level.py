from __future__ import annotations

import numpy as np
import pytest

from lipwright.speech.level import USUAL_DB, frame_levels, loud_level, usual_level


def test_full_scale_square_wave_is_0_db() -> None:
    square = np.where(np.arange(3200) % 2 == 0, 1.0, -1.0).astype(np.float32)
    assert frame_levels(square)[1:-1] == pytest.approx(0.0, abs=1e-4)


def test_one_level_per_20_ms_around_its_time() -> None:
    sound = np.zeros(3200, np.float32)
    sound[320 * 4] = 1.0
    levels = frame_levels(sound)
    assert len(levels) == 10
    assert int(levels.argmax()) == 4
    assert (levels > -100).sum() == 1


@pytest.mark.parametrize("gain_db", [-50.0, -20.0, 0.0, 12.0])
def test_loudness_does_not_matter(line: np.ndarray, gain_db: float) -> None:
    scaled = usual_level((line * 10 ** (gain_db / 20)).astype(np.float32))
    assert loud_level(frame_levels(scaled)) == pytest.approx(USUAL_DB, abs=0.01)
    assert scaled == pytest.approx(usual_level(line), abs=1e-4)


def test_silence_is_not_blown_up() -> None:
    hiss = np.random.default_rng(0).normal(size=16_000).astype(np.float32) * 1e-5
    assert np.abs(usual_level(hiss)).max() < 1e-4


def test_offset_and_broken_samples_are_harmless(line: np.ndarray) -> None:
    broken = line + 0.3
    broken[1000] = np.nan
    assert np.isfinite(usual_level(broken)).all()
    assert abs(float(usual_level(broken).mean())) < 1e-3


def test_empty() -> None:
    assert len(usual_level(np.zeros(0, np.float32))) == 0
    assert len(frame_levels(np.zeros(0, np.float32))) == 0


def test_a_long_sound_is_measured_in_parts_as_it_is_at_once() -> None:
    chance = np.random.default_rng(3)
    sound = chance.normal(0.02, 0.1, 700_001).astype(np.float32)
    count = -(-len(sound) // 320)
    padded = np.pad(sound.astype(np.float64), (160, count * 320 - len(sound)))
    power = (padded[: count * 320].reshape(count, 320) ** 2).mean(1)
    assert frame_levels(sound) == pytest.approx(10 * np.log10(power), abs=1e-4)
    centred = sound - sound.mean(dtype=np.float64)
    factor = 10 ** ((USUAL_DB - loud_level(frame_levels(centred.astype(np.float32)))) / 20)
    assert usual_level(sound) == pytest.approx(centred * factor, abs=1e-6)
