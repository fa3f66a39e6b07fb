"""Whisper's log-mel front-end in numpy.

The numbers are those published with the model: 16 kHz sound, a periodic Hann window of 400
samples (25 ms) every 160 samples (10 ms), frames centred on their time with reflected edges,
power spectrum, 80 triangular mel bands from 0 to 8 kHz on the Slaney scale with area
normalisation, decimal logarithm floored at 1e-10, limited to 8 below the maximum, then
``(x + 4) / 4``.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
HOP = 160
BANDS = 80
_WINDOW = 400
_BLOCK = 1 << 9
"""Windows that are transformed at once; the spectra of a long sound would be large."""

# The Slaney mel scale is linear below 1 kHz (15 mel) and logarithmic above (27 mel per 6.4 x).
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def log_mel(samples: NDArray[np.float32], *, maximum: float | None = None) -> NDArray[np.float32]:
    """Log-mel picture of a sound.

    Parameters
    ----------
    samples
        (n,) mono sound at 16 kHz, full scale 1.
    maximum
        Decimal logarithm of the loudest band power that the 8-decade floor hangs from; by
        default that of the sound itself. Pieces of one sound should share it.

    Returns
    -------
    (80, n // 160) float32; column i is centred on sample 160 i.
    """
    raw = log_power(samples)
    top = float(raw.max(initial=-10.0)) if maximum is None else maximum
    return scale_log_power(raw, top)


def log_power(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(80, n // 160) decimal logarithm of mel band power, floored at -10."""
    count = len(samples) // HOP
    if count == 0:
        return np.zeros((BANDS, 0), np.float32)
    power = np.empty((count, _WINDOW // 2 + 1), np.float32)
    for at in range(0, count, _BLOCK):
        stop = min(at + _BLOCK, count)
        around = _around(samples, at * HOP, (stop - 1) * HOP)
        frames = np.lib.stride_tricks.sliding_window_view(around, _WINDOW)[::HOP]
        spectrum = np.fft.rfft(frames * hann(_WINDOW), axis=1)
        power[at:stop] = spectrum.real**2 + spectrum.imag**2
    bands = power @ _filters().T
    np.maximum(bands, 1e-10, out=bands)
    return np.asarray(np.log10(bands, out=bands).T, np.float32)


def _around(samples: NDArray[np.float32], first: int, last: int) -> NDArray[np.float32]:
    """What the windows see whose middles are from ``first`` to ``last``; the edges reflect."""
    half, count = _WINDOW // 2, len(samples)
    places = np.arange(first - half, last + half)
    outside = (places < 0) | (places >= count)
    if not outside.any():
        return np.asarray(samples[first - half : last + half], np.float32)
    if count <= half:
        # Too short to reflect: silence.
        return np.where(outside, np.float32(0), samples[places.clip(0, count - 1)])
    places = np.abs(places)
    places = np.where(places >= count, 2 * (count - 1) - places, places)
    return np.asarray(samples[places], np.float32)


def scale_log_power(raw: NDArray[np.float32], maximum: float) -> NDArray[np.float32]:
    """Limit `log_power` to 8 decades below `maximum` and bring it to Whisper's scale."""
    scaled = np.maximum(raw, np.float32(maximum - 8.0))
    scaled += np.float32(4.0)
    scaled /= np.float32(4.0)
    return np.asarray(scaled, np.float32)


@cache
def hann(window: int) -> NDArray[np.float32]:
    """(window,) weights of a periodic Hann window."""
    phase = 2.0 * np.pi * np.arange(window) / window
    return np.asarray(0.5 - 0.5 * np.cos(phase), np.float32)


@cache
def _filters() -> NDArray[np.float32]:
    return mel_filters(SAMPLE_RATE, _WINDOW, BANDS, 0.0, SAMPLE_RATE / 2.0)


def mel_filters(
    rate: int, window: int, bands: int, lowest: float, highest: float
) -> NDArray[np.float32]:
    """(bands, window // 2 + 1) triangular bands on the Slaney scale, of unit area over frequency.

    Parameters
    ----------
    rate
        Sampling rate in Hz.
    window
        Length of the Fourier transform in samples.
    bands
        How many.
    lowest, highest
        Where the first band begins and the last one ends, in Hz.
    """
    bins_hz = np.fft.rfftfreq(window, 1.0 / rate)
    edges_hz = _mel_to_hz(np.linspace(_hz_to_mel(lowest), _hz_to_mel(highest), bands + 2))
    left, centre, right = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    rising = (bins_hz - left) / (centre - left)
    falling = (right - bins_hz) / (right - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * (2.0 / (right - left)), np.float32)


def _hz_to_mel(hz: float) -> float:
    if hz < _BREAK_HZ:
        return hz / _HZ_PER_MEL
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    bent = _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, bent)
