"""Sets everything up, and takes it down again."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from chaos.fleet import MARK, Fleet, Member
from chaos.journal import Journal
from chaos.media import BAD_SOUND, make_clip, make_sound
from chaos.proxy import Network, Proxy
from chaos.receiver import Receiver
from chaos.servers.ceph import Ceph
from chaos.servers.postgres import Postgres
from chaos.servers.process import free_port
from chaos.tables import Tables
from lipwright.jobs import engine
from lipwright.store.database import Database
from lipwright.store.keys import KeyStore
from lipwright.store.webhooks import WebhookSecrets

LINE = Path(__file__).resolve().parents[1] / "demo" / "line.wav"
PREFIX = "chaos"
SMALL_DISK_MB = 96


@dataclass(frozen=True)
class Options:
    """How large everything is."""

    apis: int = 2
    workers: int = 3
    tenants: int = 3
    lease_s: float = 5.0
    sweep_s: float = 30.0
    seed: int = 1


class Stage:
    """Servers, fleet, clients' secrets and media; use it inside an `ExitStack`."""

    def __init__(
        self,
        stack: ExitStack,
        options: Options,
        journal: Journal,
        *,
        near_database: bool = False,
    ) -> None:
        # A network that cannot be cut is faster, where that is what is measured.
        self._near_database = near_database
        self.run = secrets.token_hex(8)
        self.folder = Path(tempfile.mkdtemp(prefix="lipwright-chaos-"))
        stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        journal.note("set up", "PostgreSQL")
        self.postgres = Postgres()
        stack.callback(self.postgres.close)
        journal.note("set up", "Ceph")
        self.ceph = Ceph()
        stack.callback(self.ceph.close)
        self.network = stack.enter_context(Network())
        self.receiver = Receiver(options.seed)
        stack.callback(self.receiver.close)
        self.receiver.sounds |= {"good.wav": make_sound(LINE, 600), "bad.wav": BAD_SOUND}
        self.clip = self.folder / "clip.mp4"
        make_clip(self.clip)
        self.tables = Tables(self.postgres.url())
        stack.callback(self.tables.close)
        self.keys = self._make_tenants(options.tenants)
        self.proxies: dict[str, Proxy] = {}
        self.fleet = self._make_fleet(stack, options, journal)

    def _make_tenants(self, count: int) -> dict[str, str]:
        database = Database(self.postgres.url().replace("postgresql:", "postgresql+psycopg:"))
        database.migrate()
        engine.migrate(database)
        keys, webhooks = KeyStore(database), WebhookSecrets(database)
        made = {}
        for number in range(1, count + 1):
            tenant = f"tenant{number}"
            made[tenant] = keys.create(tenant)[1]
            self.receiver.secrets[tenant] = webhooks.rotate(tenant)
        database.close()
        return made

    def _make_fleet(self, stack: ExitStack, options: Options, journal: Journal) -> Fleet:
        fleet = Fleet(journal, random.Random(options.seed))
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LIPWRIGHT_", "AWS_")) or name == "LIPWRIGHT_MODELS_DIR"
        }
        shared = {
            **plain,
            **self.ceph.environment,
            MARK: self.run,
            "LIPWRIGHT_STORAGE_URL": f"s3://{self.ceph.bucket}/{PREFIX}",
            "LIPWRIGHT_SIGNING_SECRET": secrets.token_hex(32),
            "LIPWRIGHT_FETCH_ALLOW": "127.0.0.0/8",
            "LIPWRIGHT_FETCH_WAIT_S": "1",
            "LIPWRIGHT_LEASE_S": str(options.lease_s),
            "LIPWRIGHT_SWEEP_INTERVAL_S": str(options.sweep_s),
            "LIPWRIGHT_MIN_FREE_DISK_MB": "16",
        }

        def member(name: str, *command: str) -> Member:
            proxy = self.proxies[name] = self.network.proxy(self.postgres.port)
            folder = self.folder / name
            folder.mkdir()
            database_url = self.postgres.url(None if self._near_database else proxy.port)
            return Member(
                name, list(command), folder, {**shared, "LIPWRIGHT_DATABASE_URL": database_url}
            )

        for number in range(1, options.apis + 1):
            port = free_port()
            fleet.apis.append(member(f"api{number}", "serve", "--no-worker", "--port", str(port)))
            fleet.urls.append(f"http://127.0.0.1:{port}")
        for number in range(1, options.workers + 1):
            fleet.workers.append(member(f"worker{number}", "worker"))
        if fleet.workers:
            self._shrink_disk(stack, fleet.workers[0].folder, journal)
        return fleet

    def _shrink_disk(self, stack: ExitStack, folder: Path, journal: Journal) -> None:
        """Give a worker a small disk of its own, where we may."""
        command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_MB}m", "tmpfs", str(folder)]
        with suppress(OSError):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                stack.callback(subprocess.run, ["umount", "-l", str(folder)], check=False)
                return
        journal.note("set up", "no small disk can be mounted: files are limited instead")
