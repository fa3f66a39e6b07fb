from __future__ import annotations

import itertools
import threading
from fractions import Fraction

import numpy as np
import pytest

from lipwright.speech.predict import let_speech_encoder_go, predict_mouth, speech_encoder
from lipwright.speech.types import MouthCurve

RATE = 16_000

BILABIALS = (0.04, 0.31, 0.66, 0.94, 1.3, 1.58)
"""Seconds at which the lips of "mama, papa, baby" are shut, read off the waveform."""


def frame_times(seconds: float, fps: float | Fraction = 25) -> np.ndarray:
    return np.arange(int(seconds * fps)) / float(fps)


def is_rest(curve: MouthCurve) -> bool:
    return not curve.values.any() and not curve.speaking.any()


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * RATE), np.float32)


def melody(seconds: float) -> np.ndarray:
    """Plucked notes of a few harmonics over a drum of noise."""
    rng = np.random.default_rng(5)
    beat = RATE // 3
    sound = silence(seconds)
    for start in range(0, len(sound) - beat, beat):
        time = np.arange(beat) / RATE
        for pitch in rng.choice([196.0, 247.0, 294.0, 392.0], 2, replace=False):
            for harmonic in (1, 2, 3, 4):
                note = np.sin(2 * np.pi * pitch * harmonic * time) / harmonic
                sound[start : start + beat] += (note * np.exp(-5 * time)).astype(np.float32)
        sound[start : start + 800] += rng.normal(size=800).astype(np.float32)
    return 0.1 * sound


@pytest.fixture(scope="module")
def spoken(line: np.ndarray) -> MouthCurve:
    return predict_mouth(line, frame_times(4.2))


def test_speech_moves_the_mouth_plausibly(spoken: MouthCurve) -> None:
    assert spoken.values.shape == (105, 6)
    assert spoken.values.dtype == np.float32
    opening = spoken.values[:, 0]
    assert opening.min() == 0.0
    assert 0.12 < np.percentile(opening, 95) < 0.3
    assert opening.max() < 0.45
    moving = spoken.speaking > 0.9
    assert 0.5 < moving.mean() < 1.0
    assert np.corrcoef(opening[moving], spoken.values[moving, 4])[0, 1] > 0.7
    assert np.corrcoef(opening[moving], spoken.values[moving, 2])[0, 1] > 0.4


def test_silence_is_exactly_rest() -> None:
    rng = np.random.default_rng(0)
    for sound in (
        silence(3),
        silence(0),
        rng.normal(size=3 * RATE) * 1e-5,
        np.full(3 * RATE, 0.2),
    ):
        curve = predict_mouth(sound.astype(np.float32), frame_times(3))
        assert curve.values.shape == (75, 6)
        assert is_rest(curve)


@pytest.mark.parametrize("level", [0.3, 0.01, 0.0005])
def test_noise_and_hum_do_not_speak(level: float) -> None:
    noise = np.random.default_rng(1).normal(size=4 * RATE).astype(np.float32)
    hum = np.sin(2 * np.pi * 50 * np.arange(4 * RATE) / RATE).astype(np.float32)
    assert is_rest(predict_mouth(level * noise, frame_times(4)))
    assert is_rest(predict_mouth(level * hum + 0.02 * level * noise, frame_times(4)))


def test_music_does_not_speak() -> None:
    assert is_rest(predict_mouth(melody(5), frame_times(5)))


@pytest.mark.parametrize("room", [0.0, 0.0008])
def test_pauses_are_exactly_rest(line: np.ndarray, room: float) -> None:
    """Digital silence and a quiet room's hiss before, between and after two lines."""
    pause = silence(1.5)
    sound = np.concatenate([pause, line, pause, line, pause])
    sound += room * np.random.default_rng(2).normal(size=len(sound)).astype(np.float32)
    times = frame_times(len(sound) / RATE)
    curve = predict_mouth(sound, times)
    length = len(line) / RATE
    for start in (0.0, 1.5 + length, 3.0 + 2 * length):
        inside = (times >= start + 0.25) & (times <= start + 1.3)
        assert not curve.values[inside].any()
        assert not curve.speaking[inside].any()
    assert curve.speaking[(times > 1.6) & (times < 3.0)].mean() > 0.8


def test_lips_close_on_p_b_and_m(spoken: MouthCurve) -> None:
    """Ma-ma, pa-pa, ba-by: the lips are shut at each within a frame, and open in between."""
    times = spoken.times
    for moment in BILABIALS:
        near = np.abs(times - moment) <= 0.06
        assert spoken.values[near, 0].min() < 0.003, moment
    for before, after in itertools.pairwise(BILABIALS):
        between = (times > before) & (times < after)
        assert spoken.values[between, 0].max() > 0.05, (before, after)


@pytest.mark.parametrize("gain_db", [-40.0, 6.0])
def test_loudness_does_not_matter(line: np.ndarray, spoken: MouthCurve, gain_db: float) -> None:
    scaled = (line * 10 ** (gain_db / 20)).astype(np.float32)
    curve = predict_mouth(scaled, spoken.times)
    assert curve.values == pytest.approx(spoken.values, abs=0.01)


def test_same_motion_at_every_frame_rate(line: np.ndarray) -> None:
    fine_times = np.arange(0.0, 4.2, 0.005)
    fine = predict_mouth(line, fine_times).values[:, 0]
    for fps in (Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60)):
        times = frame_times(4.2, fps)
        opening = predict_mouth(line, times).values[:, 0]
        assert np.corrcoef(opening, np.interp(times, fine_times, fine))[0, 1] > 0.95, fps


def test_uneven_times_and_slow_video(line: np.ndarray, spoken: MouthCurve) -> None:
    uneven = np.sort(np.random.default_rng(3).uniform(0.0, 4.1, 120))
    opening = predict_mouth(line, uneven).values[:, 0]
    expected = np.interp(uneven, spoken.times, spoken.values[:, 0])
    assert np.corrcoef(opening, expected)[0, 1] > 0.85
    slow = predict_mouth(line, frame_times(4.2, 10)).values[:, 0]
    assert np.percentile(slow, 95) > 0.08
    assert slow.min() == 0.0


@pytest.mark.parametrize("delay", [0.1, 0.333, 1.0])
def test_a_later_sound_moves_the_mouth_just_as_much_later(line: np.ndarray, delay: float) -> None:
    times = frame_times(5.4, 50)
    now = predict_mouth(line, times).values[:, 0]
    later = predict_mouth(np.concatenate([silence(delay), line]), times).values[:, 0]
    lags = np.arange(-0.2, 0.201, 0.01)
    agreement = [
        np.corrcoef(np.interp(times - delay - lag, times, now, left=0.0), later)[0, 1]
        for lag in lags
    ]
    assert abs(lags[int(np.argmax(agreement))]) <= 0.011
    assert max(agreement) > 0.93


def test_long_speech_is_like_short_speech(line: np.ndarray, spoken: MouthCurve) -> None:
    """Beyond one window of the encoder the third repetition still says the same."""
    period = len(line) / RATE + 0.5
    unit = np.concatenate([line, silence(0.5)])
    curve = predict_mouth(np.tile(unit, 5), spoken.times + 2 * period)
    assert np.corrcoef(curve.values[:, 0], spoken.values[:, 0])[0, 1] > 0.93


def test_times_outside_the_sound_are_rest(line: np.ndarray) -> None:
    curve = predict_mouth(line, np.array([-3.0, -1.0, 6.0, 60.0]))
    assert is_rest(curve)
    assert predict_mouth(line, np.zeros(0)).values.shape == (0, 6)


def test_same_in_every_thread_and_every_time(line: np.ndarray, spoken: MouthCurve) -> None:
    found: list[np.ndarray] = []

    def work() -> None:
        found.append(predict_mouth(line, spoken.times).values)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all((values == spoken.values).all() for values in found)


def test_the_encoder_is_kept_until_it_is_let_go(line: np.ndarray, spoken: MouthCurve) -> None:
    first = speech_encoder()
    assert speech_encoder() is first
    let_speech_encoder_go()
    assert speech_encoder() is not first
    let_speech_encoder_go()
    assert np.array_equal(predict_mouth(line, frame_times(4.2)).values, spoken.values)
