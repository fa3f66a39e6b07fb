from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lipwright.cli.app import run


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPWRIGHT_DATA_DIR", str(tmp_path / "data"))


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert run(["accounts", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_account_is_made_credited_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["accounts", "create", "acme", "--prepaid", "--concurrency", "5"]) == 0
    assert run(["accounts", "create", "acme"]) == 2
    assert run(["accounts", "credit", "acme", "10.5"]) == 0
    assert run(["accounts", "credit", "acme", "--", "-0.000001"]) == 0
    account = shown(capsys, "show", "acme")
    assert account["balance"] == "10.499999"
    assert (account["prepaid"], account["concurrency"], account["rate"]) == (True, 5, None)
    assert account["movements"] == {"credit": {"count": 2, "ptc": "10.499999"}}
    assert run(["accounts", "set", "acme", "--postpaid", "--rate", "60"]) == 0
    account = shown(capsys, "show", "acme")
    assert (account["prepaid"], account["concurrency"], account["rate"]) == (False, 5, 60)
    assert run(["accounts", "set", "acme", "--running", "2", "--priority", "high"]) == 0
    account = shown(capsys, "show", "acme")
    assert (account["running"], account["priority"]) == (2, "high")
    assert run(["accounts", "show", "acme"]) == 0
    assert "credit" in capsys.readouterr().out


def test_a_key_makes_its_account(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, "list") == []
    run(["keys", "create", "--account", "acme"])
    assert [row["account"] for row in shown(capsys, "list")] == ["acme"]


@pytest.mark.parametrize(
    "words",
    [
        ["show", "nobody"],
        ["set", "nobody", "--prepaid"],
        ["credit", "nobody", "1"],
        ["create", "a/b"],
        ["credit", "acme", "much"],
        ["credit", "acme", "0"],
        ["credit", "acme", "0.0000001"],
        ["credit", "acme", "NaN"],
        ["credit", "acme", "1e99"],
    ],
)
def test_nonsense_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(["accounts", "create", "acme"])
    assert run(["accounts", *words]) == 2
    assert shown(capsys, "show", "acme")["balance"] == "0"
