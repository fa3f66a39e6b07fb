"""Where a network runs: which of onnxruntime's providers are there, and which one is wanted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from lipwright.errors import BadInputError

DEVICE_VARIABLE: Final = "LIPWRIGHT_NEURAL_DEVICE"
AUTO: Final = "auto"

_PROVIDERS: Final = {
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
"""By our name for the device, the fastest first."""


def chosen_device() -> str:
    """The device that the environment asks for, ``auto`` if it asks for none."""
    return os.environ.get(DEVICE_VARIABLE, "").strip().lower() or AUTO


def use_device(name: str) -> None:
    """Make this process and its children run networks on a device."""
    os.environ[DEVICE_VARIABLE] = name


def providers_for(device: str, available: Sequence[str]) -> list[str]:
    """Providers in the order in which onnxruntime shall try them.

    Parameters
    ----------
    device
        ``auto``, ``cpu``, ``cuda``, ``coreml`` or ``directml``.
    available
        What this build of onnxruntime offers.

    Returns
    -------
    Names of providers; the CPU is always the last one, for what the others cannot compute.

    Raises
    ------
    BadInputError
        field ``neural_device``: an unknown device, or one that this build does not have.
    """
    if device == AUTO:
        return [provider for provider in _PROVIDERS.values() if provider in available]
    if device not in _PROVIDERS:
        known = ", ".join([AUTO, *_PROVIDERS])
        raise BadInputError("neural_device", "bad_setting", f"must be one of {known}")
    wanted = _PROVIDERS[device]
    if wanted not in available:
        here = ", ".join(name for name, provider in _PROVIDERS.items() if provider in available)
        raise BadInputError(
            "neural_device",
            "no_device",
            f"the onnxruntime that is installed has no {device}, only {here}",
        )
    return list(dict.fromkeys([wanted, _PROVIDERS["cpu"]]))
