from __future__ import annotations

import numpy as np
import pytest

from lipwright.media.mix import CEILING, REACH_MS, Mixing, SpokenLine, StreamedLine, mix

RATE = 48_000


def tone(frequency, level, seconds, channels=2):
    wave = level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)
    wave = wave.astype(np.float32)
    return wave if channels == 1 else np.stack([wave] * channels, axis=1)


def test_nothing_to_do_is_identity_even_above_the_ceiling():
    original = tone(200, 1.3, 1)
    result = mix(original, [], 1.0, len(original))
    assert np.array_equal(result.samples, original)
    assert not result.limited


def test_below_the_ceiling_it_is_the_plain_sum():
    original, speech = tone(200, 0.3, 2), tone(300, 0.4, 1, channels=1)
    result = mix(original, [SpokenLine(speech, 24_000, 0.5)], 0.8, len(original))
    expected = original * np.float32(0.8)
    expected[24_000:72_000] += np.float32(0.5) * speech[:, None]
    assert np.array_equal(result.samples, expected)
    assert not result.limited


def test_the_speech_starts_at_the_very_sample():
    speech = np.ones(100, np.float32) / 4
    result = mix(None, [(speech, 777, 1.0)], 1.0, 2000)
    assert np.flatnonzero(result.samples[:, 0]).tolist() == list(range(777, 877))
    assert np.array_equal(result.samples[:, 0], result.samples[:, 1])


@pytest.mark.parametrize("volumes", [(1.0, 1.0), (2.0, 2.0), (0.0, 2.0), (1.3, 0.7)])
def test_peaks_stay_under_the_ceiling_and_never_wrap(volumes):
    original, speech = tone(220, 0.9, 3), tone(151, 0.9, 1)
    result = mix(original, [(speech, RATE, volumes[1])], volumes[0], len(original))
    peak = np.abs(result.samples[RATE : 2 * RATE]).max()
    assert peak <= CEILING
    if sum(volumes) * 0.9 > 1.2:
        assert result.limited
        assert peak > 0.85


def test_the_gain_is_smooth_and_the_waveform_keeps_its_sign():
    original, speech = tone(220, 0.9, 3), tone(151, 0.9, 1)
    raw = original.copy()
    raw[RATE : 2 * RATE] += speech
    result = mix(original, [(speech, RATE, 1.0)], 1.0, len(original))
    loud = np.abs(raw[:, 0]) > 0.05
    gain = result.samples[loud, 0] / raw[loud, 0]
    assert gain.min() > 0.4
    assert gain.max() <= 1 + 1e-6
    steps = np.abs(np.diff(gain)) / np.diff(np.flatnonzero(loud))
    assert steps.max() < 0.01


def test_away_from_the_line_the_original_is_untouched():
    original = tone(220, 1.2, 3)
    result = mix(original, [(tone(151, 0.9, 1), RATE, 1.0)], 1.0, len(original))
    margin = 2 * RATE * REACH_MS // 1000 + 1
    assert result.limited
    assert np.array_equal(result.samples[: RATE - margin], original[: RATE - margin])
    assert np.array_equal(result.samples[2 * RATE + margin :], original[2 * RATE + margin :])


def test_lines_may_overlap_and_reach_over_the_edges():
    speech = np.full(1000, 0.25, np.float32)
    result = mix(None, [(speech, -400, 1.0), (speech, 500, 1.0), (speech, 1900, 1.0)], 1.0, 2000)
    assert result.samples[:500, 0].tolist() == [0.25] * 500
    assert result.samples[500:600, 0].tolist() == [0.5] * 100
    assert result.samples[1500:1900, 0].tolist() == [0.0] * 400
    assert result.samples[1900:, 0].tolist() == [0.25] * 100


def test_the_result_has_the_length_asked_for():
    assert mix(tone(200, 0.5, 1), [], 1.0, 10).samples.shape == (10, 2)
    longer = mix(tone(200, 0.5, 1), [], 1.0, 50_000).samples
    assert longer.shape == (50_000, 2)
    assert not longer[48_000:].any()
    assert mix(None, [], 1.0, 0).samples.shape == (0, 2)
    assert not mix(tone(200, 0.5, 1), [], 0.0, 48_000).samples.any()


def test_the_inputs_are_left_alone():
    original, speech = tone(220, 0.9, 2), tone(151, 0.9, 1)
    before = original.copy(), speech.copy()
    mix(original, [(speech, 0, 2.0)], 2.0, len(original))
    assert np.array_equal(original, before[0])
    assert np.array_equal(speech, before[1])


@pytest.mark.parametrize("volume", [-0.1, 2.1, float("nan")])
def test_volumes_have_bounds(volume):
    with pytest.raises(ValueError, match="0 to 2"):
        mix(None, [], volume, 10)
    with pytest.raises(ValueError, match="0 to 2"):
        mix(None, [(np.zeros(3, np.float32), 0, volume)], 1.0, 10)


@pytest.mark.parametrize("volume", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize("total", [2 * RATE, RATE - 300, 3 * RATE])
@pytest.mark.parametrize("block", [100, 1440, 7777])
def test_the_blocks_decide_nothing(monkeypatch, volume, total, block):
    chance = np.random.default_rng(1)
    swell = np.abs(np.sin(np.arange(2 * RATE) / 3000))[:, None]
    original = (chance.normal(0, 0.4, (2 * RATE, 2)) * swell).astype(np.float32)
    lines = [
        SpokenLine(tone(151, 0.9, 1), -500, 1.0),
        SpokenLine(tone(300, 0.8, 0.4, channels=1), RATE // 2, 0.7),
        SpokenLine(tone(90, 1.2, 1), RATE + 5, 2.0),
    ]
    monkeypatch.setattr("lipwright.media.mix.BLOCK", 1 << 20)
    once = mix(original, lines, volume, total)
    monkeypatch.setattr("lipwright.media.mix.BLOCK", block)
    parts = mix(original, lines, volume, total)
    assert once.limited
    assert once.samples.shape == (total, 2)
    assert np.array_equal(parts.samples, once.samples)
    assert parts.limited


def test_the_limiter_is_what_its_words_say():
    """Against the plain way: lowest gain nearby, averaged twice, over the whole sound at once."""
    chance = np.random.default_rng(2)
    original = chance.normal(0, 0.25, (RATE, 2)).astype(np.float32)
    original[[3, 5_000, 5_900, 9_000, 30_000, RATE - 2]] *= 20
    result = mix(original, [(np.zeros(RATE, np.float32), 0, 1.0)], 1.0, RATE)
    reach = RATE * REACH_MS // 1000
    needed = np.minimum(1.0, CEILING / np.abs(original).max(axis=1))
    padded = np.pad(needed, reach, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    box = np.ones(reach + 1) / (reach + 1)
    gain = np.convolve(np.pad(lowest, reach, constant_values=1.0), np.convolve(box, box), "valid")
    assert np.allclose(
        result.samples, np.clip(original * gain[:, None], -CEILING, CEILING), atol=1e-5
    )
    assert np.abs(result.samples).max() <= CEILING


@pytest.mark.parametrize("own", [RATE // 2, 2 * RATE])
def test_an_original_that_goes_on_is_taken_whole(own):
    original = tone(220, 0.3, own / RATE)
    blocks = [original[:1000], original[1000:1000], original[1000:]]
    mixing = Mixing(blocks, [], 1.0, RATE, whole=True)
    found = np.concatenate(list(mixing.blocks()))
    assert len(found) == max(own, RATE)
    assert np.array_equal(found[:own], original)
    assert not found[own:].any()


def test_sounds_are_read_while_they_are_mixed_in_and_closed_after():
    said = []

    def line(name, count):
        said.append(f"{name} begins")
        try:
            for _ in range(count):
                yield np.full((RATE // 10, 1), 0.1, np.float32)
        finally:
            said.append(f"{name} ends")

    lines = [
        StreamedLine(lambda: line("first", 5), RATE // 2, 0, 1.0),
        StreamedLine(lambda: line("second", 100), RATE, 2 * RATE, 1.0),
        StreamedLine(lambda: line("silent", 5), RATE // 2, 0, 0.0),
    ]
    mixing = Mixing([], lines, 1.0, 4 * RATE)
    found = np.zeros((0, 2), np.float32)
    for block in mixing.blocks():
        found = np.concatenate([found, block])
        if len(found) > RATE:
            assert said[:2] == ["first begins", "first ends"]
    assert said == ["first begins", "first ends", "second begins", "second ends"]
    assert found[: RATE // 2].tolist() == np.full((RATE // 2, 2), 0.1, np.float32).tolist()
    assert not found[3 * RATE :].any()


def test_whoever_stops_listening_leaves_nothing_open():
    ended = []

    def endless():
        try:
            while True:
                yield np.zeros((1000, 2), np.float32)
        finally:
            ended.append(True)

    blocks = Mixing(endless(), [], 1.0, 0, whole=True).blocks()
    next(blocks)
    blocks.close()
    assert ended
