"""As much of ComfyUI as its nodes touch, for tests: the same names, shapes and manners.

Where torch is missing, a stand-in gives NumPy arrays the four methods that are used.
"""

from __future__ import annotations

import shutil
import sys
import types
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pytest


class Interrupted(BaseException):
    """What ComfyUI throws when the user cancels."""


NUMBER = ("default", "min", "max", "step")
OPTIONS = {"INT": NUMBER, "FLOAT": NUMBER, "STRING": ("default", "multiline", "placeholder")}
"""What inputs with a field on the node may say beside what all may."""


class Kind:
    """A type of sockets, such as IMAGE."""

    Type = Any

    def __init__(self, name: str) -> None:
        self.name = name

    def Input(self, id: str, **options: Any) -> Socket:  # noqa: N802 - ComfyUI's name
        known = {"optional", "tooltip", "display_name", *OPTIONS.get(self.name, ())}
        assert set(options) <= known, f"{self.name} knows no {set(options) - known}"
        return Socket(self.name, id, options)

    def Output(self, **options: Any) -> Socket:  # noqa: N802 - ComfyUI's name
        return Socket(self.name, "", options)


@dataclass
class Socket:
    kind: str
    id: str
    options: dict[str, Any]


@dataclass
class Schema:
    node_id: str
    display_name: str
    category: str
    description: str
    inputs: list[Socket]
    outputs: list[Socket]


class NodeOutput:
    def __init__(self, *values: Any) -> None:
        self.args = values


class VideoFromFile:
    """A VIDEO that is a file; this one is always the right kind of file."""

    def __init__(self, file: str) -> None:
        self.file = file

    def save_to(self, path: str, format: Any, codec: Any) -> None:
        assert (format.value, codec.value) == ("mp4", "h264")
        shutil.copy(self.file, path)


class _Array(np.ndarray):
    """A tensor, as far as the nodes use one."""

    def detach(self) -> _Array:
        return self

    cpu = float = detach

    def numpy(self) -> np.ndarray:
        return np.asarray(self)


def _stand_in_for_torch() -> types.ModuleType:
    torch = types.ModuleType("torch")
    torch.from_numpy = lambda array: array.view(_Array)  # type: ignore[attr-defined]
    return torch


@dataclass
class Host:
    """What the nodes did to their host."""

    temp: Path
    steps: list[int] = field(default_factory=list)
    cancel_at: int | None = None

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Put the modules where the nodes import them from."""
        host = self

        class ProgressBar:
            def __init__(self, total: int) -> None:
                host.steps.clear()

            def update_absolute(self, value: int) -> None:
                host.steps.append(value)

        def throw() -> None:
            if host.cancel_at is not None and host.steps and host.steps[-1] >= host.cancel_at:
                raise Interrupted

        io = types.SimpleNamespace(
            ComfyNode=object,
            Schema=Schema,
            NodeOutput=NodeOutput,
            Custom=Kind,
            **{name: Kind(name.upper()) for name in ("Video", "Audio", "Image", "String")},
            **{name: Kind(name.upper()) for name in ("Int", "Float")},
        )
        modules: dict[str, dict[str, Any]] = {
            "comfy_api": {},
            "comfy_api.latest": {
                "ComfyExtension": object,
                "InputImpl": types.SimpleNamespace(VideoFromFile=VideoFromFile),
                "Types": types.SimpleNamespace(
                    VideoContainer=Enum("VideoContainer", {"MP4": "mp4"}),
                    VideoCodec=Enum("VideoCodec", {"H264": "h264"}),
                ),
                "io": io,
            },
            "comfy": {},
            "comfy.utils": {"ProgressBar": ProgressBar},
            "comfy.model_management": {"throw_exception_if_processing_interrupted": throw},
            "folder_paths": {"get_temp_directory": lambda: str(host.temp)},
        }
        for name, contents in modules.items():
            module = types.ModuleType(name)
            vars(module).update(contents)
            patch.setitem(sys.modules, name, module)
            parent, _, child = name.rpartition(".")
            if parent:
                setattr(sys.modules[parent], child, module)
        try:
            import torch  # noqa: F401
        except ImportError:
            patch.setitem(sys.modules, "torch", _stand_in_for_torch())
