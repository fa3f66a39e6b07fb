from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lipwright.errors import BadInputError
from lipwright.library.sound import Sound, mono, planar, stereo, write_wav
from lipwright.media.audio import probe_sound, read_sound

RATE = 16_000
TONE = 0.5 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)


def test_a_file_holds_what_the_array_held(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    sound = Sound(TONE, RATE)
    write_wav(path, sound)
    assert (sound.duration_ms, probe_sound(path).duration_ms) == (1000, 1000)
    read = read_sound(path, 0, 1000, RATE)
    assert np.abs(read[:, 0] - TONE).max() < 1e-6


@pytest.mark.parametrize(
    ("kind", "scale", "offset"),
    [("i2", 2**15, 0), ("i4", 2.0**31, 0), ("u1", 2**7, 2**7), ("f8", 1, 0)],
)
def test_every_type_means_the_same(kind: str, scale: float, offset: float) -> None:
    sound = Sound((TONE * scale + offset).astype(kind), RATE)
    assert np.abs(planar(sound)[:, 0] - TONE).max() < 2 / min(scale, 2**15) + 1e-6


def test_channels_and_rates(tmp_path: Path) -> None:
    both = np.stack([TONE, np.zeros(RATE)], 1)
    assert mono(Sound(both, RATE), 8_000).shape == (8_000,)
    assert np.abs(mono(Sound(both, RATE), RATE) - TONE / 2).max() < 1e-6
    doubled = stereo(Sound(TONE, RATE), RATE)
    assert np.array_equal(doubled[:, 0], doubled[:, 1])
    assert planar(Sound(np.ones((10, 6)), RATE)).shape == (10, 1)


@pytest.mark.parametrize(
    "sound",
    [
        Sound(np.zeros(0), RATE),
        Sound(np.zeros((2, 2, 2)), RATE),
        Sound(np.array(["a"]), RATE),  # type: ignore[arg-type]
        Sound(np.array([0.0, np.nan]), RATE),
        Sound(TONE, 5),
    ],
    ids=["empty", "cube", "words", "nan", "slow"],
)
def test_what_is_no_sound(sound: Sound) -> None:
    with pytest.raises(BadInputError) as caught:
        planar(sound)
    assert (caught.value.field, caught.value.reason) == ("speech", "wrong_format")
