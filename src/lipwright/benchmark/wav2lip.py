"""The published Wav2Lip generator as an ONNX graph, without PyTorch.

It is written layer by layer, as the paper's model lists them. With random weights it draws noise,
but its shapes, time and memory are those of the real one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lipwright.errors import BadInputError

Weights = Mapping[str, NDArray[np.floating[Any]]]

OPSET = 17
IR_VERSION = 8
MEL = (80, 16)
PUBLISHED_SIZE = 96

ENCODER_RESIDUALS = (0, 2, 3, 2, 2, 1)
DECODER_CHANNELS = (512, 512, 512, 384, 256, 128, 64)
NARROWEST = 16


@dataclass(frozen=True)
class Layer:
    """One convolution with batch normalisation and ReLU; ``up`` makes it a transposed one."""

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: tuple[int, int] = (1, 1)
    pad: int = 0
    residual: bool = False
    up: bool = False

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of the weight."""
        ends = (self.inputs, self.outputs) if self.up else (self.outputs, self.inputs)
        return (*ends, self.kernel, self.kernel)


@dataclass(frozen=True)
class Generator:
    """The layer list: blocks of the face's encoder, the sound's encoder, the decoder, the end."""

    face: tuple[tuple[Layer, ...], ...]
    audio: tuple[Layer, ...]
    decoder: tuple[tuple[Layer, ...], ...]
    last: Layer
    outputs: int

    def layers(self) -> Iterator[Layer]:
        """All of them but the last 1x1 convolution."""
        for block in (*self.face, self.audio, *self.decoder, (self.last,)):
            yield from block


def generator(size: int = PUBLISHED_SIZE, width: float = 1.0) -> Generator:
    """List the layers for faces of a size; ``width`` is a factor on the numbers of channels.

    96 is the published model. Larger ones have further halvings before the same bottom.
    """
    sides = [size]
    while sides[-1] > 4:
        if sides[-1] % 2:
            raise BadInputError(
                "model", "wrong_shape", f"faces of {size} pixels cannot be halved down to 3 or 4"
            )
        sides.append(sides[-1] // 2)

    def wide(channels: int) -> int:
        return max(1, round(channels * width))

    def residuals(name: str, first: int, channels: int, count: int) -> list[Layer]:
        return [
            Layer(f"{name}.{first + i}", channels, channels, 3, pad=1, residual=True)
            for i in range(count)
        ]

    channels = [wide(min(NARROWEST << level, 512)) for level in range(len(sides))]
    bottom = wide(512)
    face: list[tuple[Layer, ...]] = [(Layer("face_encoder_blocks.0.0", 6, channels[0], 7, pad=3),)]
    for level in range(1, len(sides)):
        name = f"face_encoder_blocks.{level}"
        down = Layer(f"{name}.0", channels[level - 1], channels[level], 3, (2, 2), 1)
        count = ENCODER_RESIDUALS[min(level, len(ENCODER_RESIDUALS) - 1)]
        face.append((down, *residuals(name, 1, channels[level], count)))
    name = f"face_encoder_blocks.{len(sides)}"
    face.append(
        (Layer(f"{name}.0", channels[-1], bottom, sides[-1]), Layer(f"{name}.1", bottom, bottom, 1))
    )

    audio: list[Layer] = []
    for inputs, outputs, stride, pad, kernel, count in (
        (1, wide(32), (1, 1), 1, 3, 2),
        (wide(32), wide(64), (3, 1), 1, 3, 2),
        (wide(64), wide(128), (3, 3), 1, 3, 2),
        (wide(128), wide(256), (3, 2), 1, 3, 1),
        (wide(256), bottom, (1, 1), 0, 3, 0),
        (bottom, bottom, (1, 1), 0, 1, 0),
    ):
        here = len(audio)
        audio.append(Layer(f"audio_encoder.{here}", inputs, outputs, kernel, stride, pad))
        audio += residuals("audio_encoder", here + 1, outputs, count)

    skipped = [bottom, *reversed(channels)]
    decoder: list[tuple[Layer, ...]] = [(Layer("face_decoder_blocks.0.0", bottom, bottom, 1),)]
    for level in range(1, len(skipped)):
        name = f"face_decoder_blocks.{level}"
        inputs = decoder[-1][-1].outputs + skipped[level - 1]
        outputs = wide(DECODER_CHANNELS[min(level, len(DECODER_CHANNELS) - 1)])
        if level == 1:
            first = Layer(f"{name}.0", inputs, outputs, sides[-1], up=True)
        else:
            first = Layer(f"{name}.0", inputs, outputs, 3, (2, 2), 1, up=True)
        decoder.append((first, *residuals(name, 1, outputs, 1 if level == 1 else 2)))
    narrow = wide(32)
    last = Layer("output_block.0", decoder[-1][-1].outputs + channels[0], narrow, 3, pad=1)
    return Generator(tuple(face), tuple(audio), tuple(decoder), last, narrow)


def random_weights(layers: Generator, seed: int = 0) -> dict[str, NDArray[np.floating[Any]]]:
    """Weights that keep the signal's size from layer to layer."""
    source = np.random.default_rng(seed)
    out: dict[str, NDArray[np.floating[Any]]] = {}
    for layer in layers.layers():
        fan = layer.inputs * layer.kernel**2
        deviation = np.sqrt(2.0 / fan) * (0.5 if layer.residual else 1.0)
        if layer.up and layer.stride != (1, 1):
            deviation *= 2.0
        if layer.up and layer.stride == (1, 1):
            deviation *= layer.kernel
        out |= _block(layer, source.normal(0.0, deviation, layer.shape))
    out["output_block.1.weight"] = source.normal(
        0.0, np.sqrt(1.0 / layers.outputs), (3, layers.outputs, 1, 1)
    )
    out["output_block.1.bias"] = np.zeros(3)
    return {name: values.astype(np.float32) for name, values in out.items()}


def _block(layer: Layer, weight: NDArray[np.floating[Any]]) -> dict[str, NDArray[np.floating[Any]]]:
    ones, zeros = np.ones(layer.outputs), np.zeros(layer.outputs)
    convolution, norm = f"{layer.name}.conv_block.0", f"{layer.name}.conv_block.1"
    return {
        f"{convolution}.weight": weight,
        f"{convolution}.bias": zeros,
        f"{norm}.weight": ones,
        f"{norm}.bias": zeros,
        f"{norm}.running_mean": zeros,
        f"{norm}.running_var": ones,
    }


class _Graph:
    """Nodes and weights as they come."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.used: list[str] = []

    def weight(self, name: str, shape: tuple[int, ...]) -> str:
        """Name of a weight that is in the file."""
        if name not in self.weights:
            raise _other_architecture(f"the checkpoint has no {name}")
        if self.weights[name].shape != shape:
            raise _other_architecture(
                f"{name} has the shape {self.weights[name].shape}, not {shape}"
            )
        self.used.append(name)
        return name

    def add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        """Append a node and name its output."""
        out = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def layer(self, layer: Layer, source: str) -> str:
        """Convolution, normalisation, residual, ReLU."""
        convolution, norm = f"{layer.name}.conv_block.0", f"{layer.name}.conv_block.1"
        more: dict[str, Any] = {}
        if layer.up and layer.stride != (1, 1):
            more["output_padding"] = [1, 1]
        out = self.add(
            "ConvTranspose" if layer.up else "Conv",
            [
                source,
                self.weight(f"{convolution}.weight", layer.shape),
                self.weight(f"{convolution}.bias", (layer.outputs,)),
            ],
            kernel_shape=[layer.kernel] * 2,
            strides=list(layer.stride),
            pads=[layer.pad] * 4,
            **more,
        )
        kinds = ("weight", "bias", "running_mean", "running_var")
        scale = [self.weight(f"{norm}.{kind}", (layer.outputs,)) for kind in kinds]
        out = self.add("BatchNormalization", [out, *scale], epsilon=1e-5)
        if layer.residual:
            out = self.add("Add", [out, source])
        return self.add("Relu", [out])


def build(
    layers: Generator, weights: Weights, size: int = PUBLISHED_SIZE, batch: int | None = None
) -> onnx.ModelProto:
    """Write the graph; ``batch`` fixes how many faces it takes at once."""
    graph = _Graph(weights)
    sound = "mel"
    for layer in layers.audio:
        sound = graph.layer(layer, sound)
    picture, seen = "face", []
    for block in layers.face:
        for layer in block:
            picture = graph.layer(layer, picture)
        seen.append(picture)
    out = sound
    for block in layers.decoder:
        for layer in block:
            out = graph.layer(layer, out)
        out = graph.add("Concat", [out, seen.pop()], axis=1)
    out = graph.layer(layers.last, out)
    out = graph.add(
        "Conv",
        [
            out,
            graph.weight("output_block.1.weight", (3, layers.outputs, 1, 1)),
            graph.weight("output_block.1.bias", (3,)),
        ],
    )
    graph.nodes.append(helper.make_node("Sigmoid", [out], ["made"]))
    number: int | str = batch or "N"
    return model(
        graph.nodes,
        {"mel": (number, 1, *MEL), "face": (number, 6, size, size)},
        {"made": (number, 3, size, size)},
        {name: weights[name] for name in graph.used},
    )


def model(
    nodes: list[onnx.NodeProto],
    inputs: Mapping[str, tuple[int | str, ...]],
    outputs: Mapping[str, tuple[int | str, ...]],
    weights: Weights,
) -> onnx.ModelProto:
    """Wrap nodes as a model that older runtimes read, too."""

    def described(ends: Mapping[str, tuple[int | str, ...]]) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
            for name, shape in ends.items()
        ]

    made = helper.make_model(
        helper.make_graph(
            nodes,
            "generator",
            described(inputs),
            described(outputs),
            [numpy_helper.from_array(value, name) for name, value in weights.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(made)
    return made


def _other_architecture(detail: str) -> BadInputError:
    return BadInputError("model", "wrong_shape", f"{detail}: it is of another architecture")
