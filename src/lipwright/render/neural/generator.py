"""A Wav2Lip-family generator in an ONNX file: what it takes, and running it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lipwright.errors import BadInputError, FailedError
from lipwright.render.neural.mel import BANDS, STEPS
from lipwright.render.neural.providers import AUTO, chosen_device, providers_for

_BATCH: Final = 8
"""Frames at once where the file leaves the number open. On a CPU more gains nothing."""

_ACCELERATED_BATCH: Final = 32
_FACE_CHANNELS: Final = 6
_SMALLEST, _LARGEST = 32, 1024
_QUIET: Final = 3
"""Only errors are logged."""


@dataclass(frozen=True)
class GeneratorShape:
    """What an ONNX file's own inputs say.

    Attributes
    ----------
    size
        Side of the square faces in pixels.
    batch
        Frames at once; 0 where the file leaves it open.
    face, mel
        Names of the two inputs.
    """

    size: int
    batch: int
    face: str
    mel: str


class Generator:
    """A loaded generator.

    Parameters
    ----------
    path
        The ONNX file.
    device
        See `lipwright.render.neural.providers.providers_for`; by default what the environment
        asks for.
    threads
        Threads of the CPU; 0 leaves it to onnxruntime, which takes all cores.

    Raises
    ------
    BadInputError
        field ``model``: it is no such generator; field ``neural_device``: see `providers_for`;
        field ``engine``: onnxruntime is not installed.
    """

    def __init__(self, path: Path, *, device: str | None = None, threads: int = 0) -> None:
        runtime = _runtime()
        wanted = device or chosen_device()
        providers = providers_for(wanted, runtime.get_available_providers())
        options = runtime.SessionOptions()
        options.log_severity_level = _QUIET
        options.intra_op_num_threads = threads
        # Threads that wait for the next batch must not keep the encoder from its cores.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if providers[0].startswith("Dml"):
            options.enable_mem_pattern = False  # DirectML does not work with it.
        try:
            self._session = runtime.InferenceSession(
                str(path), sess_options=options, providers=providers
            )
        except Exception as error:  # onnxruntime has a class per status and no common base.
            raise BadInputError(
                "model",
                "not_onnx",
                f"onnxruntime cannot load {path.name}: {_first_line(error)}",
            ) from error
        self.provider = str(self._session.get_providers()[0])
        if wanted != AUTO and self.provider != providers[0]:
            # onnxruntime goes on with the CPU where a device's libraries are missing.
            raise BadInputError(
                "neural_device", "no_device", f"onnxruntime knows {wanted} but cannot start it here"
            )
        self.shape = generator_shape(self._session.get_inputs(), self._session.get_outputs())
        usual = _BATCH if self.provider.startswith("CPU") else _ACCELERATED_BATCH
        self.batch = self.shape.batch or usual

    def __call__(
        self, faces: NDArray[np.float32], mels: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Generate faces.

        Parameters
        ----------
        faces
            (B, S, S, 3) float32, B, G, R in 0..1: the face to change, with its mouth.
        mels
            (B, 80, 16) float32.

        Returns
        -------
        (B, S, S, 3) float32, B, G, R in 0..1.

        Raises
        ------
        FailedError
            The network failed.
        """
        made = [
            self._run(faces[start : start + self.batch], mels[start : start + self.batch])
            for start in range(0, len(faces), self.batch)
        ]
        return np.concatenate(made) if made else faces

    def _run(self, faces: NDArray[np.float32], mels: NDArray[np.float32]) -> NDArray[np.float32]:
        count = len(faces)
        missing = self.shape.batch - count if self.shape.batch else 0
        if missing:  # A file with a fixed batch takes no less.
            faces = np.concatenate([faces, np.repeat(faces[-1:], missing, 0)])
            mels = np.concatenate([mels, np.repeat(mels[-1:], missing, 0)])
        inputs = {self.shape.face: network_input(faces), self.shape.mel: mels[:, None]}
        try:
            (made,) = self._session.run(None, inputs)
        except Exception as error:
            raise FailedError(
                "generator_failed", f"the neural generator failed: {_first_line(error)}"
            ) from error
        pictures = np.nan_to_num(np.asarray(made[:count], np.float32))
        return np.clip(pictures, 0.0, 1.0).transpose(0, 2, 3, 1)


def check_generator(path: Path) -> str:
    """Make sure that a file is a generator, by its shapes and by one run on the CPU.

    Returns
    -------
    What it takes, for people: ``faces 96x96``.

    Raises
    ------
    BadInputError
        See `Generator`; also field ``model``, reason ``wrong_shape``, if it draws something else.
    """
    generator = Generator(path, device="cpu")
    size = generator.shape.size
    made = generator(
        np.full((1, size, size, 3), 0.5, np.float32), np.zeros((1, BANDS, STEPS), np.float32)
    )
    if made.shape != (1, size, size, 3):
        raise BadInputError("model", "wrong_shape", f"it draws {list(made.shape)}, not faces")
    return f"faces {size}x{size}"


def network_input(faces: NDArray[np.float32]) -> NDArray[np.float32]:
    """(B, 6, S, S): the faces without their lower half, and the faces whole, as reference."""
    planes = faces.transpose(0, 3, 1, 2)
    masked = planes.copy()
    masked[:, :, planes.shape[2] // 2 :] = 0.0
    return np.concatenate([masked, planes], axis=1)


def generator_shape(inputs: Sequence[Any], outputs: Sequence[Any]) -> GeneratorShape:
    """Read what a generator takes from the file's own inputs and outputs.

    Parameters
    ----------
    inputs, outputs
        onnxruntime's descriptions: ``name``, ``shape``, ``type``.

    Raises
    ------
    BadInputError
        field ``model``, reason ``wrong_shape``: it is no generator of this family.
    """
    found = {_role(list(node.shape)): node for node in inputs}
    if len(inputs) != 2 or set(found) != {"face", "mel"} or len(outputs) != 1:
        raise _wrong_shape(inputs, outputs)
    face, mel = list(found["face"].shape), list(found["mel"].shape)
    made = list(outputs[0].shape)
    size, batch = face[2], _count(face[0])
    if len(made) != 4 or (made[1] not in (3, None) and isinstance(made[1], int)):
        raise _wrong_shape(inputs, outputs)
    if any(isinstance(side, int) and side != size for side in made[2:]):
        raise _wrong_shape(inputs, outputs)
    if batch != _count(mel[0]) or any(n.type != "tensor(float)" for n in (*inputs, *outputs)):
        raise _wrong_shape(inputs, outputs)
    return GeneratorShape(size, batch, found["face"].name, found["mel"].name)


def _role(shape: Sequence[object]) -> str:
    match shape:
        case [_, 6, int(height), int(width)] if height == width and (
            _SMALLEST <= height <= _LARGEST and height % 2 == 0
        ):
            return "face"
        case [_, 1, 80, 16]:
            return "mel"
        case _:
            return ""


def _count(side: object) -> int:
    return side if isinstance(side, int) else 0


def _wrong_shape(inputs: Sequence[Any], outputs: Sequence[Any]) -> BadInputError:
    def told(nodes: Sequence[Any]) -> str:
        return ", ".join(f"{node.name} {list(node.shape)} {node.type}" for node in nodes)

    return BadInputError(
        "model",
        "wrong_shape",
        f"a generator takes float faces [N, {_FACE_CHANNELS}, S, S] and mel windows "
        f"[N, 1, {BANDS}, {STEPS}] and gives [N, 3, S, S]; this takes {told(inputs)} "
        f"and gives {told(outputs)}",
    )


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise BadInputError(
            "engine",
            "no_onnxruntime",
            'neural engines need onnxruntime: pip install "lipwright[neural]", or the package '
            "onnxruntime-gpu or onnxruntime-directml in its place",
        ) from error
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
