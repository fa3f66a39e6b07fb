"""The mel front end against the published numbers, written out the long way."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from lipwright.render.neural.mel import RATE, SpeechMel, mel

SILENT = -4.0
LEAD = 0.04


def tone(hz: float, seconds: float = 1.0, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * 16_000)) / 16_000)).astype(
        np.float32
    )


def test_its_shape_and_range():
    picture = mel(tone(440))
    assert picture.shape == (80, 1 + 16_000 // 200)
    assert picture.dtype == np.float32
    assert picture.min() >= -4.0
    assert picture.max() <= 4.0


def test_silence_is_the_lowest_value():
    assert (mel(np.zeros(8_000, np.float32)) == SILENT).all()
    assert mel(np.zeros(0, np.float32)).shape == (80, 0)


def test_one_column_by_the_formulas():
    """Column 30 of noise, each step spelled out for a single frame and a single band."""
    sound = np.random.default_rng(3).normal(0, 0.1, 16_000)
    emphasised = sound - 0.97 * np.concatenate([[0.0], sound[:-1]])
    piece = emphasised[30 * 200 - 400 : 30 * 200 + 400]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(800) / 800)
    magnitude = np.abs(np.fft.rfft(piece * window))

    def to_mel(hz):
        return hz / (200 / 3) if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)

    def to_hz(value):
        return value * 200 / 3 if value < 15 else 1000 * 6.4 ** ((value - 15) / 27)

    edges = [to_hz(v) for v in np.linspace(to_mel(55), to_mel(7600), 82)]
    band = 37
    low, centre, high = edges[band : band + 3]
    total = 0.0
    for k, hz in enumerate(np.arange(401) * 20.0):
        share = max(0.0, min((hz - low) / (centre - low), (high - hz) / (high - centre)))
        total += share * 2 / (high - low) * magnitude[k]
    level = 20 * np.log10(max(total, 1e-5)) - 20
    expected = np.clip(8 * (level + 100) / 100 - 4, -4, 4)
    assert mel(sound.astype(np.float32))[band, 30] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("hz", [200, 1000, 4000])
def test_a_tone_lies_in_its_band(hz):
    edges = mel(tone(hz))[:, 20:60].mean(1)
    low = mel(tone(hz * 0.7))[:, 20:60].mean(1)
    assert edges.argmax() > low.argmax()
    assert edges.max() > edges.min() + 2.0


@pytest.mark.parametrize(
    "rate", [Fraction(24), Fraction(25), Fraction(30_000, 1001), Fraction(60)], ids=str
)
def test_frames_hear_their_own_moment(rate):
    """A burst after 50 s: without drift, and the same at every frame rate."""
    burst = 50.0
    sound = np.zeros(60 * 16_000, np.float32)
    sound[round(burst * 16_000) :][:1_600] = np.random.default_rng(0).normal(0, 0.3, 1_600)
    heard = SpeechMel(sound)
    count = 0
    for index in range(round(49 * rate), round(51 * rate)):
        time = float(index / rate)
        window = heard.window(time)
        assert window.shape == (80, 16)
        loud = window.mean(0) > -2.0
        if loud[1:-1].any() and not loud[0]:
            begins = time - LEAD + int(loud.argmax()) / RATE
            # A column hears 25 ms around it, and begins 12.5 ms early at most.
            assert begins == pytest.approx(burst, abs=0.03)
            count += 1
    assert count >= 3


def test_it_is_silent_before_and_after():
    heard = SpeechMel(tone(300, 0.5))
    assert (heard.window(-1.0) == SILENT).all()
    assert (heard.window(5.0) == SILENT).all()
    edge = heard.window(0.0)
    assert (edge[:, :3] == SILENT).all()
    assert edge[:, 4:].max() > 0.0


def test_loudness_does_not_matter():
    loud, soft = SpeechMel(tone(300, level=0.9)), SpeechMel(tone(300, level=0.01))
    assert loud.window(0.5) == pytest.approx(soft.window(0.5), abs=0.01)
