from __future__ import annotations

import json
from pathlib import Path

import pytest

from lipwright.cli.app import run
from lipwright.store.database import Database
from lipwright.store.keys import KeyStore


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("LIPWRIGHT_DATA_DIR", str(folder))
    return folder


def find_account(data_dir: Path, secret: str) -> str | None:
    database = Database(f"sqlite:///{data_dir / 'lipwright.db'}")
    try:
        return KeyStore(database).find_account(secret)
    finally:
        database.close()


def test_a_created_key_opens_its_account(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["keys", "create", "--name", "studio", "--account", "acme"]) == 0
    secret = capsys.readouterr().out.strip()
    assert find_account(data_dir, secret) == "acme"


def test_the_list_never_shows_the_secret(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["keys", "create", "--name", "studio", "--json"])
    secret = json.loads(capsys.readouterr().out)["key"]
    assert run(["keys", "list"]) == 0
    shown = capsys.readouterr().out
    assert "studio" in shown
    assert secret not in shown


def test_a_revoked_key_opens_nothing(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["keys", "create", "--json"])
    key = json.loads(capsys.readouterr().out)
    assert run(["keys", "revoke", key["id"]]) == 0
    assert find_account(data_dir, key["key"]) is None
    run(["keys", "list", "--json"])
    [row] = json.loads(capsys.readouterr().out)
    assert row["revoked"] is not None
    assert run(["keys", "revoke", key["id"]]) == 2


def test_the_data_folder_can_be_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other"
    assert run(["keys", "create", "--data-dir", str(other)]) == 0
    assert find_account(other, capsys.readouterr().out.strip()) == "default"


def test_no_keys_is_said(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "list"]) == 0
    assert "no keys" in capsys.readouterr().out
    assert run(["keys", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
