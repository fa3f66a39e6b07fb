"""A rolling upgrade: two versions of the service at work side by side on one PostgreSQL."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from chaos.checks import Checks
from chaos.drain import drain, result_of
from chaos.fleet import Member
from chaos.journal import Journal
from chaos.load import Load
from chaos.receiver import Receiver
from chaos.releases import REPOSITORY, first_release, next_release
from chaos.servers.process import free_port
from chaos.tables import Tables
from obstore.store import LocalStore

from chaos import media
from databases import fresh_database
from real_servers import needing, postgres_lacks

TENANTS = ("alice", "bob")
ENOUGH = 4
"""So many tasks must end while old, both, and only new processes are there."""

PRESENT = REPOSITORY / "src"


class Upgrade:
    """Old and new processes on one database, one folder of objects, and the clients' load."""

    def __init__(self, stack: ExitStack, folder: Path, url: str, old: Path, new: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._sources = {"old": old, "new": new}
        self._shared = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("LIPWRIGHT_", "AWS_"))},
            **{k: v for k, v in os.environ.items() if k == "LIPWRIGHT_MODELS_DIR"},
            "LIPWRIGHT_DATABASE_URL": url,
            "LIPWRIGHT_STORAGE_URL": (folder / "objects").as_uri(),
            "LIPWRIGHT_SIGNING_SECRET": "a secret that all of them share",
            "LIPWRIGHT_FETCH_ALLOW": "127.0.0.0/8",
            "LIPWRIGHT_FETCH_WAIT_S": "1",
            "LIPWRIGHT_MIN_FREE_DISK_MB": "0",
        }
        self.urls: list[str] = []
        self.tables = Tables(url.replace("postgresql+psycopg:", "postgresql:"))
        stack.callback(self.tables.close)

    def environment(self, release: str) -> dict[str, str]:
        return {**self._shared, "PYTHONPATH": str(self._sources[release])}

    def start(self, release: str, name: str, *command: str) -> Member:
        folder = self._folder / f"{release}-{name}"
        folder.mkdir()
        member = Member(name, list(command), folder, self.environment(release))
        self._stack.callback(member.kill)
        member.start()
        return member

    def start_api(self, release: str) -> Member:
        port = free_port()
        api = self.start(release, "api", "serve", "--no-worker", "--port", str(port))
        url = f"http://127.0.0.1:{port}"

        def ready() -> bool:
            assert api.runs, api.log.read_text()
            try:
                return httpx.get(f"{url}/readyz", timeout=60, trust_env=False).is_success
            except httpx.TransportError:
                return False

        wait_until(ready)
        self.urls.append(url)
        return api

    def make_key(self, tenant: str) -> str:
        made = subprocess.run(
            [sys.executable, "-m", "lipwright", "keys", "create", "--account", tenant, "--json"],
            env=self.environment("old"),
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        key: str = json.loads(made.stdout)["key"]
        return key

    def ended(self) -> int:
        return self.tables.count("select count(*) from tasks where status = 'succeed'")


def wait_until(done: Callable[[], bool], within_s: float = 900.0) -> None:
    deadline = time.monotonic() + within_s
    while not done():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.2)


@pytest.fixture(params=[needing("postgres", postgres_lacks())])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with fresh_database(request.param, tmp_path) as made:
        yield made


@pytest.mark.parametrize("step", ["from the first release", "to another version"])
def test_old_and_new_side_by_side_lose_nothing(step: str, url: str, tmp_path: Path) -> None:
    if step == "from the first release":
        old, new = first_release(tmp_path / "first"), PRESENT
        if old is None:
            pytest.skip("the history does not reach back to the first release")
    else:
        old, new = PRESENT, next_release(tmp_path / "next")
    with ExitStack() as stack:
        upgrade = Upgrade(stack, tmp_path, url, old, new)
        receiver = Receiver(1)
        stack.callback(receiver.close)
        receiver.sounds |= {
            "good.wav": media.make_sound(REPOSITORY / "demo" / "line.wav", 600),
            "bad.wav": media.BAD_SOUND,
        }
        clip = tmp_path / "clip.mp4"
        media.make_clip(clip)

        old_api = upgrade.start_api("old")
        old_workers = [upgrade.start("old", f"worker{n}", "worker") for n in (1, 2)]
        keys = {tenant: upgrade.make_key(tenant) for tenant in TENANTS}
        for tenant, key in keys.items():
            answer = httpx.post(
                f"{upgrade.urls[0]}/v1/lipwright/webhook-secret",
                headers={"Authorization": f"Bearer {key}"},
                trust_env=False,
                timeout=300,
            )
            receiver.secrets[tenant] = answer.json()["data"]["secret"]
        journal = Journal(quiet=True)
        load = Load(upgrade.urls, keys, receiver, clip, 40, random.Random(1), journal)
        stack.callback(load.close)
        load.start()
        wait_until(lambda: upgrade.ended() >= ENOUGH)

        new_api = upgrade.start_api("new")
        new_worker = upgrade.start("new", "worker", "worker")
        before = upgrade.ended()
        wait_until(lambda: upgrade.ended() >= before + ENOUGH)
        assert old_workers[0].stop() == 0
        assert old_api.stop() == 0
        assert old_workers[1].stop() == 0
        before = upgrade.ended()
        wait_until(lambda: upgrade.ended() >= before + ENOUGH)
        assert new_api.runs
        assert new_worker.runs

        load.stop()
        drain(upgrade.tables, journal)
        store = LocalStore(str(tmp_path / "objects"))
        findings = Checks(upgrade.tables, store, "", load, receiver).all(
            lambda order: result_of(load, order)
        )
        assert new_api.stop() == 0
        assert new_worker.stop() == 0
    assert {name: wrong for name, wrong in findings.wrong.items() if wrong} == {}
