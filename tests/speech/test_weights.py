"""Which weights speak: asked for by name, by the process, or by the environment."""

from __future__ import annotations

import numpy as np
import pytest

from lipwright.errors import BadInputError
from lipwright.speech.predict import predict_mouth
from lipwright.speech.weights import (
    BEST,
    CLEAN,
    WEIGHTS_VARIABLE,
    chosen_weights,
    use_weights,
)

_TIMES = np.arange(60) / 25.0


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEIGHTS_VARIABLE, "")


@pytest.fixture(scope="module")
def openings(line: np.ndarray) -> dict[str, np.ndarray]:
    return {name: predict_mouth(line, _TIMES, weights=name).values[:, 0] for name in (BEST, CLEAN)}


def test_the_best_ones_speak_unasked(line: np.ndarray, openings: dict[str, np.ndarray]) -> None:
    assert chosen_weights() == BEST
    assert np.array_equal(predict_mouth(line, _TIMES).values[:, 0], openings[BEST])


def test_both_say_the_same_line_in_their_own_way(openings: dict[str, np.ndarray]) -> None:
    assert np.abs(openings[BEST] - openings[CLEAN]).max() > 0.01
    assert np.corrcoef(openings[BEST], openings[CLEAN])[0, 1] > 0.5


@pytest.mark.parametrize("written", ["clean", " Clean "])
def test_the_environment_chooses(
    monkeypatch: pytest.MonkeyPatch,
    line: np.ndarray,
    openings: dict[str, np.ndarray],
    written: str,
) -> None:
    monkeypatch.setenv(WEIGHTS_VARIABLE, written)
    assert np.array_equal(predict_mouth(line, _TIMES).values[:, 0], openings[CLEAN])


def test_the_caller_outvotes_the_environment(
    line: np.ndarray, openings: dict[str, np.ndarray]
) -> None:
    use_weights(CLEAN)
    assert chosen_weights() == CLEAN
    said = predict_mouth(line, _TIMES, weights=BEST).values[:, 0]
    assert np.array_equal(said, openings[BEST])


@pytest.mark.parametrize("name", ["cleanest", "../mouth_network", " "])
def test_unknown_ones_are_refused(line: np.ndarray, name: str) -> None:
    with pytest.raises(BadInputError, match="best, clean"):
        predict_mouth(line, _TIMES, weights=name)
    with pytest.raises(BadInputError, match="best, clean"):
        use_weights(name)


def test_an_unknown_choice_of_the_environment_is_refused(
    monkeypatch: pytest.MonkeyPatch, line: np.ndarray
) -> None:
    monkeypatch.setenv(WEIGHTS_VARIABLE, "finest")
    with pytest.raises(BadInputError, match="best, clean"):
        predict_mouth(line, _TIMES)
