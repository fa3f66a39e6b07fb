"""The folder for ComfyUI, dropped into a stub of its host."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import shutil
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE)]

from comfy_host import Host, Interrupted, VideoFromFile  # noqa: E402

from lipwright.media.audio import read_track  # noqa: E402
from lipwright.media.probe import probe  # noqa: E402

FOLDER = HERE.parents[1] / "integrations" / "comfyui"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host(tmp_path / "temp")
    host.install(monkeypatch)
    return host


@pytest.fixture
def nodes(host: Host, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The nodes as ComfyUI gets them: by importing a copy of the folder under a name of its own."""
    folder = shutil.copytree(FOLDER, tmp_path / "custom_nodes" / "lipwright-nodes")
    package = load("custom_nodes_lipwright", folder)
    extension = asyncio.run(package.comfy_entrypoint())
    found = asyncio.run(extension.get_node_list())
    yield {node.define_schema().node_id: node for node in found}
    for name in [name for name in sys.modules if name.startswith("custom_nodes_lipwright")]:
        del sys.modules[name]


def load(name: str, folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def audio(path: Path, seconds: float) -> dict[str, Any]:
    """A line as ComfyUI has it: two channels, 16 kHz."""
    torch = sys.modules["torch"]
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        raw = file.readframes(round(seconds * rate))
    samples = np.frombuffer(raw, np.int16).astype(np.float32) / 32768
    stereo = np.ascontiguousarray(np.stack([samples, samples])[None])
    return {"waveform": torch.from_numpy(stereo), "sample_rate": rate}


def test_every_input_has_its_argument(nodes: dict[str, Any]) -> None:
    assert set(nodes) == {"LipwrightIdentify", "LipwrightSync"}
    for node in nodes.values():
        arguments = inspect.signature(node.execute).parameters
        schema = node.define_schema()
        assert {socket.id for socket in schema.inputs} == set(arguments)
        for socket in schema.inputs:
            has_default = arguments[socket.id].default is not inspect.Parameter.empty
            assert has_default == socket.options.get("optional", False)
    kinds = [socket.kind for socket in nodes["LipwrightIdentify"].define_schema().outputs]
    assert kinds == ["LIPWRIGHT_FACES", "IMAGE", "STRING"]


def test_a_line_goes_from_node_to_node(
    nodes: dict[str, Any], host: Host, portrait_clip: Path, spoken_line: Path
) -> None:
    video = VideoFromFile(str(portrait_clip))
    faces, portraits, table = nodes["LipwrightIdentify"].execute(video=video).args
    assert portraits.ndim == 4
    assert (portraits.shape[0], portraits.shape[3]) == (1, 3)
    picture = portraits.cpu().numpy()
    assert (picture.min() >= 0, picture.max() <= 1, picture.std() > 0.05) == (True, True, True)
    assert table.splitlines()[1].startswith("0\t0\t20")
    assert host.steps[-1] == 1000
    options = {"face_id": " ", "at_ms": 300, "volume": 1.0, "original_volume": 0.0}
    [result] = (
        nodes["LipwrightSync"]
        .execute(
            video=video,
            audio=audio(spoken_line, 1.5),
            faces=faces,
            transcript="The quick brown fox.",
            **options,
        )
        .args
    )
    assert host.steps == sorted(host.steps)
    made = Path(result.file)
    assert probe(made).duration_ms == 2000
    track = read_track(made, 16_000)
    assert track is not None
    assert np.abs(track[:4000]).max() < 0.01 < np.abs(track[8000:]).max()
    assert list(host.temp.iterdir()) == [made]


def test_cancel_ends_the_rendering_and_leaves_nothing(
    nodes: dict[str, Any], host: Host, portrait_clip: Path, spoken_line: Path
) -> None:
    host.cancel_at = 100
    with pytest.raises(Interrupted):
        nodes["LipwrightIdentify"].execute(video=VideoFromFile(str(portrait_clip)))
    assert list(host.temp.iterdir()) == []


def test_what_cannot_be_is_said(
    nodes: dict[str, Any], host: Host, faceless_clip: Path, spoken_line: Path
) -> None:
    with pytest.raises(ValueError, match="no face"):
        nodes["LipwrightIdentify"].execute(video=VideoFromFile(str(faceless_clip)))
    several = audio(spoken_line, 0.5)
    several["waveform"] = sys.modules["torch"].from_numpy(np.zeros((2, 1, 800), np.float32))
    with pytest.raises(ValueError, match="batch of 2"):
        nodes["LipwrightSync"].execute(
            video=VideoFromFile(str(faceless_clip)),
            audio=several,
            face_id="",
            at_ms=-1,
            volume=1.0,
            original_volume=1.0,
            transcript="",
        )
