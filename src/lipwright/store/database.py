"""One database, SQLite or PostgreSQL, with transactions that say what they want to do."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.orm import Session

BUSY_TIMEOUT_MS = 30_000
_RETRY_SECONDS = 0.05
SCHEMA_VERSION = "0002"
VERSION_TABLE = "schema_version"
_FIRST_VERSION_TABLE = "alembic_version"
"""Where the first release kept the version. It refuses to start on any but its own, although it
could work with later ones, so later versions are kept elsewhere and it goes on finding its own."""
_MIGRATION_LOCK = 0x6C697077  # "lipw": any number that all lipwrights share


class Database:
    """An engine and the transactions on it; thread-safe.

    Parameters
    ----------
    url
        ``sqlite:///FILE`` or ``postgresql+psycopg://…``.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _open_engine(url)
        self._for_reading = (
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session for queries only; nothing it changes is kept.

        On PostgreSQL each query stands for itself: to begin and to end a transaction would cost
        two more journeys, which is most of what a short look takes.
        """
        with Session(self._for_reading, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session whose changes are committed together at the end of the block.

        On SQLite the write lock is taken at once: a transaction that reads first and only then
        asks for the lock would fail instead of waiting when another writer came in between.
        """
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            if self.is_sqlite:
                session.execute(text("BEGIN IMMEDIATE"))
            yield session

    def check(self) -> None:
        """Ask the database something; raises whatever keeps it from answering."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def migrate(self) -> None:
        """Create the tables or bring them up to date; safe to call from many processes.

        Tables of a later release are left alone: releases only ever add to them, so this one
        can work with them while a fleet is upgraded.
        """
        version = self.version()
        if version is not None and version >= SCHEMA_VERSION:
            return
        # Its tale of every step is for developers of migrations, not for a newcomer's first start.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        # Alembic takes half a second to import, and a start without migrations can do without.
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", "lipwright.store:migrations")
        with self.engine.begin() as connection:
            if self.is_sqlite:
                connection.execute(text("BEGIN IMMEDIATE"))
            else:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            config.attributes["connection"] = connection
            # Asked again under the lock: another process may have been faster.
            version = _version(connection)
            if version is not None and version >= SCHEMA_VERSION:
                return
            if version is not None and not inspect(connection).has_table(VERSION_TABLE):
                command.stamp(config, version)
            command.upgrade(config, "head")

    def version(self) -> str | None:
        """Return the version of the tables, None where there are none."""
        with self.engine.connect() as connection:
            return _version(connection)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _version(connection: Connection) -> str | None:
    for table in (VERSION_TABLE, _FIRST_VERSION_TABLE):
        if inspect(connection).has_table(table):
            version = connection.execute(text(f"SELECT version_num FROM {table}")).scalar()
            if version is not None:
                return str(version)
    return None


def _use_write_ahead_log(connection: Any) -> None:
    """Switch a new file to WAL; the file remembers it.

    SQLite does not wait when another process is about to switch the same file, whatever its busy
    time-out says, so this waits itself.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)


def _open_engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=10, max_overflow=20, pool_pre_ping=True)
    file = make_url(url).database
    if file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=10, max_overflow=20)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        _use_write_ahead_log(connection)
        connection.execute("PRAGMA foreign_keys=ON")

    return engine
