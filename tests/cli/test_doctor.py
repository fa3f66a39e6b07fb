from __future__ import annotations

import json
from pathlib import Path

import pytest

from lipwright.cli.app import run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPWRIGHT_DATA_DIR", str(tmp_path / "data"))


def test_what_is_wrong_is_said_with_what_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIPWRIGHT_MODELS_DIR", str(tmp_path / "models"))
    assert run(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "BAD   models    face_landmarker: face_landmarker.task is missing" in shown
    assert "-> lipwright models pull face_landmarker" in shown
    assert shown.endswith("2 thing(s) to mend\n")
    assert not (tmp_path / "models").exists()


def test_for_a_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIPWRIGHT_MODELS_DIR", str(tmp_path / "models"))
    assert run(["doctor", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert {row["check"] for row in rows} >= {"models", "codecs", "database", "storage", "disk"}
    assert {row["state"] for row in rows if row["check"] == "models"} == {"bad"}
    assert {row["state"] for row in rows if row["check"] == "codecs"} == {"ok"}


def test_warnings_are_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIPWRIGHT_CHILD_MEMORY_MB", "90000000")
    assert run(["doctor"]) == 0
    shown = capsys.readouterr().out
    assert "warn  memory" in shown
    assert "nothing keeps it from working" in shown
