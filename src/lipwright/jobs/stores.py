"""Everything that a process of the service opens once: database, objects, secret, scratch."""

from __future__ import annotations

from typing import Self

from lipwright.jobs import engine
from lipwright.jobs.scratch import Scratch, remove_orphans
from lipwright.settings import Settings
from lipwright.store.artifacts import Artifacts
from lipwright.store.database import Database
from lipwright.store.keys import KeyStore
from lipwright.store.leases import Leases
from lipwright.store.objects import ObjectStore
from lipwright.store.signing import FileSeal, Signer, server_secret
from lipwright.store.webhooks import WebhookSecrets


class Stores:
    """The open stores of one process; use it as a context manager.

    Opening migrates the database.
    """

    def __init__(self, settings: Settings) -> None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.database = Database(settings.database_url)
        self.database.migrate()
        engine.migrate(self.database)
        self.objects = ObjectStore(settings.storage_url)
        self.artifacts = Artifacts(self.database, self.objects)
        self.leases = Leases(self.database)
        secret = server_secret(settings)
        self.keys = KeyStore(self.database, secret)
        self.signer = Signer(secret)
        self.file_seal = FileSeal(secret)
        self.webhooks = WebhookSecrets(self.database)
        # A machine without a worker has no sweep: what its dead left behind goes with each start.
        remove_orphans(settings.temp_dir)
        self.scratch = Scratch(settings.temp_dir)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and remove this process's temporary files."""
        self.scratch.close()
        self.database.close()
