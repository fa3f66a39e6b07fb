from __future__ import annotations

import pytest

from lipwright.errors import BadInputError
from lipwright.render.neural.providers import (
    DEVICE_VARIABLE,
    chosen_device,
    providers_for,
    use_device,
)

CPU, CUDA, COREML, DML = (
    "CPUExecutionProvider",
    "CUDAExecutionProvider",
    "CoreMLExecutionProvider",
    "DmlExecutionProvider",
)


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        ([CPU], [CPU]),
        (["AzureExecutionProvider", CPU], [CPU]),
        (["TensorrtExecutionProvider", CUDA, CPU], [CUDA, CPU]),
        ([COREML, "AzureExecutionProvider", CPU], [COREML, CPU]),
        ([DML, CPU], [DML, CPU]),
    ],
)
def test_auto_takes_the_fastest_that_is_there(available, expected):
    assert providers_for("auto", available) == expected


def test_a_device_can_be_asked_for():
    assert providers_for("cpu", [CUDA, CPU]) == [CPU]
    assert providers_for("cuda", [COREML, CUDA, CPU]) == [CUDA, CPU]
    assert providers_for("directml", [DML, CPU]) == [DML, CPU]


def test_a_device_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(BadInputError) as refused:
        providers_for("cuda", ["AzureExecutionProvider", CPU])
    assert (refused.value.field, refused.value.reason) == ("neural_device", "no_device")
    assert refused.value.detail.endswith("no cuda, only cpu")
    with pytest.raises(BadInputError, match="must be one of auto, cuda"):
        providers_for("abacus", [CPU])


def test_the_environment_chooses(monkeypatch):
    monkeypatch.setenv(DEVICE_VARIABLE, " CPU ")
    assert chosen_device() == "cpu"
    use_device("auto")
    assert chosen_device() == "auto"
    monkeypatch.delenv(DEVICE_VARIABLE)
    assert chosen_device() == "auto"
