from __future__ import annotations

from pathlib import Path

import pytest

from lipwright.cli.app import run
from lipwright.settings import Settings


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_help_lists_every_setting(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert run([command, "--help"]) == 0
    shown = capsys.readouterr().out
    for name in Settings.model_fields:
        assert f"LIPWRIGHT_{name.upper()}" in shown


def test_migrating_twice_changes_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIPWRIGHT_DATA_DIR", str(tmp_path))
    assert run(["migrate"]) == 0
    assert "from nothing to version" in capsys.readouterr().err
    assert run(["migrate"]) == 0
    assert "up to date" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--queues", "tpu"], ["--queues", ","], ["--concurrency", "0"]])
def test_a_worker_refuses_what_it_cannot_be(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["worker", *words]) == 2
    assert "worker" in capsys.readouterr().err
