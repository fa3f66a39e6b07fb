from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from lipwright.speech.network import load_network
from lipwright.speech.weights import FILES

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize("name", sorted(FILES))
def test_agrees_with_the_torch_twin(name: str) -> None:
    """``training/golden.py`` stored what PyTorch makes of the shipped weights."""
    with np.load(FIXTURES / f"network_{name}.npz") as golden:
        output = load_network(name)(golden["features"].astype(np.float32))
        assert output.values == pytest.approx(golden["values"], abs=2e-5)
        assert output.closed == pytest.approx(golden["closed"], abs=2e-4)
        assert output.voice == pytest.approx(golden["voice"], abs=2e-4)


@pytest.mark.parametrize("file_name", sorted(FILES.values()))
def test_weights_are_small(file_name: str) -> None:
    file = resources.files("lipwright.speech").joinpath(file_name)
    with resources.as_file(file) as path:
        assert path.stat().st_size < 2_000_000


@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_any_length(count: int) -> None:
    output = load_network()(np.zeros((count, 384), np.float32))
    assert output.values.shape == (count, 6)
    assert output.closed.shape == output.voice.shape == (count,)


def test_looks_no_further_than_its_reach() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(120, 384)).astype(np.float32)
    before = load_network()(features).values
    features[100:] += 1.0
    after = load_network()(features).values
    assert after[:70] == pytest.approx(before[:70], abs=1e-6)
    assert np.abs(after[95:] - before[95:]).max() > 1e-3


def test_features_are_only_worked_in_where_that_is_allowed() -> None:
    features = np.random.default_rng(1).normal(0, 1, (90, 384)).astype(np.float32)
    before = features.copy()
    kept = load_network()(features)
    assert np.array_equal(features, before)
    again = load_network()(features, overwrite=True)
    assert np.array_equal(kept.values, again.values)
    assert np.array_equal(kept.closed, again.closed)
