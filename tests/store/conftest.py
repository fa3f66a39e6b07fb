from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from databases import KINDS, fresh_database
from lipwright.store.database import Database
from lipwright.store.objects import ObjectStore
from real_servers import needing, s3, s3_lacks


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture(params=["file", "memory", needing("s3", s3_lacks())])
def objects(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ObjectStore:
    if request.param == "s3":
        for name, value in s3().environment.items():
            monkeypatch.setenv(name, value)
        return ObjectStore(f"s3://{s3().bucket}/{secrets.token_hex(8)}")
    if request.param == "file":
        return ObjectStore((tmp_path / "objects").as_uri())
    return ObjectStore("memory:///")
