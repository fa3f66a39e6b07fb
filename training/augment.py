"""Make clean clips sound like the world: rooms, noise, music, telephones, other voices."""

from __future__ import annotations

import numpy as np

RATE = 16_000
Rng = np.random.Generator


def change_speed(samples: np.ndarray, factor: float) -> np.ndarray:
    """Play `factor` times as fast, pitch and formants included."""
    count = int(len(samples) / factor)
    return np.interp(np.arange(count) * factor, np.arange(len(samples)), samples).astype(np.float32)


def colour(samples: np.ndarray, rng: Rng) -> np.ndarray:
    """A random gentle equaliser; now and then a telephone's band."""
    size = _fast(len(samples))
    spectrum = np.fft.rfft(samples, size)
    hz = np.fft.rfftfreq(size, 1.0 / RATE)
    knots = np.array([0.0, 150.0, 500.0, 1500.0, 4000.0, 8000.0])
    gain_db = np.interp(hz, knots, rng.normal(0.0, 4.0, len(knots)))
    if rng.random() < 0.15:
        gain_db -= 40.0 * ((hz < 300.0) | (hz > 3400.0))
    filtered = np.fft.irfft(spectrum * 10.0 ** (gain_db / 20.0), size)
    return filtered[: len(samples)].astype(np.float32)


def reverberate(samples: np.ndarray, rng: Rng) -> np.ndarray:
    """A small room: direct sound plus a decaying noise tail; nothing is delayed."""
    decay_s = rng.uniform(0.05, 0.25)
    count = int(4 * decay_s * RATE)
    tail = rng.normal(size=count) * np.exp(-np.arange(count) / (decay_s * RATE))
    tail *= rng.uniform(0.1, 0.6) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    size = _fast(len(samples) + count)
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)
    return wet[: len(samples)].astype(np.float32)


def noise(count: int, rng: Rng) -> np.ndarray:
    """Noise of a random spectral slope, sometimes hum, sometimes swelling; unit power."""
    size = _fast(count)
    spectrum = np.fft.rfft(rng.normal(size=size))
    hz = np.maximum(np.fft.rfftfreq(size, 1.0 / RATE), 30.0)
    spectrum *= hz ** (-rng.uniform(0.0, 1.2))
    sound = np.fft.irfft(spectrum, size)[:count]
    sound /= sound.std() + 1e-9
    time = np.arange(count) / RATE
    if rng.random() < 0.3:
        mains = rng.choice([50.0, 60.0, 100.0, 120.0])
        for harmonic in range(1, 6):
            sound += rng.uniform(0, 1) / harmonic * np.sin(2 * np.pi * mains * harmonic * time)
    if rng.random() < 0.4:
        slow = np.interp(time, np.arange(0, time[-1] + 1, 0.5), _walk(int(2 * time[-1]) + 3, rng))
        sound *= 10.0 ** (slow / 20.0)
    if rng.random() < 0.3:
        for _ in range(rng.integers(1, 8)):
            _click(sound, rng)
    return (sound / (sound.std() + 1e-9)).astype(np.float32)


def music(count: int, rng: Rng) -> np.ndarray:
    """Something like music: chords and a tune of decaying harmonic notes, and drums; unit power."""
    sound = np.zeros(count)
    beat = int(RATE * rng.uniform(0.2, 0.6))
    root = rng.uniform(80.0, 260.0)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
    brightness = rng.uniform(0.4, 2.0)
    drums = rng.random() < 0.6
    for start in range(0, count, beat):
        notes = rng.choice(scale, rng.integers(1, 4)) + 12 * rng.integers(0, 2)
        length = min(int(beat * rng.uniform(0.5, 3.0)), count - start)
        time = np.arange(length) / RATE
        shape = np.exp(-time * rng.uniform(1.0, 8.0)) * np.minimum(1.0, time / 0.01)
        vibrato = rng.uniform(0, 0.004) * np.sin(2 * np.pi * 5.5 * time)
        for note in notes:
            pitch = root * 2.0 ** (note / 12.0)
            for harmonic in range(1, 9):
                if pitch * harmonic < 7500.0:
                    phase = 2 * np.pi * pitch * harmonic * (time + vibrato) + rng.uniform(0, 6)
                    sound[start : start + length] += shape * np.sin(phase) / harmonic**brightness
        if drums:
            size = min(int(0.12 * RATE), count - start)
            hit = rng.normal(size=size) * np.exp(
                -np.arange(size) / (rng.uniform(0.01, 0.05) * RATE)
            )
            sound[start : start + size] += rng.uniform(0.3, 2.0) * hit
    return (sound / (sound.std() + 1e-9)).astype(np.float32)


def _fast(count: int) -> int:
    """A length that the FFT likes."""
    return 1 << (count - 1).bit_length()


def _walk(count: int, rng: Rng) -> np.ndarray:
    return np.clip(np.cumsum(rng.normal(0, 3.0, count)), -12, 12)


def _click(sound: np.ndarray, rng: Rng) -> None:
    size = int(RATE * rng.uniform(0.002, 0.08))
    start = rng.integers(0, max(1, len(sound) - size))
    shape = np.exp(-np.arange(size) / (0.2 * size))
    sound[start : start + size] += rng.uniform(3, 15) * rng.normal(size=size) * shape
