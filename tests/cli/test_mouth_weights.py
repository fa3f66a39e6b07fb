"""The choice of mouth weights: by an option, by the environment, by a ``.env`` file."""

from __future__ import annotations

from pathlib import Path

import pytest

from lipwright.cli.configuration import read_settings
from lipwright.cli.weights import have_weights
from lipwright.errors import BadInputError
from lipwright.speech.weights import WEIGHTS_VARIABLE, chosen_weights


@pytest.fixture(autouse=True)
def _nothing_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    # Set and taken back, so that what a command sets is taken back too.
    monkeypatch.setenv(WEIGHTS_VARIABLE, "best")
    monkeypatch.setenv("LIPWRIGHT_MODELS_DIR", str(read_settings().models_dir))
    monkeypatch.delenv(WEIGHTS_VARIABLE)


def test_the_best_ones_are_the_default() -> None:
    have_weights()
    assert chosen_weights() == "best"


def test_a_file_chooses_for_this_process_and_its_children(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{WEIGHTS_VARIABLE}=clean\n")
    have_weights()
    assert chosen_weights() == "clean"


def test_an_option_outvotes_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WEIGHTS_VARIABLE, "clean")
    have_weights(read_settings(mouth_weights="best"))
    assert chosen_weights() == "best"


def test_an_unknown_name_is_refused_by_its_option() -> None:
    with pytest.raises(BadInputError, match="'best' or 'clean'") as refused:
        read_settings(mouth_weights="finest")
    assert refused.value.field == "--mouth-weights"
