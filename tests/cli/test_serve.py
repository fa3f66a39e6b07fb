from __future__ import annotations

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
