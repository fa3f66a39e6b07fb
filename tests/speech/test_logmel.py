from __future__ import annotations

import numpy as np
import pytest

from lipwright.speech import logmel


@pytest.mark.parametrize(
    ("band", "bin_", "value"),
    [
        (0, 1, 0.0248625949),
        (1, 1, 0.0019908219),
        (1, 2, 0.0228717718),
        (9, 10, 0.0069451970),
        (39, 41, 0.0114869224),
        (79, 192, 0.0031647116),
        (79, 199, 0.0004487590),
    ],
)
def test_filters_are_those_published_with_whisper(band: int, bin_: int, value: float) -> None:
    assert logmel._filters()[band, bin_] == pytest.approx(value, rel=1e-5)


def test_thirty_seconds_are_three_thousand_columns() -> None:
    rng = np.random.default_rng(0)
    picture = logmel.log_mel(rng.normal(size=480_000).astype(np.float32) * 0.1)
    assert picture.shape == (80, 3000)
    assert picture.dtype == np.float32


def test_range_is_eight_decades_at_a_quarter_unit_each() -> None:
    sound = np.zeros(16_000, np.float32)
    sound[8000:] = np.sin(2 * np.pi * 440.0 * np.arange(8000) / 16_000)
    picture = logmel.log_mel(sound)
    assert picture.max() - picture.min() == pytest.approx(2.0, abs=1e-5)


def test_silence_lies_on_the_published_floor() -> None:
    assert logmel.log_mel(np.zeros(16_000, np.float32)) == pytest.approx(-1.5)


def test_columns_are_centred_on_their_time() -> None:
    sound = np.zeros(16_000, np.float32)
    sound[160 * 40] = 1.0
    assert int(logmel.log_power(sound).sum(0).argmax()) == 40


def test_tone_lights_its_own_band() -> None:
    sound = np.sin(2 * np.pi * 1000.0 * np.arange(16_000) / 16_000).astype(np.float32)
    brightest = int(logmel.log_power(sound)[:, 50].argmax())
    centre_bin = int(logmel._filters()[brightest].argmax())
    assert centre_bin * 40.0 == pytest.approx(1000.0, abs=40.0)


@pytest.mark.parametrize("count", [0, 1, 159, 160, 200, 201, 399])
def test_very_short_sounds(count: int) -> None:
    assert logmel.log_mel(np.ones(count, np.float32)).shape == (80, count // 160)


def test_blocks_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = np.random.default_rng(1).normal(size=40_000).astype(np.float32) * 0.1
    whole = logmel.log_power(sound)
    monkeypatch.setattr(logmel, "_BLOCK", 7)
    assert np.array_equal(logmel.log_power(sound), whole)


@pytest.mark.parametrize("count", [150, 200, 201, 320, 519, 81_920, 81_921, 200_000])
def test_windows_reflect_at_the_very_edges_only(count: int) -> None:
    sound = np.random.default_rng(count).normal(0, 0.1, count).astype(np.float32)
    around = np.pad(sound, 200, mode="reflect") if count > 200 else np.pad(sound, 200)
    frames = np.lib.stride_tricks.sliding_window_view(around, 400)[::160][: count // 160]
    power = np.abs(np.fft.rfft(frames * logmel.hann(400), axis=1)) ** 2
    filters = logmel.mel_filters(16_000, 400, 80, 0.0, 8_000.0)
    expected = np.log10(np.maximum(power @ filters.T, 1e-10)).T
    assert logmel.log_power(sound) == pytest.approx(expected, abs=1e-3)
