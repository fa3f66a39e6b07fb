from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lipwright.benchmark.films import Film, make_film
from lipwright.benchmark.voice import RATE, voice, write_voice
from lipwright.media.audio import probe_sound
from lipwright.media.decode import VideoReader
from lipwright.speech.predict import predict_mouth


def test_a_film_repeats_itself_without_a_seam(tmp_path: Path) -> None:
    film = Film(320, 180, 10, key_seconds=1)
    make_film(film, tmp_path / "film.mp4")
    with VideoReader(tmp_path / "film.mp4") as reader:
        info = reader.info
        frames = [frame.y[::4, ::4].astype(int) for frame in reader]
        steps = {frame.pts for frame in reader}
    assert (info.width, info.height, info.duration_ms, info.has_audio) == (320, 180, 10_000, True)
    assert len(frames) == len(steps) == 250
    assert np.array_equal(frames[3], frames[128])
    jumps = [float(np.abs(a - b).mean()) for a, b in pairwise(frames)]
    # Key frames look a little different from what is before them, there as elsewhere.
    assert jumps[124] < 1.5 * max(jumps[24], jumps[49], jumps[74])


@pytest.mark.parametrize("film", [Film(1280, 720, 60, 4), Film(640, 360, 2, key_seconds=10)])
def test_names_tell_films_apart(film: Film) -> None:
    assert film.name in {"1280x720-60s-4faces", "640x360-2s-key10"}


def test_the_voice_moves_a_mouth_and_pauses(tmp_path: Path) -> None:
    samples = voice(4.0)
    assert len(samples) == 4 * RATE
    assert np.array_equal(samples, voice(4.0))
    write_voice(tmp_path / "voice.wav", 4.0)
    assert probe_sound(tmp_path / "voice.wav").duration_ms == 4000
    curve = predict_mouth(samples.astype(np.float32), np.arange(100) / 25.0)
    assert float(np.ptp(curve.values[:, 0])) > 0.05
    assert 0.5 < float(np.mean(curve.speaking > 0.5)) < 1.0
