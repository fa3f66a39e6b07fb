from __future__ import annotations

import numpy as np
import pytest

from lipwright.evaluation.stillness import silence_motion, silent_frames, wander

STEP = 0.04
TIMES = np.arange(100) * STEP
ALL = np.ones(100, bool)


def sound(*spoken: tuple[float, float], room_db: float = -70.0) -> np.ndarray:
    """Four seconds of room with something loud in it."""
    random = np.random.default_rng(3)
    samples = random.normal(0.0, 10 ** (room_db / 20), 64_000)
    for start, end in spoken:
        samples[int(start * 16_000) : int(end * 16_000)] += random.normal(
            0.0, 0.2, int(end * 16_000) - int(start * 16_000)
        )
    return samples.astype(np.float32)


def still(noise: float = 0.003) -> np.ndarray:
    return np.abs(0.01 + np.random.default_rng(4).normal(0.0, noise, 100))


def test_a_sound_without_speech_is_silent_throughout() -> None:
    assert silent_frames(np.zeros(64_000, np.float32), TIMES).all()
    assert silent_frames(sound(room_db=-55.0), TIMES).all()
    assert silent_frames(np.zeros(0, np.float32), TIMES).all()


@pytest.mark.parametrize("room_db", [-80.0, -50.0])
def test_pauses_are_silent_but_for_their_ends(room_db: float) -> None:
    silent = silent_frames(sound((0.0, 1.0), (2.0, 4.0), room_db=room_db), TIMES)
    found = TIMES[silent]
    assert found[0] == pytest.approx(1.2, abs=0.06)
    assert found[-1] == pytest.approx(1.65, abs=0.06)
    assert len(found) >= 9


def test_short_gaps_and_loud_rooms_are_not() -> None:
    assert not silent_frames(sound((0.0, 1.0), (1.2, 4.0)), TIMES).any()
    assert not silent_frames(sound((0.0, 1.0), (2.0, 4.0), room_db=-24.0), TIMES).any()


@pytest.mark.parametrize("noise", [0.0, 0.003, 0.006])
def test_landmarks_that_tremble_do_not_move(noise: float) -> None:
    assert silence_motion(still(noise), ALL, 0.01, STEP) == 0.0


def test_a_mouth_that_talks_or_opens_once_moves() -> None:
    talking = 0.08 + 0.08 * np.sin(TIMES * 20)
    assert silence_motion(talking, ALL, 0.0, STEP) > 0.6
    once = still()
    once[50] = 0.08
    assert silence_motion(once, ALL, 0.01, STEP) == pytest.approx(0.02)  # there and back
    assert silence_motion(once, np.arange(100) < 40, 0.01, STEP) == 0.0


def test_a_mouth_that_hangs_open_does_not_rest() -> None:
    assert silence_motion(still() + 0.1, ALL, 0.01, STEP) == 1.0


def test_too_little_silence_says_nothing() -> None:
    assert np.isnan(silence_motion(still(), np.arange(100) < 5, 0.01, STEP))


def test_shut_lips_on_a_moving_jaw_wander() -> None:
    lips = np.random.default_rng(8).normal(0.0, 0.003, (100, 40, 2))
    assert wander(lips, ALL) < 0.01
    lips[:, :, 1] += 0.05 * np.sin(TIMES * 20)[:, None]
    assert wander(lips, ALL) > 0.03
    assert np.isnan(wander(lips, np.arange(100) < 5))
