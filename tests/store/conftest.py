from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lipwright.store.database import Database
from lipwright.store.objects import ObjectStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/lipwright.db")
    database.migrate()
    yield database
    database.close()


@pytest.fixture(params=["file", "memory"])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "file":
        return ObjectStore((tmp_path / "objects").as_uri())
    return ObjectStore("memory:///")
