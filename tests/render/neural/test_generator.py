"""Generators of several shapes, and files that are none."""

from __future__ import annotations

import networks
import numpy as np
import onnx
import pytest
from onnx import helper

from lipwright.errors import BadInputError
from lipwright.render.neural.generator import Generator, check_generator, network_input
from lipwright.render.neural.providers import DEVICE_VARIABLE


def some(count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    source = np.random.default_rng(count)
    faces = source.random((count, size, size, 3)).astype(np.float32)
    return faces, source.normal(0, 2, (count, 80, 16)).astype(np.float32)


@pytest.mark.parametrize("size", [96, 128, 192, 256])
def test_the_size_is_the_files_own(tmp_path, size):
    path = networks.published(tmp_path / "thin.onnx", size=size, width=0.03125)
    generator = Generator(path, threads=1)
    assert (generator.shape.size, generator.shape.batch) == (size, 0)
    made = generator(*some(2, size))
    assert made.shape == (2, size, size, 3)
    assert made.dtype == np.float32
    assert 0.0 <= made.min() < made.max() <= 1.0
    assert check_generator(path) == f"faces {size}x{size}"


def test_the_published_generator_has_its_published_numbers():
    """36.3 million trained numbers; normalisation's means and variances are not trained."""
    layers = networks.export.generator()
    trained = sum(int(np.prod(layer.shape)) + 3 * layer.outputs for layer in layers.layers())
    assert trained + 3 * 32 + 3 == 36_298_035


def test_the_lower_half_is_masked_and_the_reference_whole():
    faces, _ = some(1, 96)
    given = network_input(faces)
    assert given.shape == (1, 6, 96, 96)
    blue = faces[0, :, :, 0]
    assert (given[0, 3] == blue).all()
    assert (given[0, 0, :48] == blue[:48]).all()
    assert (given[0, :3, 48:] == 0).all()


def test_faces_come_back_in_their_own_order_of_colours(tmp_path):
    faces, mels = some(3, 96)
    assert (Generator(networks.echo(tmp_path / "e.onnx"))(faces, mels) == faces).all()


@pytest.mark.parametrize("count", [1, 4, 6])
def test_a_file_with_a_fixed_batch_is_filled_up(tmp_path, count):
    generator = Generator(networks.echo(tmp_path / "e.onnx", batch=4))
    assert generator.batch == generator.shape.batch == 4
    faces, mels = some(count, 96)
    assert (generator(faces, mels) == faces).all()


def test_many_frames_at_once_are_as_good_as_one(tmp_path):
    generator = Generator(networks.published(tmp_path / "thin.onnx", width=0.03125), threads=1)
    faces, mels = some(11, 96)
    together = generator(faces, mels)
    alone = np.concatenate([generator(f[None], m[None]) for f, m in zip(faces, mels, strict=True)])
    assert together == pytest.approx(alone, abs=1e-5)
    assert np.abs(together[0] - together[1]).max() > 0.01


def test_the_sound_counts(tmp_path):
    generator = Generator(networks.published(tmp_path / "thin.onnx", width=0.125), threads=1)
    faces, mels = some(2, 96)
    faces[1] = faces[0]
    made = generator(faces, mels)
    assert np.abs(made[0] - made[1]).max() > 1e-4


def graph(tmp_path, *inputs, made):
    """A network that takes anything and draws nothing."""
    kind = onnx.TensorProto.FLOAT
    ends = [helper.make_tensor_value_info(f"in{i}", kind, s) for i, s in enumerate(inputs)]
    out = helper.make_tensor_value_info("out", kind, made)
    drawn = [1, 3, *(96 if isinstance(side, str) else side for side in made[2:])]
    shape = onnx.numpy_helper.from_array(np.array(drawn), "shape")
    node = helper.make_node("ConstantOfShape", ["shape"], ["out"])
    model = helper.make_model(
        helper.make_graph([node], "other", ends, [out], [shape]),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    return networks.save(model, tmp_path / "other.onnx")


MEL, FACE = ("N", 1, 80, 16), ("N", 6, 96, 96)


@pytest.mark.parametrize(
    ("inputs", "made"),
    [
        ((MEL,), ("N", 3, 96, 96)),
        ((MEL, FACE, FACE), ("N", 3, 96, 96)),
        ((("N", 1, 80, 20), FACE), ("N", 3, 96, 96)),
        ((MEL, ("N", 3, 96, 96)), ("N", 3, 96, 96)),
        ((MEL, ("N", 6, 96, 128)), ("N", 3, 96, 96)),
        ((MEL, ("N", 6, "H", "W")), ("N", 3, 96, 96)),
        ((MEL, FACE), ("N", 3, 48, 48)),
        ((MEL, (4, 6, 96, 96)), ("N", 3, 96, 96)),
    ],
)
def test_what_is_no_generator_is_refused_by_its_shapes(tmp_path, inputs, made):
    with pytest.raises(BadInputError) as refused:
        Generator(graph(tmp_path, *inputs, made=made))
    assert (refused.value.field, refused.value.reason) == ("model", "wrong_shape")
    assert "[N, 6, S, S]" in refused.value.detail


def test_what_draws_other_shapes_than_it_says_is_refused(tmp_path):
    """Its file leaves the shape open; only a run shows that it draws half of the face."""
    nodes = [
        helper.make_node("ReduceMax", ["mel"], ["loudest"], keepdims=0),
        helper.make_node("Mul", ["loudest", "zero"], ["none"]),
        helper.make_node("Add", ["none", "half"], ["height"]),
        helper.make_node("Cast", ["height"], ["to"], to=onnx.TensorProto.INT64),
        helper.make_node("Slice", ["face", "from", "to", "axis"], ["part"]),
        helper.make_node("Slice", ["part", "from", "three", "one"], ["made"]),
    ]
    numbers = {"from": 0, "axis": 2, "three": 3, "one": 1}
    weights = {name: np.array([value], np.int64) for name, value in numbers.items()}
    weights |= {"zero": np.zeros(1, np.float32), "half": np.float32([48.0])}
    inputs = {"mel": MEL, "face": FACE}
    made = networks.export.model(nodes, inputs, {"made": ("N", 3, "H", "W")}, weights)
    with pytest.raises(BadInputError, match=r"draws \[1, 48, 96, 3\]"):
        check_generator(networks.save(made, tmp_path / "half.onnx"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a checkpoint", b"<html>"])
def test_what_is_not_onnx_is_refused(tmp_path, content):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(BadInputError) as refused:
        Generator(path)
    assert refused.value.field == "model"
    assert "weights.pth" in refused.value.detail or refused.value.reason == "wrong_shape"


def test_a_device_that_is_not_there(tmp_path, monkeypatch):
    path = networks.echo(tmp_path / "e.onnx")
    assert Generator(path, device="cpu").provider == "CPUExecutionProvider"
    monkeypatch.setenv(DEVICE_VARIABLE, "directml")
    with pytest.raises(BadInputError, match="no directml"):
        Generator(path)
