"""The real service, and beside it a web server with the corpus and a canary that must not sing."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from limits import IDENTIFY_S, MEMORY_MB, PROBE_S  # noqa: E402


def _house() -> Any:
    spec = importlib.util.spec_from_file_location("e2e_house", HERE.parent / "e2e" / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Target:
    """A service under attack, and what is watched meanwhile."""

    def __init__(self, service: Any, web: Any) -> None:
        self.service = service
        self.web = web
        self.client = service.client
        self.sung: list[str] = []
        self.most_mb = 0.0
        self.cases: dict[str, int] = {}
        self.canary_url = f"{web.url}/canary.mp4"
        self.canary_file = web.folder / "canary-file.mp4"
        web.answers["/canary.mp4"] = self._sing
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._measure, daemon=True)
        self._watch.start()

    def _sing(self, handler: Any) -> None:
        self.sung.append(handler.path)
        handler.send_error(404)

    def _measure(self) -> None:
        while not self._over.wait(0.1):
            for process in self.service.family():
                try:
                    self.most_mb = max(self.most_mb, process.memory_info().rss / 1e6)
                except psutil.Error:
                    continue

    def close(self) -> None:
        self._over.set()
        self._watch.join()

    def offer(self, name: str, content: bytes) -> str:
        """Put a file where the service may fetch it, and return its URL."""
        return str(self.web.put(name, content))

    def count(self, kind: str, cases: int) -> None:
        """Note how many cases of a kind were run."""
        self.cases[kind] = self.cases.get(kind, 0) + cases

    def rows(self, table: str) -> int:
        """Count the rows of a table of the service's database."""
        connection = sqlite3.connect(self.service.data_dir / "lipwright.db")
        try:
            [(count,)] = connection.execute(f"select count(*) from {table}")
        finally:
            connection.close()
        return int(count)

    def column(self, query: str) -> set[str]:
        """Return the values that a query finds in the service's database."""
        connection = sqlite3.connect(self.service.data_dir / "lipwright.db")
        try:
            return {row[0] for row in connection.execute(query)}
        finally:
            connection.close()

    def files(self) -> set[str]:
        """Return the objects that the service keeps."""
        folder = self.service.data_dir / "objects"
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    def leftovers(self) -> list[str]:
        """Return temporary files, once the last answers' clearing up is done."""
        folder = self.service.data_dir / "tmp"
        for _ in range(600):
            left = [
                f"{place}/{name}"
                for place, _, names in os.walk(folder)  # which may vanish while it is looked at
                for name in names
                if name != "lock"
            ]
            if not left:
                break
            time.sleep(0.1)
        return left

    def lives(self) -> None:
        """Check that the service answers as if nothing had been."""
        assert self.service.process.poll() is None
        assert self.client.get("/healthz").status_code == 200


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    house = _house()
    web = house.Web(tmp_path_factory.mktemp("web"))
    service = house.Service(
        tmp_path_factory.mktemp("hostile") / "data",
        "--no-worker",
        child_memory_mb=str(MEMORY_MB),
        identify_timeout_s=str(IDENTIFY_S),
        probe_timeout_s=str(PROBE_S),
    )
    attacked = Target(service, web)
    yield attacked
    attacked.close()
    code = service.stop()
    web.close()
    total = sum(attacked.cases.values())
    print(f"\nhostile cases: {total} {attacked.cases}; most memory {attacked.most_mb:.0f} MB")
    assert code == 0


@pytest.fixture(scope="session")
def good_url(target: Target, tmp_path_factory: pytest.TempPathFactory) -> str:
    from films import film

    return target.offer("good.mp4", film(tmp_path_factory.mktemp("good")))


@pytest.fixture(scope="session")
def session_id(target: Target, good_url: str) -> str:
    """A session of the corpus' own face."""
    identified = target.service.identify(good_url)
    assert [face["face_id"] for face in identified["face_data"]] == ["0"]
    return str(identified["session_id"])
