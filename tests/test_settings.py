from __future__ import annotations

import os
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from lipwright.settings import Settings, user_folder


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("LIPWRIGHT_"):
            monkeypatch.delenv(name)


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_database_and_files_lie_in_the_data_folder(tmp_path: Path) -> None:
    found = settings(data_dir=tmp_path)
    assert found.database_url == f"sqlite:///{tmp_path}/lipwright.db"
    assert found.storage_url == (tmp_path / "objects").as_uri()


def test_variables_and_a_file_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("LIPWRIGHT_PORT=9000\nLIPWRIGHT_HOST=0.0.0.0\nOTHER=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIPWRIGHT_PORT", "9001")
    monkeypatch.setenv("LIPWRIGHT_FETCH_ALLOW", "10.0.0.0/8, fd00::/8")
    found = Settings()
    assert (found.port, found.host) == (9001, "0.0.0.0")
    assert found.fetch_allow == (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def test_the_data_folder_follows_the_users_habit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert user_folder("data") == Path("/somewhere/lipwright")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert user_folder("data") == Path.home() / ".local/share/lipwright"


def test_prices_are_whole_micro_ptc() -> None:
    assert settings().price_identify_micro_ptc == 7_000
    assert settings().price_lipsync_micro_ptc == 70_000
    with pytest.raises(ValidationError):
        settings(price_lipsync="0.0000001")


def test_postgres_urls_get_the_driver() -> None:
    for url in ("postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"):
        assert settings(database_url=url).database_url == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize(
    "values",
    [
        {"database_url": "mysql://h/d"},
        {"public_url": "dub.example"},
        {"fetch_allow": "everything"},
        {"port": 70000},
        {"worker_concurrency": 0},
    ],
)
def test_bad_values_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings(**values)


def test_a_child_process_gets_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = settings(
        data_dir=tmp_path,
        signing_secret="s3cret",
        fetch_allow="10.0.0.0/8,192.168.0.0/16",
        public_url="https://dub.example/",
    )
    assert found.public_url == "https://dub.example"
    for name, value in found.to_environment().items():
        monkeypatch.setenv(name, value)
    assert settings() == found
    assert "s3cret" not in repr(found)
