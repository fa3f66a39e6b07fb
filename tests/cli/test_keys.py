from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from pathlib import Path

import jwt
import pytest

from lipwright.cli.app import run
from lipwright.store.credentials import authenticate
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
        key = KeyStore(database).find(secret)
        return key and key.account_id
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


def test_scopes_expiry_and_last_use_are_listed(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["keys", "create", "--scope", "read", "--expires", "90d", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    run(["keys", "create", "--expires", "2999-12-31"])
    capsys.readouterr()
    run(["keys", "list", "--json"])
    first, second = json.loads(capsys.readouterr().out)
    assert first == {name: value for name, value in made.items() if name != "key"}
    assert (first["scopes"], first["last_used"]) == ("read", None)
    created, expires = (datetime.fromisoformat(first[name]) for name in ("created", "expires"))
    assert timedelta(days=89, hours=23) < expires - created <= timedelta(days=90, seconds=1)
    assert (second["scopes"], second["expires"]) == ("write", "2999-12-31T00:00:00Z")


@pytest.mark.parametrize(
    "options",
    [
        ["--scope", "everything"],
        ["--expires", "soon"],
        ["--expires", "2001-01-01"],
        ["--expires", "0h"],
        ["--account", "../x"],
    ],
)
def test_bad_options_make_no_key(data_dir: Path, options: list[str]) -> None:
    assert run(["keys", "create", *options]) == 2
    assert run(["keys", "list"]) == 0


def test_a_pair_signs_tokens_for_this_server(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["keys", "create", "--jwt", "--account", "acme"]) == 0
    words = capsys.readouterr().out.split()
    assert words[::2] == ["AccessKey", "SecretKey"]
    token = jwt.encode({"iss": words[1], "exp": time.time() + 60}, words[3], algorithm="HS256")
    database = Database(f"sqlite:///{data_dir / 'lipwright.db'}")
    secret = (data_dir / "signing-secret").read_bytes()
    try:
        assert authenticate(KeyStore(database, secret), token).account_id == "acme"
    finally:
        database.close()
    run(["keys", "list"])
    assert words[1] in capsys.readouterr().out
    assert run(["keys", "revoke", words[1]]) == 0


def test_no_keys_is_said(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["keys", "list"]) == 0
    assert "no keys" in capsys.readouterr().out
    assert run(["keys", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
