from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def doubles_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children find the doubles beside the tests by name."""
    monkeypatch.setenv("PYTHONPATH", str(HERE))
