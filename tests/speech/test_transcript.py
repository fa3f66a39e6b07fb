"""The transcript's way through `predict_mouth`."""

from __future__ import annotations

import numpy as np
import pytest

from lipwright.speech.alignment import Aligner
from lipwright.speech.predict import predict_mouth

SAID = "Mama, papa, baby. We both bought a big boat."
BOTH_BOUGHT_BIG_BOAT = (2.32, 2.62, 3.06, 3.38)
"""Seconds at which the lips are shut, read off the waveform."""

_TIMES = np.arange(105) / 25


def opening(line: np.ndarray, transcript: str) -> np.ndarray:
    return predict_mouth(line, _TIMES, transcript).values[:, 0]


@pytest.fixture(scope="module")
def without(line: np.ndarray) -> np.ndarray:
    return predict_mouth(line, _TIMES).values[:, 0]


def test_every_expected_closure_is_there(line: np.ndarray) -> None:
    said = opening(line, SAID)
    for moment in BOTH_BOUGHT_BIG_BOAT:
        assert said[np.abs(_TIMES - moment) <= 0.06].min() < 0.003, moment


def test_the_same_transcript_gives_the_same_curve(line: np.ndarray) -> None:
    assert (opening(line, SAID) == opening(line, SAID)).all()


@pytest.mark.parametrize(
    "transcript",
    [
        "",
        "Four score and seven years ago our fathers brought forth on this continent",
        "😀" * 25_000,
        "\x00\x1b[2J" * 2_000,
        "ママ、パパ、赤ちゃん。",
        "the " * 100_000,
    ],
)
def test_a_useless_transcript_changes_nothing(
    line: np.ndarray, without: np.ndarray, transcript: str
) -> None:
    assert (opening(line, transcript) == without).all()


def test_a_transcript_never_fails_the_work(
    line: np.ndarray,
    without: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(Aligner, "align", broken)
    assert (opening(line, SAID) == without).all()
    assert "out of luck" in caplog.text
    assert "Mama" not in caplog.text


def test_silence_with_a_transcript_rests() -> None:
    silent = predict_mouth(np.zeros(48_000, np.float32), _TIMES, SAID)
    assert not silent.values.any()
